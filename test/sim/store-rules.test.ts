/**
 * The rule that a store trusts no row, with the events that go wrong without it: switched off, the
 * same events end with batch n + 1 and without n, or with a value that nobody wrote.
 */
import { describe, expect, test } from "vitest";
import { textOf, utf8 } from "../../cluster/base/bytes.ts";
import { isClusterError } from "../../cluster/base/error.ts";
import { createPrng, type Prng, randomChance, randomInt } from "../../cluster/base/prng.ts";
import { openSealedStore, type SealedStore } from "../../cluster/kv/sealed-store.ts";
import type { Write } from "../../cluster/kv/store.ts";
import { SimDisk } from "./disk.ts";
import { type DiskFaults, NO_DISK_FAULTS } from "./disk-faults.ts";
import { Scheduler } from "./scheduler.ts";

const DURABLE = { durable: true };
const EVERY_SEED = Array.from({ length: 100 }, (_, index) => index + 1);
const OPTIONS = { name: "the store", remedy: "rejoin" };

class Machine {
  readonly scheduler = new Scheduler();
  readonly disk: SimDisk;
  readonly #options: Parameters<typeof openSealedStore>[1];

  constructor(seed: number, rule: "on" | "off", faults: Partial<DiskFaults> = {}) {
    this.disk = new SimDisk({
      scheduler: this.scheduler,
      prng: createPrng(seed),
      trace: { record: () => {} },
      faults: { ...NO_DISK_FAULTS, ...faults },
      name: "monitor.0",
    });
    this.#options = { ...OPTIONS, trustRows: rule === "off" };
  }

  async settle<T>(promise: Promise<T>): Promise<T> {
    let isSettled = false;
    const settled = (): void => {
      isSettled = true;
    };
    promise.then(settled, settled);
    await this.scheduler.run(() => isSettled, Number.POSITIVE_INFINITY);
    return promise;
  }

  async open(): Promise<SealedStore> {
    const inner = await this.settle(this.disk.open());
    return this.settle(openSealedStore(inner, this.#options));
  }

  /** The code of the refusal, or what the store holds. */
  async restart(): Promise<string> {
    this.disk.crash();
    try {
      return (await this.keys(await this.open())).join(" ");
    } catch (error) {
      if (isClusterError(error)) return error.code;
      throw error;
    }
  }

  async keys(store: SealedStore): Promise<string[]> {
    const keys: string[] = [];
    const collect = async (): Promise<void> => {
      for await (const [key] of store.iterate({})) keys.push(textOf(key));
    };
    await this.settle(collect());
    return keys;
  }
}

function put(key: string): Write {
  return { type: "put", key: utf8(key), value: utf8(`value of ${key}`) };
}

/** Three batches, and then one durable record of the log turns out to be damaged. */
async function afterLostRecord(seed: number, rule: "on" | "off"): Promise<string> {
  const machine = new Machine(seed, rule);
  const store = await machine.open();
  for (const key of ["1", "2", "3"]) await machine.settle(store.batch([put(key)], DURABLE));
  expect(machine.disk.damageRecord()).toBe(true);
  return machine.restart();
}

describe("a synced batch that is lost from the middle", () => {
  test("is noticed at the next open, but for the newest", async () => {
    const outcomes = await Promise.all(EVERY_SEED.map((seed) => afterLostRecord(seed, "on")));
    expect(new Set(outcomes)).toEqual(new Set(["STORE_CORRUPT", "1 2"]));
  });

  test("without the rule leaves the later ones without it", async () => {
    const outcomes = await Promise.all(EVERY_SEED.map((seed) => afterLostRecord(seed, "off")));
    expect(new Set(outcomes)).toEqual(new Set(["1 2 3", "1 2", "1 3", "2 3"]));
  });
});

describe("a value that comes back changed", () => {
  const read = async (rule: "on" | "off", faults: Partial<DiskFaults>): Promise<string> => {
    const machine = new Machine(1, rule);
    const store = await machine.open();
    await machine.settle(store.batch([put("a")], DURABLE));
    machine.disk.setFaults({ ...NO_DISK_FAULTS, ...faults });
    try {
      const value = await machine.settle(store.get(utf8("a")));
      return value === undefined ? "nothing" : Buffer.from(value).toString("latin1");
    } catch (error) {
      return isClusterError(error) ? `${error.code}: ${error.message}` : String(error);
    }
  };

  test.each([
    ["flipped on its way", { bitFlipChance: 1 }],
    ["rotten on the platter", { bitRotChance: 1 }],
  ])("%s is refused, and given out without the rule", async (_, faults) => {
    expect(await read("on", faults)).toBe(
      'STORE_CORRUPT: the store: the row "a" is damaged; rejoin',
    );
    const given = await read("off", faults);
    expect(given).toHaveLength("value of a".length);
    expect(await read("off", {})).toBe("value of a");
  });

  test("is refused at open if it is one of the store's own rows", async () => {
    for (const rule of ["on", "off"] as const) {
      const machine = new Machine(1, rule);
      await machine.open();
      // There are no others yet.
      expect(machine.disk.rotValue()).toBe(true);
      expect(await machine.restart()).toBe(rule === "on" ? "STORE_CORRUPT" : "");
    }
  });
});

/**
 * Batches, durable or not, some at once; crashes at any moment; in some runs a record is damaged.
 * Every batch has a key of its own.
 */
class History {
  readonly #machine: Machine;
  readonly #prng: Prng;
  #store: SealedStore;
  /** Of durable batches, in order: those of the present life, and whether they were answered. */
  readonly #handedOver: { key: string; isAnswered: boolean }[] = [];
  #count = 0;

  constructor(machine: Machine, prng: Prng, store: SealedStore) {
    this.#machine = machine;
    this.#prng = prng;
    this.#store = store;
  }

  async write(): Promise<void> {
    const batches = Array.from({ length: 1 + randomInt(this.#prng, 4) }, () => {
      this.#count += 1;
      const key = String(this.#count).padStart(6, "0");
      const durable = randomChance(this.#prng, 0.7);
      const entry = { key, isAnswered: false };
      if (durable) this.#handedOver.push(entry);
      return this.#store.batch([put(key)], { durable }).then(() => {
        entry.isAnswered = true;
      });
    });
    if (randomChance(this.#prng, 0.8)) await this.#machine.settle(Promise.all(batches));
  }

  /** Undefined if the store was refused. */
  async crash(): Promise<"whole" | "shorter" | undefined> {
    await this.#machine.scheduler.run(
      () => false,
      this.#machine.scheduler.nowMs + randomInt(this.#prng, 3),
    );
    this.#machine.disk.crash();
    try {
      this.#store = await this.#machine.open();
    } catch (error) {
      if (isClusterError(error, "STORE_CORRUPT")) return undefined;
      throw error;
    }
    const found = new Set(await this.#machine.keys(this.#store));
    const firstLost = this.#handedOver.findIndex(({ key }) => !found.has(key));
    if (firstLost === -1) return "whole";
    const lost = this.#handedOver.splice(firstLost);
    expect(lost.filter(({ key }) => found.has(key))).toEqual([]);
    return lost.some(({ isAnswered }) => isAnswered) ? "shorter" : "whole";
  }
}

async function run(seed: number, damageChance: number): Promise<string[]> {
  const prng = createPrng(seed);
  const machine = new Machine(seed + 1000, "on");
  const history = new History(machine, prng, await machine.open());
  const fates: string[] = [];
  for (let life = 0; life < 6; life++) {
    for (let step = randomInt(prng, 120); step > 0; step--) await history.write();
    const isDamaged = randomChance(prng, damageChance) && machine.disk.damageRecord();
    const fate = await history.crash();
    fates.push(`${isDamaged ? "damaged" : "undamaged"} ${fate ?? "refused"}`);
    if (fate === undefined) break;
  }
  return fates;
}

describe("over many lives of a store", () => {
  test("crashes alone lose nothing that was answered, and no store is refused", async () => {
    for (const seed of EVERY_SEED.slice(0, 30)) {
      expect(new Set(await run(seed, 0))).toEqual(new Set(["undamaged whole"]));
    }
  });

  test("no durable batch is ever there without all those before it", async () => {
    const seen = new Set<string>();
    for (const seed of EVERY_SEED.slice(0, 60)) {
      for (const fate of await run(seed, 0.3)) seen.add(fate);
    }
    // Quick batches lie in the log as well, and one of those may be what is damaged.
    expect([...seen].toSorted()).toEqual(
      expect.arrayContaining(["damaged refused", "undamaged whole"]),
    );
    expect(seen).not.toContain("undamaged refused");
    expect(seen).not.toContain("undamaged shorter");
  });
});
