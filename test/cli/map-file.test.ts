import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { buildMap } from "../../bench/placement/topology.ts";
import { CommandError } from "../../cli/failure.ts";
import { fileFailure, readMapFile } from "../../cli/map-file.ts";
import { encodeBinary } from "../../crush/binary.ts";
import { printText } from "../../crush/text-printer.ts";

const MAP = buildMap({ racks: 1, hosts: 2, osds: 2, weights: "equal", domain: "host", seed: 1 });

describe("a map file", () => {
  let directory = "";
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), "kelp-map-"));
  });
  afterAll(() => rmSync(directory, { recursive: true }));

  function fileWith(content: string | Uint8Array): string {
    const file = join(directory, "map");
    writeFileSync(file, content);
    return file;
  }

  test.each([
    ["text", printText(MAP)],
    ["binary", encodeBinary(MAP)],
  ])("is read as %s", (_, content) => {
    expect(printText(readMapFile(fileWith(content)))).toBe(printText(MAP));
  });

  test.each([
    ["no text", "device zero", "line 1"],
    ["a binary map cut short", encodeBinary(MAP).subarray(0, 100), "at byte"],
  ])("that is %s is named with the place", (_, content, place) => {
    const file = fileWith(content);
    expect(() => readMapFile(file)).toThrow(CommandError);
    expect(() => readMapFile(file)).toThrow(`${file}: ${place}`);
  });

  test("that is not there is named", () => {
    expect(() => readMapFile(join(directory, "none"))).toThrow(CommandError);
    expect(() => readMapFile(directory)).toThrow(`${directory}: EISDIR`);
  });

  test("does not turn a bug into a failure of the file", () => {
    const bug = new TypeError("no function");
    expect(fileFailure("map", bug)).toBe(bug);
  });
});
