import { mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createDirectory, syncDirectory } from "../../../cluster/kv/durable-directory.ts";

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

  test("a file in the way is an error, and so is syncing what is not there", async () => {
    await writeFile(join(root, "file"), "");
    await expect(createDirectory(join(root, "file"))).rejects.toMatchObject({ code: "EEXIST" });
    await expect(createDirectory(join(root, "file/x"))).rejects.toMatchObject({ code: "ENOTDIR" });
    await expect(syncDirectory(join(root, "none"))).rejects.toMatchObject({ code: "ENOENT" });
  });
});
