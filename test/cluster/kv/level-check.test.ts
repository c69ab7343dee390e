import { rm, writeFile } from "node:fs/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import { present } from "../../../cluster/base/assert.ts";
import { checkFiles } from "../../../cluster/kv/level-check.ts";
import { openLevelStore } from "../../../cluster/kv/level-store.ts";
import { LevelFiles } from "./level-files.ts";

let files: LevelFiles;
beforeEach(async () => {
  files = await LevelFiles.make(200);
});
afterEach(() => files.remove());

async function damageTable(): Promise<string> {
  const name = present((await files.tables())[0], "a table");
  const table = await files.read(name);
  const at = table.byteLength - 60; // In the index, where LevelDB notices nothing.
  table[at] = (table[at] ?? 0) ^ 1;
  await writeFile(files.path(name), table);
  return name;
}

test("a store as LevelDB left it passes", async () => {
  await expect(checkFiles(files.directory)).resolves.toBeUndefined();
});

test("a damaged table is named", async () => {
  const name = await damageTable();
  await expect(checkFiles(files.directory)).rejects.toMatchObject({
    code: "STORE_CORRUPT",
    message: expect.stringContaining(`the table ${name} is damaged`),
  });
});

test("opening with verification refuses a damaged table before LevelDB sees it", async () => {
  await damageTable();
  const { directory } = files;
  await expect(openLevelStore({ directory, verifyFiles: true })).rejects.toMatchObject({
    code: "STORE_CORRUPT",
  });
});

test("a table that a crash left half written is none of the store's", async () => {
  await writeFile(files.path("000999.ldb"), "half");
  await expect(checkFiles(files.directory)).resolves.toBeUndefined();
});

test("what is missing is LevelDB's to say", async () => {
  await rm(files.path(present((await files.tables())[0], "a table")));
  await expect(checkFiles(files.directory)).resolves.toBeUndefined();
  await rm(files.path("CURRENT"));
  await expect(checkFiles(files.directory)).resolves.toBeUndefined();
});
