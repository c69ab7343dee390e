import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { tableFlaw } from "../../../cluster/kv/level-table.ts";
import { LevelFiles } from "./level-files.ts";

describe.each([true, false])("a table of LevelDB, compressed: %s", (compression) => {
  let files: LevelFiles;
  let table: Uint8Array;
  beforeAll(async () => {
    files = await LevelFiles.make(500, { compression });
    table = await files.largestTable();
  });
  afterAll(() => files.remove());

  test("has no flaw as LevelDB wrote it", async () => {
    for (const name of await files.tables()) {
      expect(tableFlaw(await files.read(name)), name).toBeUndefined();
    }
  });

  test("has one whichever byte is flipped", () => {
    const unnoticed: number[] = [];
    for (let at = 0; at < table.byteLength; at++) {
      table[at] = (table[at] ?? 0) ^ (1 << (at % 8));
      if (tableFlaw(table) === undefined) unnoticed.push(at);
      table[at] = (table[at] ?? 0) ^ (1 << (at % 8));
    }
    expect(unnoticed).toEqual([]);
  });

  test("has one wherever it ends early, or if something stands behind it", () => {
    for (let size = 0; size < table.byteLength; size += 13) {
      expect(tableFlaw(table.subarray(0, size))).toBeDefined();
    }
    expect(tableFlaw(Buffer.concat([table, Buffer.of(0)]))).toBeDefined();
  });
});
