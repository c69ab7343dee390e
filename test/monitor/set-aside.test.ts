import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openLevelStore } from "../../cluster/kv/level-store.ts";
import { setStoreAside } from "../../monitor/set-aside.ts";

let parent: string;
let directory: string;
beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), "kelp-set-aside-"));
  directory = join(parent, "kelp");
});
afterEach(() => rm(parent, { recursive: true }));

test("a store keeps all its files under another name", async () => {
  const store = await openLevelStore({ directory });
  const put = { type: "put", key: Uint8Array.of(1), value: Uint8Array.of(2) } as const;
  await store.batch([put], { durable: true });
  await store.close();
  const aside = await setStoreAside(`${directory}/`);
  expect(aside).toBe(`${directory}.set-aside-1`);
  expect(await readdir(parent)).toEqual(["kelp.set-aside-1"]);
  const again = await openLevelStore({ directory: `${directory}.set-aside-1` });
  expect([...((await again.get(Uint8Array.of(1))) ?? [])]).toEqual([2]);
  await again.close();
});

test("one that was set aside before stays", async () => {
  await mkdir(`${directory}.set-aside-1`);
  await mkdir(directory);
  expect(await setStoreAside(directory)).toBe(`${directory}.set-aside-2`);
});

test("where there is none, nothing happens", async () => {
  expect(await setStoreAside(directory)).toBeUndefined();
  expect(await readdir(parent)).toEqual([]);
});

test("one that a process uses stays where it is", async () => {
  const store = await openLevelStore({ directory });
  await expect(setStoreAside(directory)).rejects.toMatchObject({ code: "STORE_LOCKED" });
  await store.close();
  expect(await readdir(parent)).toEqual(["kelp"]);
});

test("one that cannot be opened any more can be set aside", async () => {
  await mkdir(directory);
  await writeFile(join(directory, "CURRENT"), "nonsense");
  const aside = await setStoreAside(directory);
  expect(await readFile(join(aside ?? "", "CURRENT"), "utf8")).toBe("nonsense");
});
