import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdir, mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { Level } from "level";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { utf8 } from "../../../cluster/base/bytes.ts";
import { GROUP_BYTES_MAX } from "../../../cluster/kv/group-commit.ts";
import {
  type LevelStore,
  type LevelStoreOptions,
  openLevelStore,
  reserveBytesMin,
} from "../../../cluster/kv/level-store.ts";
import { type KvStore, type Write, writeSize } from "../../../cluster/kv/store.ts";
import { kvStoreSuite } from "../../conformance/kv-store-suite.ts";

const run = promisify(execFile);
const DURABLE = { durable: true };
const QUICK = { durable: false };
const ENTRY_BYTES = 20_000;
/** Buffers that a few entries fill, so that flushes and compactions happen. */
const SMALL: Omit<LevelStoreOptions, "directory"> = {
  writeBufferBytes: 64 << 10,
  cacheBytes: 64 << 10,
  compression: false,
};
const RESERVE_BYTES = reserveBytesMin(SMALL.writeBufferBytes);
/** What the store itself gets of a disk: several levels' worth of its small buffers. */
const STORE_BYTES = 16 << 20;
/** A start holds a reserve only if as much again is free, whatever the store takes by then. */
const DISK_BYTES = 2 * (RESERVE_BYTES + STORE_BYTES);

describe.each<[string, Omit<LevelStoreOptions, "directory">]>([
  ["as it comes", {}],
  ["with small buffers", SMALL],
])("LevelStore %s", (_, options) => {
  kvStoreSuite("keeps the contract", async () => {
    const root = await mkdtemp(join(tmpdir(), "kelp-level-"));
    const stores: LevelStore[] = [];
    return {
      persistent: true,
      async open() {
        const store = await openLevelStore({ directory: join(root, "a", "store"), ...options });
        stores.push(store);
        return store;
      },
      async dispose() {
        for (const store of stores) await store.close();
        await rm(root, { recursive: true });
      },
    };
  });
});

describe("group commit on LevelDB", () => {
  const directory = useDirectory();

  test("many durable batches at once share few writes", async () => {
    const store = await openLevelStore({ directory: directory() });
    const writers = Array.from({ length: 64 }, async (_, writer) => {
      for (let number = 0; number < 5; number++) {
        await store.batch([put(`${writer} ${number}`, "x")], DURABLE);
      }
    });
    await Promise.all(writers);
    expect(store.statistics.batches).toBe(320);
    expect(store.statistics.groups).toBeLessThanOrEqual(32);
    expect(store.statistics.syncs).toBe(store.statistics.groups);
    await store.close();
  });

  test("LevelDB is told to sync for a durable batch and only then", async () => {
    const store = await openLevelStore({ directory: directory() });
    const told: (boolean | undefined)[] = [];
    // What `level` hands to its binding: an option that is inherited must still be there.
    const binding = Level.prototype as unknown as { _batch: NativeBatch };
    const original = binding._batch;
    const spy = vi.spyOn(binding, "_batch").mockImplementation(function (
      this: unknown,
      operations,
      options,
    ) {
      told.push(options.sync);
      return original.call(this, operations, options);
    });
    try {
      await store.batch([put("a", "1")], QUICK);
      await store.batch([put("a", "2")], DURABLE);
      await Promise.all([
        store.batch([put("a", "3")], DURABLE),
        store.batch([put("a", "4")], QUICK),
      ]);
      await store.batch([put("a", "5")], QUICK);
      expect(told).toEqual([false, true, true, false]);
    } finally {
      spy.mockRestore();
      await store.close();
    }
  });
});

type NativeBatch = (operations: unknown, options: { sync?: boolean }) => Promise<void>;

describe("opening LevelDB", () => {
  const directory = useDirectory();

  test("a directory in use is STORE_LOCKED and named", async () => {
    const store = await openLevelStore({ directory: directory() });
    const second = openLevelStore({ directory: directory() });
    await expect(second).rejects.toMatchObject({
      code: "STORE_LOCKED",
      message: expect.stringContaining(directory()),
      cause: expect.any(Error),
    });
    await store.batch([put("a", "1")], DURABLE);
    await store.close();
  });

  test("a damaged manifest is STORE_CORRUPT", async () => {
    await fillAndClose(directory());
    const manifest = await fileNamed(directory(), /^MANIFEST/);
    await writeFile(manifest, "no manifest at all");
    await expect(openLevelStore({ directory: directory() })).rejects.toMatchObject({
      code: "STORE_CORRUPT",
      message: expect.stringContaining(directory()),
    });
  });

  test("a missing table is STORE_CORRUPT", async () => {
    await fillAndClose(directory());
    await rm(await fileNamed(directory(), /\.ldb$/));
    await expect(openLevelStore({ directory: directory() })).rejects.toMatchObject({
      code: "STORE_CORRUPT",
    });
  });

  test("a damaged table is STORE_CORRUPT to a read, and to a scan at its end", async () => {
    await fillAndClose(directory());
    for (const name of await readdir(directory())) {
      const file = join(directory(), name);
      if (name.endsWith(".ldb")) await writeFile(file, randomBytes((await stat(file)).size));
    }
    const store = await openLevelStore({ directory: directory() });
    await expect(store.get(utf8("1"))).rejects.toMatchObject({ code: "STORE_CORRUPT" });
    await expect(store.getMany([utf8("1")])).rejects.toMatchObject({ code: "STORE_CORRUPT" });
    for (const reverse of [false, true]) {
      const scanned = async () => {
        for await (const [key] of store.iterate({ reverse }))
          expect(key.byteLength).toBeGreaterThan(0);
      };
      await expect(scanned()).rejects.toMatchObject({ code: "STORE_CORRUPT" });
    }
    await store.close();
  });

  test.each<[number, number | undefined]>([
    [reserveBytesMin() - 1, undefined],
    [reserveBytesMin(), 5 << 20],
    [1, 1 << 20],
    [-1, 1 << 20],
  ])("a reserve of %i bytes beside a write buffer of %s is refused", async (reserve, buffer) => {
    const options = { directory: join(directory(), "new"), reserveBytes: reserve };
    const opened = openLevelStore(
      buffer === undefined ? options : { ...options, writeBufferBytes: buffer },
    );
    await expect(opened).rejects.toMatchObject({
      code: "CONFIG_INVALID",
      message: expect.stringContaining(`at least ${reserveBytesMin(buffer)}`),
    });
    expect(await readdir(directory())).toEqual([]);
  });

  test("a file in the way is STORE_FAILED", async () => {
    await writeFile(join(directory(), "file"), "");
    const opened = openLevelStore({ directory: join(directory(), "file") });
    await expect(opened).rejects.toMatchObject({
      code: "STORE_FAILED",
      message: expect.stringContaining("EEXIST"),
    });
  });
});

describe("a full disk", () => {
  test("fails the store for good, and the reserve lets the next start delete", async (context) => {
    const disk = await mountSmallDisk(DISK_BYTES);
    if (disk === undefined) return context.skip("needs the right to mount a tmpfs");
    try {
      const options = { ...SMALL, directory: join(disk, "store"), reserveBytes: RESERVE_BYTES };
      const full = await openLevelStore(options);
      expect(full.reserveHeld).toBe(true);
      const filler = join(disk, "filler");
      await writeFile(filler, new Uint8Array(DISK_BYTES - RESERVE_BYTES - STORE_BYTES));
      const written = await writeUntilRefused(full);
      await expect(full.batch([put("a", "1")], QUICK)).rejects.toMatchObject({
        code: "STORE_FULL",
        message: expect.stringContaining(disk),
        cause: expect.any(Error),
      });
      expect(await full.get(utf8("0"))).toHaveLength(ENTRY_BYTES);
      await full.close();
      expect(await readdir(options.directory)).toContain("reserve.spent");
      await fillUp(disk);

      const again = await openLevelStore(options);
      expect(again.reserveHeld).toBe(false);
      for (let number = 0; number < written; number++) {
        expect(await again.get(utf8(String(number)))).toHaveLength(ENTRY_BYTES);
        await again.batch([{ type: "delete", key: utf8(String(number)) }], DURABLE);
      }
      await again.close();

      await rm(filler);
      const healthy = await openLevelStore(options);
      expect(healthy.reserveHeld).toBe(true);
      await healthy.close();
    } finally {
      await unmount(disk);
    }
  });

  test("leaves the next start room for a compaction of the whole store", async (context) => {
    const disk = await mountSmallDisk(DISK_BYTES);
    if (disk === undefined) return context.skip("needs the right to mount a tmpfs");
    try {
      const options = { ...SMALL, directory: join(disk, "store"), reserveBytes: RESERVE_BYTES };
      // Every open makes a table of level 0 out of the log before: the fifth finds four of them,
      // over the same keys, and compacts them all at once.
      for (let round = 0; round < 3; round++) {
        const store = await openLevelStore(options);
        await store.batch(groupOf(round), QUICK);
        await store.close();
      }
      const full = await openLevelStore(options);
      await full.batch(groupOf(3), DURABLE);
      expect(full.reserveHeld).toBe(true);
      await fillUp(disk);
      await expect(full.batch(groupOf(4), DURABLE)).rejects.toMatchObject({ code: "STORE_FULL" });
      await full.close();

      const again = await openLevelStore(options);
      for (const { key } of [0, 1, 2, 3].flatMap(groupOf)) {
        expect(await again.get(key)).toHaveLength(ENTRY_BYTES);
        await again.batch([{ type: "delete", key }], DURABLE);
      }
      await again.close();
    } finally {
      await unmount(disk);
    }
  });

  test("is STORE_FULL at open, and gone where there is a reserve", async (context) => {
    const disk = await mountSmallDisk(DISK_BYTES);
    if (disk === undefined) return context.skip("needs the right to mount a tmpfs");
    try {
      const options = { ...SMALL, directory: join(disk, "store") };
      const reserved = { ...options, reserveBytes: RESERVE_BYTES };
      const store = await openLevelStore(reserved);
      await store.batch([put("a", "1")], DURABLE);
      await store.close();
      await fillUp(disk);
      await expect(openLevelStore(options)).rejects.toMatchObject({ code: "STORE_FULL" });
      const rescued = await openLevelStore(reserved);
      expect(rescued.reserveHeld).toBe(false);
      await rescued.batch([{ type: "delete", key: utf8("a") }], DURABLE);
      await rescued.close();
    } finally {
      await unmount(disk);
    }
  });
});

/** As much as a group takes, spread over all keys; none of it is in another round's. */
function groupOf(round: number): Write[] {
  const writes: Write[] = [];
  for (let number = 0, bytes = 0; ; number++) {
    const write: Write = {
      type: "put",
      key: utf8(`${number} ${round}`),
      value: new Uint8Array(ENTRY_BYTES),
    };
    bytes += writeSize(write);
    if (bytes > GROUP_BYTES_MAX) return writes;
    writes.push(write);
  }
}

async function writeUntilRefused(store: KvStore): Promise<number> {
  for (let number = 0; number < 2 * (STORE_BYTES / ENTRY_BYTES); number++) {
    const write: Write = {
      type: "put",
      key: utf8(String(number)),
      value: randomBytes(ENTRY_BYTES),
    };
    try {
      await store.batch([write], DURABLE);
    } catch (error) {
      expect(error).toMatchObject({ code: "STORE_FULL" });
      return number;
    }
  }
  throw new Error("the disk did not fill up");
}

/** Takes what room is left, as a neighbour's log would. */
async function fillUp(disk: string): Promise<void> {
  const filled = writeFile(join(disk, "neighbour"), new Uint8Array(DISK_BYTES));
  await expect(filled).rejects.toMatchObject({ code: "ENOSPC" });
}

async function mountSmallDisk(sizeBytes: number): Promise<string | undefined> {
  const directory = await mkdtemp(join(tmpdir(), "kelp-small-disk-"));
  try {
    await run("mount", ["-t", "tmpfs", "-o", `size=${sizeBytes}`, "tmpfs", directory]);
    return directory;
  } catch {
    await rm(directory, { recursive: true });
    return undefined;
  }
}

async function unmount(directory: string): Promise<void> {
  await run("umount", ["-l", directory]);
  await rm(directory, { recursive: true });
}

/** A fresh directory for each test of the block. */
function useDirectory(): () => string {
  let root = "";
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), "kelp-level-"));
    await mkdir(join(root, "store"));
  });
  afterEach(() => rm(root, { recursive: true }));
  return () => join(root, "store");
}

/** Enough for tables, not only a log. */
async function fillAndClose(directory: string): Promise<void> {
  const store = await openLevelStore({ directory, writeBufferBytes: 64 << 10 });
  for (let number = 0; number < 40; number++) {
    const value = randomBytes(10_000);
    await store.batch([{ type: "put", key: utf8(String(number)), value }], QUICK);
  }
  await store.close();
}

async function fileNamed(directory: string, pattern: RegExp): Promise<string> {
  const name = (await readdir(directory)).find((each) => pattern.test(each));
  expect(name, `a file like ${pattern}`).toBeDefined();
  return join(directory, name ?? "");
}

function put(key: string, value: string): Write {
  return { type: "put", key: utf8(key), value: utf8(value) };
}
