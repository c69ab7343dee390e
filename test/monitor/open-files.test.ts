import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { connectionsWithin, OPEN_FILES_KEPT, readOpenFilesMax } from "../../monitor/open-files.ts";

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "kelp-open-files-"));
});
afterEach(() => rm(directory, { recursive: true }));

const HEAD = "Limit                     Soft Limit           Hard Limit           Units     \n";
const BEFORE = "Max processes             31                   31                   processes \n";

test.each([
  ["1024                 4096                 files     \n", 1024],
  ["unlimited            unlimited            files     \n", undefined],
] as const)("the soft limit counts: %s", async (limits, expected) => {
  const path = join(directory, "limits");
  await writeFile(path, `${HEAD}${BEFORE}Max open files            ${limits}`);
  expect(await readOpenFilesMax(path)).toBe(expected);
});

test("where nobody tells there is no limit", async () => {
  expect(await readOpenFilesMax(join(directory, "none"))).toBeUndefined();
});

test.each([
  [undefined, 20_000, 20_000],
  [1_048_576, 20_000, 20_000],
  [10_000, 20_000, 10_000 - OPEN_FILES_KEPT],
  [10_000, 100, 100],
  [1_024, 20_000, 512],
  [1_024, 60, 60],
])("of %s files and %i connections %i are left to clients", (openFilesMax, wanted, expected) => {
  expect(connectionsWithin(openFilesMax, wanted)).toBe(expected);
});
