import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Writable } from "node:stream";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { pageOut } from "../../cli/pager.ts";

class Collected extends Writable {
  text = "";

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString();
    done();
  }
}

async function* lines(count: number): AsyncGenerator<string> {
  for (let index = 0; index < count; index++) yield `line ${index}\n`;
}

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "kelp-pager-"));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

describe("output", () => {
  test.each([
    [false, { PAGER: "false" }],
    [true, { PAGER: "" }],
    [true, { PAGER: "cat" }],
  ])("on a terminal: %s, with %j, goes as it is", async (isTerminal, env) => {
    const output = new Collected();
    await pageOut(lines(3), { isTerminal, env, output });
    expect(output.text).toBe("line 0\nline 1\nline 2\n");
  });

  test("on a terminal goes through the reader's pager, which is waited for", async () => {
    const output = new Collected();
    const file = join(folder, "paged");
    const env = { ...process.env, PAGER: `cat > '${file}'` };
    await pageOut(lines(3), { isTerminal: true, env, output });
    expect(readFileSync(file, "utf8")).toBe("line 0\nline 1\nline 2\n");
    expect(output.text).toBe("");
  });

  test("on a terminal of a machine without a pager goes as it is", async () => {
    const output = new Collected();
    await pageOut(lines(1), { isTerminal: true, env: { PATH: folder }, output });
    expect(output.text).toBe("line 0\n");
  });

  test("ends when the reader leaves the pager, however much there is", async () => {
    const env = { ...process.env, PAGER: "head -1 >/dev/null" };
    await pageOut(lines(10_000_000), { isTerminal: true, env, output: new Collected() });
  });
});
