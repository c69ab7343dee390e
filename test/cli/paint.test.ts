import { expect, test } from "vitest";
import { paintFor, plain } from "../../cli/paint.ts";

test.each([
  ["a terminal", { isTTY: true }, {}, "\x1b[31mx\x1b[0m"],
  ["a pipe", {}, {}, "x"],
  ["a terminal with NO_COLOR", { isTTY: true }, { NO_COLOR: "1" }, "x"],
  ["a terminal with an empty NO_COLOR", { isTTY: true }, { NO_COLOR: "" }, "\x1b[31mx\x1b[0m"],
  ["a dumb terminal", { isTTY: true }, { TERM: "dumb" }, "x"],
])("on %s", (_, screen, env, shown) => {
  expect(paintFor(screen, env)("bad", "x")).toBe(shown);
});

test("plain is the text as it is", () => {
  expect(plain("good", "x")).toBe("x");
});
