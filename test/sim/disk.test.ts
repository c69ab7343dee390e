import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { AssertionError } from "../../cluster/base/assert.ts";
import { textOf, utf8 } from "../../cluster/base/bytes.ts";
import { isClusterError } from "../../cluster/base/error.ts";
import { createPrng } from "../../cluster/base/prng.ts";
import type { KvStore, Write } from "../../cluster/kv/store.ts";
import { kvStoreSuite } from "../conformance/kv-store-suite.ts";
import { SimDisk } from "./disk.ts";
import { type DiskFaults, NO_DISK_FAULTS } from "./disk-faults.ts";
import { Scheduler } from "./scheduler.ts";

const DURABLE = { durable: true };
const QUICK = { durable: false };
/** Enough of each fate, at three fates per batch, that none is missing by bad luck. */
const SEEDS = Array.from({ length: 60 }, (_, index) => index + 1);

class Bench {
  readonly scheduler = new Scheduler();
  readonly records: string[] = [];
  readonly disk: SimDisk;

  constructor(faults: Partial<DiskFaults> = {}, seed = 1) {
    this.disk = new SimDisk({
      scheduler: this.scheduler,
      prng: createPrng(seed),
      trace: { record: (...line) => this.records.push(line.join(" ")) },
      faults: { ...NO_DISK_FAULTS, ...faults },
      name: "osd.0",
    });
  }

  /** What a promise comes to, with virtual time running until it does. */
  async settle<T>(promise: Promise<T>): Promise<T> {
    let isSettled = false;
    const settled = (): void => {
      isSettled = true;
    };
    promise.then(settled, settled);
    await this.scheduler.run(() => isSettled, Number.POSITIVE_INFINITY);
    if (!isSettled) throw new Error("nothing is planned that could settle this");
    return promise;
  }

  open(): Promise<KvStore> {
    return this.settle(this.disk.open());
  }

  /** The code of a rejection, or "done". */
  async outcome(promise: Promise<unknown>): Promise<string> {
    try {
      await this.settle(promise);
      return "done";
    } catch (error) {
      if (isClusterError(error)) return error.code;
      throw error;
    }
  }

  async contents(store: KvStore): Promise<Record<string, string>> {
    const found: Record<string, string> = {};
    const collect = async (): Promise<void> => {
      for await (const [key, value] of store.iterate({})) found[textOf(key)] = textOf(value);
    };
    await this.settle(collect());
    return found;
  }
}

function put(key: string, value: string): Write {
  return { type: "put", key: utf8(key), value: utf8(value) };
}

kvStoreSuite("simulated disk", async () => {
  const { disk, scheduler } = new Bench();
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
    open: () => disk.open(),
    dispose: () => {
      isDisposed = true;
      return turning;
    },
  };
});

describe("a disk that is replaced", () => {
  test("has nothing of what was durable, in its log or behind a checkpoint", async () => {
    const bench = new Bench();
    const store = await bench.open();
    for (let batch = 0; batch < 600; batch++) {
      await bench.settle(store.batch([put(`key ${batch}`, "1")], DURABLE));
    }
    expect(() => bench.disk.wipe()).toThrow(AssertionError);
    bench.disk.crash();
    bench.disk.wipe();
    const reopened = await bench.open();
    expect(await bench.contents(reopened)).toEqual({});
    await bench.settle(reopened.batch([put("new", "2")], DURABLE));
    bench.disk.crash();
    expect(await bench.contents(await bench.open())).toEqual({ new: "2" });
  });
});

describe("crashes", () => {
  test("a durable batch that was answered survives, whatever becomes of those around it", async () => {
    const survivors = new Set<string>();
    for (const seed of SEEDS) {
      const bench = new Bench({}, seed);
      const store = await bench.open();
      void store.batch([put("before", "1")], QUICK);
      await bench.settle(store.batch([put("durable", "2")], DURABLE));
      await bench.settle(store.batch([put("after", "3")], QUICK));
      bench.disk.crash();
      const found = await bench.contents(await bench.open());
      expect(found).toMatchObject({ durable: "2" });
      survivors.add(Object.keys(found).join(" "));
    }
    expect([...survivors].toSorted()).toEqual([
      "after before durable",
      "after durable",
      "before durable",
      "durable",
    ]);
  });

  test("a batch in flight is there as a whole or not at all, however large", async () => {
    const counts = new Set<number>();
    for (const seed of SEEDS) {
      const bench = new Bench({}, seed);
      const store = await bench.open();
      const writes = Array.from({ length: 100 }, (_, index) => put(`${index}`, "x".repeat(50)));
      void store.batch(writes, DURABLE);
      bench.disk.crash();
      counts.add(Object.keys(await bench.contents(await bench.open())).length);
    }
    expect([...counts].toSorted()).toEqual([0, 100]);
  });

  test("records are kept, lost and torn", async () => {
    const fates = new Set<string>();
    for (const seed of SEEDS) {
      const bench = new Bench({}, seed);
      const store = await bench.open();
      await bench.settle(store.batch([put("a", "1")], QUICK));
      bench.disk.crash();
      await bench.open();
      fates.add(
        bench.records
          .slice(-2)
          .join(" / ")
          .replaceAll(/\d+\.\d+ /g, ""),
      );
    }
    expect([...fates].toSorted()).toEqual([
      "osd.0 fault unsynced batches: kept / osd.0 open 1 keys, 0 damaged records skipped",
      "osd.0 fault unsynced batches: lost / osd.0 open 0 keys, 0 damaged records skipped",
      "osd.0 fault unsynced batches: torn / osd.0 open 0 keys, 1 damaged records skipped",
    ]);
  });

  test("what a handle was asked before a crash, or is asked after it, never settles", async () => {
    const bench = new Bench();
    const store = await bench.open();
    const asked = (): Promise<unknown>[] => [
      store.get(utf8("a")),
      store.getMany([utf8("a")]),
      store.iterate({}).next(),
      store.batch([put("a", "1")], DURABLE),
      store.approximateSize(utf8("a"), utf8("b")),
      store.close(),
    ];
    let settledCount = 0;
    const count = (): void => {
      settledCount += 1;
    };
    await bench.settle(store.batch([put("x", "1")], DURABLE));
    const before = asked();
    bench.disk.crash();
    for (const promise of [...before, ...asked()]) promise.then(count, count);
    await bench.contents(await bench.open());
    await bench.scheduler.run(() => false, Number.POSITIVE_INFINITY);
    expect(settledCount).toBe(0);
  });

  test("an opening that a crash overtakes never settles, and the disk can be opened again", async () => {
    const bench = new Bench();
    let hasOpened = false;
    void bench.disk.open().then(() => {
      hasOpened = true;
    });
    bench.disk.crash();
    const store = await bench.open();
    await bench.settle(store.batch([put("a", "1")], DURABLE));
    expect(hasOpened).toBe(false);
  });

  test("one store at a time", async () => {
    const bench = new Bench();
    const opening = bench.disk.open();
    expect(await bench.outcome(bench.disk.open())).toBe("STORE_LOCKED");
    const store = await bench.settle(opening);
    expect(await bench.outcome(bench.disk.open())).toBe("STORE_LOCKED");
    await bench.settle(store.close());
    expect(await bench.outcome(bench.disk.open())).toBe("done");
  });

  test("a closed store keeps what was never synced, since the machine ran on", async () => {
    const bench = new Bench();
    const store = await bench.open();
    void store.batch([put("a", "1")], QUICK);
    await bench.settle(store.close());
    expect(await bench.contents(await bench.open())).toEqual({ a: "1" });
  });

  test("a log of any length folds into the base and recovers", async () => {
    const bench = new Bench();
    const store = await bench.open();
    const batches = Array.from({ length: 3_000 }, (_, index) =>
      store.batch([put(`${index % 700}`, `${index}`)], DURABLE),
    );
    await bench.settle(Promise.all(batches));
    bench.disk.crash();
    const found = await bench.contents(await bench.open());
    expect(Object.keys(found)).toHaveLength(700);
    expect([found["0"], found["199"], found["200"]]).toEqual(["2800", "2999", "2300"]);
  });
});

describe("a full disk", () => {
  test("fails the store until it is opened again", async () => {
    const bench = new Bench();
    const store = await bench.open();
    await bench.settle(store.batch([put("a", "1")], DURABLE));
    bench.disk.setFull(true);
    expect(await bench.outcome(store.batch([put("b", "2")], DURABLE))).toBe("STORE_FULL");
    bench.disk.setFull(false);
    expect(await bench.outcome(store.batch([put("c", "3")], QUICK))).toBe("STORE_FAILED");
    expect(await bench.contents(store)).toEqual({ a: "1" });
    await bench.settle(store.close());
    const reopened = await bench.open();
    expect(await bench.outcome(reopened.batch([put("d", "4")], DURABLE))).toBe("done");
    expect(await bench.contents(reopened)).toEqual({ a: "1", d: "4" });
  });

  test("fills up by what is written, and by deletes has room again", async () => {
    const bench = new Bench({ capacityBytes: 1_000 });
    const store = await bench.open();
    const large = put("large", "x".repeat(800));
    expect(await bench.outcome(store.batch([large], DURABLE))).toBe("done");
    expect(await bench.outcome(store.batch([put("more", "x".repeat(300))], DURABLE))).toBe(
      "STORE_FULL",
    );
    await bench.settle(store.close());
    const reopened = await bench.open();
    const remove: Write = { type: "delete", key: utf8("large") };
    expect(await bench.outcome(reopened.batch([remove], DURABLE))).toBe("done");
    expect(await bench.outcome(reopened.batch([large], DURABLE))).toBe("done");
  });
});

describe("failed writes and syncs", () => {
  const failures = [
    ["write", { writeErrorChance: 1 }, QUICK],
    ["sync", { syncErrorChance: 1 }, DURABLE],
  ] as const;

  test.each(failures)("after a %s error nobody knows what is there", async (_n, faults, how) => {
    const found = new Set<string>();
    for (const seed of SEEDS) {
      const bench = new Bench({}, seed);
      const store = await bench.open();
      await bench.settle(store.batch([put("durable", "1")], DURABLE));
      bench.disk.setFaults({ ...NO_DISK_FAULTS, ...faults });
      const failing = store.batch([put("failed", "2")], how);
      const later = store.batch([put("later", "3")], DURABLE);
      expect(await bench.outcome(failing)).toBe("STORE_FAILED");
      expect(await bench.outcome(later)).toBe("STORE_FAILED");
      expect(await bench.contents(store)).toEqual({ durable: "1" });
      await bench.settle(store.close());
      found.add(Object.keys(await bench.contents(await bench.open())).join(" "));
    }
    expect([...found].toSorted()).toEqual(["durable", "durable failed"]);
  });

  test("a sync error does not touch what needs no sync", async () => {
    const bench = new Bench({ syncErrorChance: 1 });
    const store = await bench.open();
    expect(await bench.outcome(store.batch([put("a", "1")], QUICK))).toBe("done");
  });
});

describe("damage", () => {
  test("a read error fails that read alone", async () => {
    const bench = new Bench({ readErrorChance: 1 });
    const store = await bench.open();
    expect(await bench.outcome(store.get(utf8("a")))).toBe("STORE_FAILED");
    bench.disk.setFaults(NO_DISK_FAULTS);
    expect(await bench.outcome(store.get(utf8("a")))).toBe("done");
    expect(await bench.outcome(store.batch([put("a", "1")], DURABLE))).toBe("done");
  });

  test("a bit that flips on the way is right the next time", async () => {
    const bench = new Bench({ bitFlipChance: 1 });
    const store = await bench.open();
    await bench.settle(store.batch([put("a", "value")], DURABLE));
    const flipped = await bench.settle(store.get(utf8("a")));
    expect(differingBits(flipped, utf8("value"))).toBe(1);
    bench.disk.setFaults(NO_DISK_FAULTS);
    expect(await bench.settle(store.get(utf8("a")))).toEqual(utf8("value"));
  });

  test("a rotten value stays so, in the log and in the base", async () => {
    for (const reopensFirst of [false, true]) {
      const bench = new Bench();
      let store = await bench.open();
      await bench.settle(store.batch([put("a", "value")], DURABLE));
      if (reopensFirst) {
        bench.disk.crash();
        store = await bench.open();
      }
      expect(bench.disk.rotValue(utf8("a"))).toBe(true);
      const rotten = await bench.settle(store.get(utf8("a")));
      expect(differingBits(rotten, utf8("value"))).toBe(1);
      bench.disk.crash();
      expect(await bench.settle((await bench.open()).get(utf8("a")))).toEqual(rotten);
    }
  });

  test("reading can find rot, which then stays", async () => {
    const bench = new Bench({ bitRotChance: 1 });
    const store = await bench.open();
    await bench.settle(store.batch([put("a", "value")], DURABLE));
    const rotten = await bench.settle(store.get(utf8("a")));
    bench.disk.setFaults(NO_DISK_FAULTS);
    expect(differingBits(rotten, utf8("value"))).toBe(1);
    expect(await bench.settle(store.get(utf8("a")))).toEqual(rotten);
  });

  test("rot finds nothing in an empty store or an empty value", async () => {
    const bench = new Bench();
    expect(bench.disk.rotValue()).toBe(false);
    const store = await bench.open();
    expect(bench.disk.rotValue()).toBe(false);
    await bench.settle(store.batch([put("a", "")], DURABLE));
    expect(bench.disk.rotValue()).toBe(false);
    await bench.settle(store.batch([put("a", "1")], DURABLE));
    expect(bench.disk.rotValue()).toBe(true);
  });

  test("a damaged log record takes its whole batch with it, and nothing else", async () => {
    const bench = new Bench();
    const store = await bench.open();
    expect(bench.disk.damageRecord()).toBe(false);
    for (const name of ["a", "b", "c"]) {
      await bench.settle(store.batch([put(`${name}1`, "x"), put(`${name}2`, "x")], DURABLE));
    }
    expect(bench.disk.damageRecord()).toBe(true);
    expect(Object.keys(await bench.contents(store))).toHaveLength(6);
    bench.disk.crash();
    const left = Object.keys(await bench.contents(await bench.open()));
    expect(["a1 a2 b1 b2", "a1 a2 c1 c2", "b1 b2 c1 c2"]).toContain(left.join(" "));
  });
});

describe("time", () => {
  const elapsed = async (
    faults: Partial<DiskFaults>,
    how: { durable: boolean },
  ): Promise<number> => {
    const bench = new Bench({ readMsMean: 0, writeMsMean: 0, syncMsMean: 0, ...faults });
    const store = await bench.open();
    await bench.settle(store.batch([put("a", "1")], how));
    await bench.settle(store.get(utf8("a")));
    return bench.scheduler.nowMs;
  };

  test.each([
    ["a read", { readMsMean: 5 }, QUICK, true],
    ["a write", { writeMsMean: 5 }, QUICK, true],
    ["no sync", { syncMsMean: 5 }, QUICK, false],
    ["a sync", { syncMsMean: 5 }, DURABLE, true],
    ["a slow sync", { slowSyncChance: 1, slowSyncMsMean: 5 }, DURABLE, true],
    ["a stall", { stallChance: 1, stallMsMean: 5 }, QUICK, true],
    ["nothing", {}, DURABLE, false],
  ])("%s takes time as configured", async (_name, faults, how, takesTime) => {
    expect((await elapsed(faults, how)) > 0).toBe(takesTime);
  });

  test("a batch that needs no sync waits for the syncs before it", async () => {
    const bench = new Bench({ readMsMean: 0, writeMsMean: 0, syncMsMean: 5 });
    const store = await bench.open();
    const answeredMs: number[] = [];
    const note = (): void => void answeredMs.push(bench.scheduler.nowMs);
    const synced = store.batch([put("a", "1")], DURABLE).then(note);
    await bench.settle(Promise.all([synced, store.batch([put("a", "2")], QUICK).then(note)]));
    expect(answeredMs[0]).toBeGreaterThan(0);
    expect(answeredMs[1]).toBe(answeredMs[0]);
  });

  test("nothing completes during a stall, and then all does, in order", async () => {
    const bench = new Bench();
    const store = await bench.open();
    const done: string[] = [];
    const startMs = bench.scheduler.nowMs;
    const note = (name: string, promise: Promise<unknown>): Promise<unknown> =>
      promise.then(() => done.push(`${name} ${bench.scheduler.nowMs - startMs >= 1_000}`));
    const first = note("first", store.batch([put("a", "1")], DURABLE));
    bench.disk.stall(1_000);
    await bench.settle(
      Promise.all([
        first,
        note("second", store.batch([put("a", "2")], QUICK)),
        note("third", store.batch([put("a", "3")], DURABLE)),
      ]),
    );
    expect(done).toEqual(["first true", "second true", "third true"]);
    expect(await bench.contents(store)).toEqual({ a: "3" });
  });
});

describe("against what the contract allows", () => {
  /** Key "n" holds the number of the newest batch, and each batch also has a key of its own, twice. */
  const batchOf = (number: number): Write[] => [
    put("n", `${number}`),
    put(`${number}/a`, "x"),
    put(`${number}/b`, "x"),
  ];
  const step = fc.oneof(
    {
      weight: 5,
      arbitrary: fc.record({ type: fc.constant("batch" as const), durable: fc.boolean() }),
    },
    { weight: 3, arbitrary: fc.record({ type: fc.constant("wait" as const) }) },
    { weight: 1, arbitrary: fc.record({ type: fc.constant("crash" as const) }) },
    { weight: 1, arbitrary: fc.record({ type: fc.constant("close" as const) }) },
  );

  /** Of the batches handed over in this life, the newest that survived decides the shared key. */
  const check = (
    found: Record<string, string>,
    must: Set<number>,
    may: Set<number>,
  ): Set<number> => {
    const { n, ...rest } = found;
    const present = new Set(Object.keys(rest).map((key) => Number(key.split("/")[0])));
    for (const number of present) {
      expect(rest).toHaveProperty([`${number}/a`]);
      expect(rest).toHaveProperty([`${number}/b`]);
      expect(must.has(number) || may.has(number)).toBe(true);
    }
    for (const number of must) expect(present).toContain(number);
    expect(n).toBe(present.size === 0 ? undefined : `${Math.max(...present)}`);
    return present;
  };

  test("durable batches survive, each is whole, and survivors took effect in order", async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer(), fc.array(step, { maxLength: 40 }), async (seed, steps) => {
        const bench = new Bench({}, seed);
        let store = await bench.open();
        let must = new Set<number>();
        let may = new Set<number>();
        const restart = async (): Promise<void> => {
          store = await bench.open();
          must = check(await bench.contents(store), must, may);
          may = new Set();
        };
        for (const [number, { type, ...rest }] of steps.entries()) {
          if (type === "batch") {
            const durable = "durable" in rest && rest.durable;
            may.add(number);
            void store.batch(batchOf(number), { durable }).then(() => {
              if (durable) must.add(number);
            });
          } else if (type === "wait") {
            const untilMs = bench.scheduler.nowMs + 0.5;
            await bench.scheduler.run(() => bench.scheduler.nowMs >= untilMs, untilMs);
          } else if (type === "crash") {
            bench.disk.crash();
            await restart();
          } else {
            await bench.settle(store.close());
            must = new Set([...must, ...may]);
            await restart();
          }
        }
        bench.disk.crash();
        await restart();
      }),
      { numRuns: 200 },
    );
  });
});

test("the same seed gives the same records, another one does not", async () => {
  const run = async (seed: number): Promise<string[]> => {
    const bench = new Bench({ stallChance: 0.1, stallMsMean: 5, bitFlipChance: 0.3 }, seed);
    for (let life = 0; life < 5; life++) {
      const store = await bench.open();
      for (let index = 0; index < 20; index++) {
        void store.batch([put(`${index}`, `${life}`)], { durable: index % 3 === 0 });
        await bench.settle(store.get(utf8(`${index - 1}`)));
      }
      bench.disk.crash();
    }
    return bench.records;
  };
  const first = await run(7);
  expect(first.length).toBeGreaterThan(50);
  expect(await run(7)).toEqual(first);
  expect(await run(8)).not.toEqual(first);
});

function differingBits(left: Uint8Array | undefined, right: Uint8Array): number {
  expect(left?.byteLength).toBe(right.byteLength);
  let count = 0;
  for (const [index, byte] of right.entries()) {
    for (let rest = byte ^ (left?.[index] ?? 0); rest !== 0; rest &= rest - 1) count += 1;
  }
  return count;
}
