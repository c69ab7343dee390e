import { chmod, mkdir, mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createDirectory, syncDirectory } from "../../../cluster/kv/durable-directory.ts";
import { inodeOf, recordSyncs } from "./recorded-syncs.ts";

describe("durable directories", () => {
  let root = "";
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), "kelp-directory-"));
  });
  afterEach(() => rm(root, { recursive: true }));

  test.each([["one"], ["one/two/three"], ["one/../two/"], ["."]])("%s is created", async (path) => {
    const directory = `${root}/${path}`;
    await createDirectory(directory);
    await createDirectory(directory);
    expect((await stat(resolve(directory))).isDirectory()).toBe(true);
    await syncDirectory(resolve(directory));
  });

  test.each<[string, string[], string[]]>([
    ["nothing", [], ["..", ".", "a", "a/b"]],
    ["a part, whose last name a crash may have left unsynced,", ["a"], [".", "a", "a/b"]],
    ["all", ["a", "a/b", "a/b/c"], ["a/b"]],
  ])(
    "where %s is there, the parents that can lack a name are synced, from the top",
    async (...row) => {
      const [, present, synced] = row;
      for (const each of present) await mkdir(join(root, each));
      const record = await recordSyncs();
      try {
        await createDirectory(join(root, "a/b/c"));
      } finally {
        record.stop();
      }
      const expected = await Promise.all(synced.map((each) => inodeOf(join(root, each))));
      expect(record.syncs.map(({ inode }) => inode)).toEqual(expected);
    },
  );

  test("a directory in a parent that may not be read is taken as it is", async (context) => {
    if (process.getuid?.() === 0) return context.skip("root may read everything");
    const directory = join(root, "parent/child");
    await createDirectory(directory);
    await chmod(dirname(directory), 0o300);
    try {
      await createDirectory(directory);
      await expect(createDirectory(join(root, "parent/new"))).rejects.toMatchObject({
        code: "EACCES",
      });
    } finally {
      await chmod(dirname(directory), 0o700);
    }
  });

  test("a file in the way is an error, and so is syncing what is not there", async () => {
    await writeFile(join(root, "file"), "");
    await expect(createDirectory(join(root, "file"))).rejects.toMatchObject({ code: "EEXIST" });
    await expect(createDirectory(join(root, "file/x"))).rejects.toMatchObject({ code: "ENOTDIR" });
    await expect(syncDirectory(join(root, "none"))).rejects.toMatchObject({ code: "ENOENT" });
  });
});
