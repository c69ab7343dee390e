import { mkdtemp, open, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { toHex, utf8 } from "../../../cluster/base/bytes.ts";
import { createPrng } from "../../../cluster/base/prng.ts";
import { KEPT_BATCHES } from "../../../cluster/kv/batch-rows.ts";
import { type LevelStore, openLevelStore } from "../../../cluster/kv/level-store.ts";
import { MemoryStore } from "../../../cluster/kv/memory-store.ts";
import { openSealedStore } from "../../../cluster/kv/sealed-store.ts";
import type { KvStore, Write } from "../../../cluster/kv/store.ts";
import { kvStoreSuite } from "../../conformance/kv-store-suite.ts";
import { SimDisk } from "../../sim/disk.ts";
import { NO_DISK_FAULTS } from "../../sim/disk-faults.ts";
import { Scheduler } from "../../sim/scheduler.ts";

const OPTIONS = { name: "the store under test", remedy: "get another one" };
const TRUSTING = { ...OPTIONS, trustRows: true };
const DURABLE = { durable: true };
const QUICK = { durable: false };

kvStoreSuite("SealedStore in memory", async () => {
  const stores: KvStore[] = [];
  return {
    persistent: false,
    async open() {
      const store = await openSealedStore(new MemoryStore(), OPTIONS);
      stores.push(store);
      return store;
    },
    async dispose() {
      for (const store of stores) await store.close();
    },
  };
});

kvStoreSuite("SealedStore on LevelDB", async () => {
  const root = await mkdtemp(join(tmpdir(), "kelp-sealed-"));
  const stores: KvStore[] = [];
  return {
    persistent: true,
    async open() {
      const store = await openSealedStore(await openLevelStore({ directory: root }), OPTIONS);
      stores.push(store);
      return store;
    },
    async dispose() {
      for (const store of stores) await store.close();
      await rm(root, { recursive: true });
    },
  };
});

kvStoreSuite("SealedStore on a simulated disk", async () => {
  const scheduler = new Scheduler();
  const disk = new SimDisk({
    scheduler,
    prng: createPrng(1),
    trace: { record: () => {} },
    faults: NO_DISK_FAULTS,
    name: "monitor.0",
  });
  let isDisposed = false;
  const turn = async (): Promise<void> => {
    while (!isDisposed) {
      await scheduler.run(() => isDisposed, Number.POSITIVE_INFINITY);
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  const turning = turn();
  return {
    persistent: true,
    open: async () => openSealedStore(await disk.open(), OPTIONS),
    dispose: () => {
      isDisposed = true;
      return turning;
    },
  };
});

describe("the rows that it keeps", () => {
  test("stand before all others, whose keys are as they were and in their order", async () => {
    const inner = new MemoryStore();
    const store = await openSealedStore(inner, OPTIONS);
    const keys = ["", "00", "0000", "000000", "0001", "00ff", "01", "7a", "ff"];
    await store.batch(
      keys.map((key) => ({ type: "put", key: Buffer.from(key, "hex"), value: utf8(key) })),
      QUICK,
    );
    const innerKeys = await keysOf(inner);
    expect(innerKeys.slice(-3)).toEqual(["01", "7a", "ff"]);
    expect(innerKeys).toHaveLength(1 + KEPT_BATCHES + keys.length);
    expect(await keysOf(store)).toEqual(keys);
  });

  test("stay as many, however many durable batches there were", async () => {
    const inner = new MemoryStore();
    const store = await openSealedStore(inner, OPTIONS);
    for (let number = 0; number < 3 * KEPT_BATCHES; number++) {
      await store.batch([put("a", String(number))], DURABLE);
    }
    expect(await keysOf(inner)).toHaveLength(1 + KEPT_BATCHES + 1);
  });

  test("do not count as part of any range's size", async () => {
    const inner = new MemoryStore();
    const store = await openSealedStore(inner, OPTIONS);
    expect(await inner.approximateSize(utf8(""), utf8("z"))).toBeGreaterThan(1000);
    expect(await store.approximateSize(utf8(""), utf8("z"))).toBe(0);
  });
});

describe("group commit", () => {
  test("durable batches at once share a sync and a row", async () => {
    await withLevel(async (level) => {
      const store = await openSealedStore(level, OPTIONS);
      const writers = Array.from({ length: 64 }, async (_, writer) => {
        for (let number = 0; number < 5; number++) {
          await store.batch([put(`${writer} ${number}`, "x")], DURABLE);
        }
      });
      await Promise.all(writers);
      expect(store.statistics.batches).toBe(320);
      expect(store.statistics.groups).toBeLessThanOrEqual(32);
      // The first sync made the store.
      expect(level.statistics.syncs).toBe(1 + store.statistics.syncs);
    });
  });

  test("what fails in the inner store fails here, for good", async () => {
    const inner = new MemoryStore();
    const store = await openSealedStore(inner, OPTIONS);
    await inner.close();
    for (let round = 0; round < 2; round++) {
      await expect(store.batch([put("a", "1")], DURABLE)).rejects.toMatchObject({
        code: "STORE_CLOSED",
      });
    }
  });
});

describe("damage", () => {
  test("a changed value is refused by every way of reading, by its printable key", async () => {
    const inner = new MemoryStore();
    const store = await openSealedStore(inner, OPTIONS);
    await store.batch([put("good", "1"), put('a "b"\n\x80', "2")], DURABLE);
    const [[key, sealed] = []] = await entriesOf(inner, { gte: utf8("a"), limit: 1 });
    if (key === undefined || sealed === undefined) throw new Error("the row is missing");
    sealed[0] = (sealed[0] as number) ^ 0x10;
    await inner.batch([{ type: "put", key, value: sealed }]);

    const refusal = {
      code: "STORE_CORRUPT",
      message:
        'the store under test: the row "a \\x22b\\x22\\x0a\\xc2\\x80" is damaged; get another one',
    };
    await expect(store.get(key)).rejects.toMatchObject(refusal);
    await expect(store.getMany([utf8("good"), key])).rejects.toMatchObject(refusal);
    await expect(entriesOf(store, {})).rejects.toMatchObject(refusal);
    await expect(entriesOf(store, { reverse: true })).rejects.toMatchObject(refusal);
    expect(await store.get(utf8("good"))).toEqual(utf8("1"));
    expect(await (await openSealedStore(inner, TRUSTING)).get(key)).toEqual(utf8('"'));
  });

  test("a long key is shown in part", async () => {
    const inner = new MemoryStore();
    const store = await openSealedStore(inner, OPTIONS);
    const key = utf8("k".repeat(100));
    await inner.batch([{ type: "put", key, value: utf8("not sealed at all") }]);
    await expect(store.get(key)).rejects.toMatchObject({
      message: expect.stringContaining(`"${"k".repeat(64)}"... (100 bytes)`),
    });
  });

  test("a store that was not made sealed is refused", async () => {
    const inner = new MemoryStore();
    await inner.batch([put("a", "1")]);
    await expect(openSealedStore(inner, OPTIONS)).rejects.toMatchObject({
      code: "STORE_CORRUPT",
      message: expect.stringContaining("the batch that made the store is missing"),
    });
  });

  test("a damaged row of its own is refused at open", async () => {
    const inner = new MemoryStore();
    await openSealedStore(inner, OPTIONS);
    const [[key] = []] = await entriesOf(inner, { reverse: true, limit: 1 });
    if (key === undefined) throw new Error("the newest batch row is missing");
    await inner.batch([{ type: "put", key, value: new Uint8Array(8) }]);
    await expect(openSealedStore(inner, OPTIONS)).rejects.toMatchObject({ code: "STORE_CORRUPT" });
    await openSealedStore(inner, TRUSTING);
  });
});

/**
 * LevelDB's log is made of 32 KiB blocks; a flipped bit makes it pass over the rest of the block,
 * and go on with the next.
 */
describe("a bit flipped in LevelDB's log", () => {
  const BLOCK_BYTES = 32 << 10;
  const BATCHES = 300;

  async function written(directory: string): Promise<void> {
    const store = await openSealedStore(await openLevelStore({ directory }), OPTIONS);
    for (let number = 0; number < BATCHES; number++) {
      await store.batch([put(`key ${number}`, "x".repeat(1000))], DURABLE);
    }
    await store.close();
  }

  async function flipInLog(directory: string, where: (size: number) => number): Promise<void> {
    const logs = (await readdir(directory)).filter((name) => name.endsWith(".log"));
    expect(logs).toHaveLength(1);
    const file = join(directory, logs[0] ?? "");
    const position = where((await stat(file)).size);
    const handle = await open(file, "r+");
    try {
      const byte = Buffer.alloc(1);
      await handle.read(byte, 0, 1, position);
      byte[0] = (byte[0] as number) ^ 0x40;
      await handle.write(byte, 0, 1, position);
    } finally {
      await handle.close();
    }
  }

  test.each<[where: string, (size: number) => number]>([
    ["its first block, which made the store", () => 100],
    ["its first block, behind that", () => 20_000],
    ["a block in the middle", () => 4 * BLOCK_BYTES + 5000],
    ["the last block but one", (size) => (Math.floor(size / BLOCK_BYTES) - 1) * BLOCK_BYTES + 50],
  ])("%s: the hole is found, and kept without the rule", async (_, where) => {
    await withDirectory(async (directory) => {
      await written(directory);
      await flipInLog(directory, where);
      const level = await openLevelStore({ directory });
      await expect(openSealedStore(level, OPTIONS)).rejects.toMatchObject({
        code: "STORE_CORRUPT",
        message: expect.stringMatching(/missing.*; get another one$/),
      });
      const trusting = await openSealedStore(level, TRUSTING);
      const left = await keysOf(trusting);
      expect(left).toContain(toHex(utf8(`key ${BATCHES - 1}`)));
      expect(left.length).toBeLessThan(BATCHES);
      await trusting.close();
    });
  });

  test("a log that ends early heals: what was there before its end is there", async () => {
    await withDirectory(async (directory) => {
      await written(directory);
      const [log = ""] = (await readdir(directory)).filter((name) => name.endsWith(".log"));
      const handle = await open(join(directory, log), "r+");
      await handle.truncate((await handle.stat()).size - 700);
      await handle.close();
      const store = await openSealedStore(await openLevelStore({ directory }), OPTIONS);
      expect(await keysOf(store)).toHaveLength(BATCHES - 1);
      await store.batch([put("more", "x")], DURABLE);
      await store.close();
      const again = await openSealedStore(await openLevelStore({ directory }), OPTIONS);
      expect(await again.get(utf8("more"))).toEqual(utf8("x"));
      await again.close();
    });
  });
});

async function withDirectory(act: (directory: string) => Promise<void>): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), "kelp-sealed-"));
  try {
    await act(directory);
  } finally {
    await rm(directory, { recursive: true });
  }
}

async function withLevel(act: (level: LevelStore) => Promise<void>): Promise<void> {
  await withDirectory(async (directory) => {
    const level = await openLevelStore({ directory });
    try {
      await act(level);
    } finally {
      await level.close();
    }
  });
}

function put(key: string, value: string): Write {
  return { type: "put", key: utf8(key), value: utf8(value) };
}

async function entriesOf(
  store: KvStore,
  options: Parameters<KvStore["iterate"]>[0],
): Promise<[Uint8Array, Uint8Array][]> {
  const entries: [Uint8Array, Uint8Array][] = [];
  for await (const [key, value] of store.iterate(options)) entries.push([key, value]);
  return entries;
}

async function keysOf(store: KvStore): Promise<string[]> {
  return (await entriesOf(store, {})).map(([key]) => toHex(key));
}
