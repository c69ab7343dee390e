import { afterAll, beforeAll, expect, test } from "vitest";
import { liveTables } from "../../../cluster/kv/level-manifest.ts";
import { LevelFiles } from "./level-files.ts";
import { logPart } from "./log-form.ts";

let files: LevelFiles;
let manifest: Uint8Array;
beforeAll(async () => {
  files = await LevelFiles.make(100);
  manifest = await files.manifest();
});
afterAll(() => files.remove());

test("the live tables are those that LevelDB keeps", async () => {
  const kept = (await files.tables()).map((name) => Number.parseInt(name, 10));
  expect(kept.length).toBeGreaterThan(1);
  expect([...(liveTables(manifest) ?? [])].sort()).toEqual(kept.sort());
});

test("a record that a crash cut is none", () => {
  const cut = manifest.subarray(0, manifest.byteLength - 3);
  expect(liveTables(cut)).toBeDefined();
});

test("nothing is said of a manifest that is damaged before its end", () => {
  const flipped = Uint8Array.from(manifest);
  flipped[10] = (flipped[10] ?? 0) ^ 0x40;
  expect(liveTables(flipped)).toBeUndefined();
});

test("records that are cut at the end of a block are put together", () => {
  // A block of LevelDB's log is 32 KiB; the comparator's name fills the first and reaches into the second.
  const record = Buffer.concat([
    Buffer.of(1, 0x90, 0x80, 0x02),
    Buffer.alloc(32_784, "x"),
    Buffer.of(7, 0, 5, 1, 0, 0),
  ]);
  const first = (32 << 10) - 7;
  const log = Buffer.concat([
    logPart("first", record.subarray(0, first)),
    logPart("last", record.subarray(first)),
  ]);
  expect(liveTables(log)).toEqual(new Set([5]));
});
