import { afterEach, expect, test, vi } from "vitest";
import { jsonText, print, printJson, screen } from "../../cli/output.ts";

let out = "";
function listen(): void {
  out = "";
  vi.spyOn(process.stdout, "write").mockImplementation((chunk) => {
    out += chunk;
    return true;
  });
}
afterEach(() => vi.restoreAllMocks());

test("JSON is one line, with 64-bit numbers as texts", async () => {
  expect(jsonText({ a: 2n ** 60n, b: undefined, c: ["x\n"] })).toBe(
    '{"a":"1152921504606846976","c":["x\\n"]}\n',
  );
  listen();
  await printJson([1]);
  expect(out).toBe("[1]\n");
});

test("either JSON or lines are made, and never both", async () => {
  listen();
  const never = (): never => {
    throw new Error("nobody wants it");
  };
  await print({ json: true }, { value: () => 1, lines: never });
  await print({}, { value: never, lines: () => ["a\n", "b\n"] });
  expect(out).toBe("1\na\nb\n");
});

test("a long output comes in order", async () => {
  listen();
  const lines = Array.from({ length: 1_234 }, (_, at) => `${at}\n`);
  await print({}, { value: () => 0, lines: () => lines });
  expect(out).toBe(lines.join(""));
});

test("a pipe has no colours and no width", () => {
  const { widthMax, paint } = screen();
  expect(widthMax).toBeUndefined();
  expect(paint("bad", "x")).toBe("x");
});
