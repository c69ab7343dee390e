/**
 * Every sentence of the contract in cluster/kv/store.ts that can be seen from outside, for whatever
 * implements it. What a crash leaves is tested where crashes can be made: beside each
 * implementation, and in the simulation.
 */
import fc from "fast-check";
import { describe, expect, type TestContext, test } from "vitest";
import { compareBytes, toHex, utf8 } from "../../cluster/base/bytes.ts";
import { isClusterError } from "../../cluster/base/error.ts";
import type { KeyValue, KvStore, ScanOptions, Write } from "../../cluster/kv/store.ts";

export interface KvHarness {
  /** Whether a store that is opened again after `close` has what was written before. */
  readonly persistent: boolean;
  /** The same place every time; the store opened before has been closed. */
  open(): Promise<KvStore>;
  /** Closes what is open and removes what is left. */
  dispose(): Promise<void>;
}

type Act = (store: KvStore, harness: KvHarness, context: TestContext) => Promise<void>;

const DURABLE = { durable: true };
const QUICK = { durable: false };

export function kvStoreSuite(name: string, factory: () => Promise<KvHarness>): void {
  const check = (behaviour: string, act: Act): void => {
    test(behaviour, async (context) => {
      const harness = await factory();
      try {
        await act(await harness.open(), harness, context);
      } finally {
        await harness.dispose();
      }
    });
  };
  describe(name, () => {
    describe("reads and writes", () => readsAndWrites(check));
    describe("scans", () => scans(check));
    describe("concurrent use", () => concurrentUse(check));
    describe("closing", () => closing(check));
    describe("random use against a twin", () => againstTwin(check));
  });
}

type Check = (behaviour: string, act: Act) => void;

function readsAndWrites(check: Check): void {
  check("a missing key is undefined", async (store) => {
    expect(await store.get(utf8("a"))).toBeUndefined();
    expect(await store.getMany([utf8("a"), utf8("b")])).toEqual([undefined, undefined]);
    expect(await store.getMany([])).toEqual([]);
  });

  check("what was put is read, until it is replaced or deleted", async (store) => {
    for (const options of [DURABLE, QUICK]) {
      await store.batch([put("a", "1"), put("b", "2")], options);
      expect(await read(store, "a")).toBe("1");
      await store.batch([put("a", "3"), remove("b")], options);
      expect(await read(store, "a")).toBe("3");
      expect(await read(store, "b")).toBeUndefined();
    }
  });

  check("getMany answers in the order of its keys, repeated ones too", async (store) => {
    await store.batch([put("a", "1"), put("c", "3")], DURABLE);
    const values = await store.getMany([utf8("c"), utf8("b"), utf8("a"), utf8("c")]);
    expect(values.map(textOrNone)).toEqual(["3", undefined, "1", "3"]);
  });

  check("deleting a missing key changes nothing", async (store) => {
    await store.batch([put("a", "1")], QUICK);
    await store.batch([remove("b")], DURABLE);
    expect(await entriesOf(store)).toEqual([["61", "31"]]);
  });

  check("of several writes of one key in a batch, the last one counts", async (store) => {
    await store.batch([put("a", "1"), put("a", "2"), remove("b"), put("b", "3")], DURABLE);
    await store.batch([put("c", "4"), remove("c")], DURABLE);
    expect(await read(store, "a")).toBe("2");
    expect(await read(store, "b")).toBe("3");
    expect(await read(store, "c")).toBeUndefined();
  });

  check("an empty batch changes nothing, durable or not", async (store) => {
    await store.batch([put("a", "1")], QUICK);
    await store.batch([], QUICK);
    await store.batch([], DURABLE);
    expect(await entriesOf(store)).toEqual([["61", "31"]]);
  });

  check("keys and values may be empty", async (store) => {
    await store.batch([put("", "of nothing"), put("a", "")], DURABLE);
    expect(await read(store, "")).toBe("of nothing");
    expect(await read(store, "a")).toBe("");
    expect(await entriesOf(store, { limit: 1 })).toEqual([["", toHex(utf8("of nothing"))]]);
    await store.batch([remove("")], DURABLE);
    expect(await read(store, "")).toBeUndefined();
  });

  check("a value of a mebibyte comes back whole, by every way of reading", async (store) => {
    const value = Uint8Array.from({ length: 1 << 20 }, (_, index) => (index * 31) >> 3);
    await store.batch([{ type: "put", key: utf8("large"), value }], DURABLE);
    const [many] = await store.getMany([utf8("large")]);
    const [scanned] = await collect(store.iterate({}));
    for (const found of [await store.get(utf8("large")), many, scanned?.[1]]) {
      expect(found !== undefined && compareBytes(found, value) === 0).toBe(true);
    }
  });

  check("a caller may reuse its buffers once the batch has settled", async (store) => {
    const key = utf8("abc");
    const value = Buffer.from("123");
    await store.batch([{ type: "put", key, value }], QUICK);
    key.fill(0);
    value.fill(0);
    expect(await entriesOf(store)).toEqual([["616263", "313233"]]);
  });

  check("what a read returned is the caller's to change", async (store) => {
    await store.batch([put("abc", "123")], QUICK);
    const found = [await store.get(utf8("abc")), ...(await store.getMany([utf8("abc")]))];
    for (const entry of await collect(store.iterate({}))) found.push(...entry);
    expect(found).toHaveLength(4);
    for (const bytes of found) bytes?.fill(0);
    expect(await entriesOf(store)).toEqual([["616263", "313233"]]);
  });

  check("the size of a range is a number of bytes, 0 for a range of nothing", async (store) => {
    await store.batch([put("a", "1"), put("b", "2")], DURABLE);
    expect(await store.approximateSize(utf8("a"), utf8("z"))).toBeGreaterThanOrEqual(0);
    expect(await store.approximateSize(utf8("a"), utf8("a"))).toBe(0);
    expect(await store.approximateSize(utf8("z"), utf8("a"))).toBe(0);
  });
}

function scans(check: Check): void {
  check("keys are ordered as unsigned bytes, a prefix before what it begins", async (store) => {
    const keys = ["", "00", "0000", "01", "0100", "017f", "0180", "7f", "80", "8000", "ff", "ffff"];
    const shuffled = [...keys].sort((left, right) =>
      (left.at(-1) ?? "") < (right.at(-1) ?? "") ? 1 : -1,
    );
    await store.batch(
      shuffled.map((hex) => putBytes(hex, hex)),
      DURABLE,
    );
    expect((await entriesOf(store)).map(([key]) => key)).toEqual(keys);
    const backwards = await entriesOf(store, { reverse: true });
    expect(backwards.map(([key]) => key)).toEqual([...keys].reverse());
  });

  check("every pair of bounds, direction and limit selects what it says", async (store) => {
    const all: [string, string][] = ["", "10", "1000", "20", "30", "ff"].map((key) => [key, key]);
    await store.batch(
      all.map(([key]) => putBytes(key, key)),
      DURABLE,
    );
    const bounds = [undefined, "", "0f", "10", "1000", "20", "25", "ff", "ffff"];
    for (const options of everyScan(bounds)) {
      expect(await entriesOf(store, options), JSON.stringify(options)).toEqual(
        select(all, options),
      );
    }
  });

  check("an empty store has no entries", async (store) => {
    expect(await entriesOf(store)).toEqual([]);
    expect(await entriesOf(store, { reverse: true, gte: utf8("a") })).toEqual([]);
  });

  check("a scan longer than any read-ahead is whole and in order", async (store) => {
    const writes = Array.from({ length: 3000 }, (_, index) =>
      put(String(index).padStart(6, "0"), `value ${index}`),
    );
    await store.batch(writes, QUICK);
    const expected = writes.map(({ key }) => toHex(key));
    expect((await entriesOf(store)).map(([key]) => key)).toEqual(expected);
    const backwards = (await entriesOf(store, { reverse: true })).map(([key]) => key);
    expect(backwards).toEqual(expected.reverse());
  });

  check("a scan shows the store as it was when the call was made", async (store) => {
    const numbers = Array.from({ length: 500 }, (_, index) => index);
    const name = (number: number): string => String(number).padStart(4, "0");
    await store.batch(
      numbers.map((number) => put(name(number), "old")),
      DURABLE,
    );
    const before = await entriesOf(store);
    const untouched = store.iterate({});
    const begun = store.iterate({ reverse: true });
    const seen = [hexEntry(((await begun.next()) as { value: KeyValue }).value)];
    await store.batch(
      numbers.map((number) => (number % 2 === 0 ? remove(name(number)) : put(name(number), "new"))),
      DURABLE,
    );
    await store.batch([put("00005", "between"), put("z", "after")], DURABLE);
    for await (const entry of begun) seen.push(hexEntry(entry));
    expect(seen).toEqual([...before].reverse());
    expect((await collect(untouched)).map(hexEntry)).toEqual(before);
    expect(await entriesOf(store)).toHaveLength(252);
  });

  check("a loop may end early, and the store goes on and closes", async (store) => {
    await store.batch(
      ["a", "b", "c"].map((key) => put(key, key)),
      QUICK,
    );
    for (let round = 0; round < 20; round++) {
      for await (const [key] of store.iterate({})) {
        expect(toHex(key)).toBe("61");
        break;
      }
    }
    const thrown = (async () => {
      for await (const _ of store.iterate({})) throw new Error("enough");
    })();
    await expect(thrown).rejects.toThrow("enough");
    await store.batch([put("d", "d")], DURABLE);
    expect(await entriesOf(store)).toHaveLength(4);
    await store.close();
  });

  check("an iterator that has ended stays ended", async (store) => {
    await store.batch([put("a", "1")], QUICK);
    const iterator = store.iterate({});
    expect((await iterator.next()).done).toBe(false);
    expect((await iterator.next()).done).toBe(true);
    expect((await iterator.next()).done).toBe(true);
  });
}

function concurrentUse(check: Check): void {
  check("batches that nobody awaits take effect in order, durable or not", async (store) => {
    const pending: Promise<void>[] = [];
    for (let number = 0; number < 200; number++) {
      const writes = [
        put("last", String(number)),
        put(`own ${number}`, "x"),
        remove(`own ${number - 1}`),
      ];
      pending.push(store.batch(writes, { durable: number % 3 === 0 }));
    }
    await Promise.all(pending);
    expect(await read(store, "last")).toBe("199");
    expect(await entriesOf(store, { gte: utf8("own "), lt: utf8("own!") })).toHaveLength(1);
  });

  check("a read sees all of a batch or none of it, and batches in order", async (store) => {
    const keys = ["a", "m", "z"];
    let writing = true;
    const writer = (async () => {
      for (let number = 0; number < 100; number++) {
        await store.batch(
          keys.map((key) => put(key, String(number))),
          { durable: number % 10 === 0 },
        );
      }
    })().finally(() => {
      writing = false;
    });
    let least = -1;
    while (writing) {
      const many = await store.getMany(keys.map(utf8));
      const scanned = (await collect(store.iterate({}))).map(([, value]) => value);
      for (const values of [many.map(textOrNone), scanned.map(textOrNone)]) {
        expect(new Set(values).size).toBeLessThanOrEqual(1);
        if (values.length > 0) expect(values).toHaveLength(3);
        const number = Number(values[0] ?? -1);
        expect(number).toBeGreaterThanOrEqual(least);
        least = number;
      }
    }
    await writer;
  });

  check("a read that begins after a batch settled sees it", async (store) => {
    for (let number = 0; number < 50; number++) {
      const noise = store.batch([put("noise", String(number))], QUICK);
      await store.batch([put("a", String(number))], { durable: number % 2 === 0 });
      expect(await read(store, "a")).toBe(String(number));
      expect(await entriesOf(store, { limit: 1 })).toEqual([["61", toHex(utf8(String(number)))]]);
      await noise;
    }
  });
}

function closing(check: Check): void {
  check("close finishes what was handed over", async (store, harness) => {
    const pending = Array.from({ length: 50 }, (_, index) =>
      store.batch([put(`key ${index}`, "x")], { durable: index % 2 === 0 }),
    );
    const closed = store.close();
    await Promise.all(pending);
    await closed;
    if (!harness.persistent) return;
    expect(await entriesOf(await harness.open())).toHaveLength(50);
  });

  check("a closed store refuses everything, at once", async (store) => {
    await store.batch([put("a", "1")], QUICK);
    const before = store.iterate({});
    const closed = store.close();
    expect(await codeOf(() => collect(before))).toBe("STORE_CLOSED");
    const uses: [string, () => Promise<unknown>][] = [
      ["get", () => store.get(utf8("a"))],
      ["getMany", () => store.getMany([utf8("a")])],
      ["iterate", async () => collect(store.iterate({}))],
      ["batch", () => store.batch([put("b", "2")], DURABLE)],
      ["an empty batch", () => store.batch([], QUICK)],
      ["approximateSize", () => store.approximateSize(utf8("a"), utf8("b"))],
    ];
    for (const moment of ["closing", "closed"]) {
      for (const [what, use] of uses) {
        expect(await codeOf(use), `${what}, ${moment}`).toBe("STORE_CLOSED");
      }
      await closed;
    }
  });

  check("closing twice is fine, also at the same time", async (store) => {
    await Promise.all([store.close(), store.close()]);
    await store.close();
  });

  check(
    "what was written is there when the store is opened again",
    async (store, harness, context) => {
      if (!harness.persistent) context.skip("this store is volatile");
      await store.batch([put("a", "1"), put("b", "2")], DURABLE);
      await store.batch([put("c", "3"), remove("a")], QUICK);
      await store.close();
      const again = await harness.open();
      expect(await entriesOf(again)).toEqual([
        ["62", "32"],
        ["63", "33"],
      ]);
      await again.batch([remove("b")], DURABLE);
      await again.close();
      expect(await entriesOf(await harness.open())).toEqual([["63", "33"]]);
    },
  );
}

function againstTwin(check: Check): void {
  check("any scan of any entries equals a sorted and filtered list", async (store) => {
    const property = fc.asyncProperty(
      fc.array(fc.tuple(anyKey, anyValue), { maxLength: 30 }),
      fc.array(anyScan, { minLength: 1, maxLength: 8 }),
      async (entries, scansOf) => {
        await clear(store);
        await store.batch(
          entries.map(([key, value]) => ({ type: "put", key, value })),
          QUICK,
        );
        const twin = new Map(entries.map(hexEntry));
        for (const options of scansOf) {
          expect(await entriesOf(store, options)).toEqual(select([...twin], options));
        }
      },
    );
    await fc.assert(property, { numRuns: 100 });
  });

  check("any sequence of operations leaves what it leaves in a map", async (store) => {
    const property = fc.asyncProperty(
      fc.array(anyOperation, { maxLength: 25 }),
      async (operations) => {
        await clear(store);
        const twin = new Map<string, string>();
        let pending: Promise<void>[] = [];
        for (const operation of operations) {
          if (operation.type === "write") {
            pending.push(store.batch(operation.writes, { durable: operation.durable }));
            for (const write of operation.writes) applyToTwin(twin, write);
            continue;
          }
          await Promise.all(pending);
          pending = [];
          if (operation.type === "scan") {
            expect(await entriesOf(store, operation.options)).toEqual(
              select([...twin], operation.options),
            );
          } else {
            const expected = operation.keys.map((key) => twin.get(toHex(key)));
            expect((await store.getMany(operation.keys)).map(hexOrNone)).toEqual(expected);
            for (const [index, key] of operation.keys.entries()) {
              expect(hexOrNone(await store.get(key))).toBe(expected[index]);
            }
          }
        }
        await Promise.all(pending);
        expect(await entriesOf(store)).toEqual(select([...twin], {}));
      },
    );
    await fc.assert(property, { numRuns: 60 });
  });
}

/** Few different bytes and short keys, so that collisions, prefixes and neighbours are common. */
const anyKey = fc.uint8Array({ maxLength: 3 }).map((bytes) => bytes.map((byte) => byte & 0x83));
const anyValue = fc.uint8Array({ maxLength: 4 });

const anyScan: fc.Arbitrary<ScanOptions> = fc
  .tuple(
    fc.option(fc.tuple(fc.constantFrom("gte", "gt"), anyKey)),
    fc.option(fc.tuple(fc.constantFrom("lte", "lt"), anyKey)),
    fc.record(
      { reverse: fc.boolean(), limit: fc.integer({ min: 0, max: 12 }) },
      { requiredKeys: [] },
    ),
  )
  .map(([lower, upper, rest]) => ({
    ...rest,
    ...(lower && { [lower[0]]: lower[1] }),
    ...(upper && { [upper[0]]: upper[1] }),
  }));

const anyWrite: fc.Arbitrary<Write> = fc.oneof(
  fc.record({ type: fc.constant("put" as const), key: anyKey, value: anyValue }),
  fc.record({ type: fc.constant("delete" as const), key: anyKey }),
);

const anyOperation = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      type: fc.constant("write" as const),
      writes: fc.array(anyWrite, { maxLength: 6 }),
      durable: fc.boolean(),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      type: fc.constant("get" as const),
      keys: fc.array(anyKey, { maxLength: 5 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ type: fc.constant("scan" as const), options: anyScan }),
  },
);

function applyToTwin(twin: Map<string, string>, write: Write): void {
  if (write.type === "put") twin.set(toHex(write.key), toHex(write.value));
  else twin.delete(toHex(write.key));
}

/** The dumb twin of a scan. Hexadecimal text of whole bytes sorts as the bytes do. */
function select(entries: readonly [string, string][], options: ScanOptions): [string, string][] {
  const { gte, gt, lt, lte, reverse, limit } = options;
  const chosen = entries
    .filter(([key]) => gte === undefined || key >= toHex(gte))
    .filter(([key]) => gt === undefined || key > toHex(gt))
    .filter(([key]) => lt === undefined || key < toHex(lt))
    .filter(([key]) => lte === undefined || key <= toHex(lte))
    .sort(([left], [right]) => (left < right ? -1 : 1));
  if (reverse) chosen.reverse();
  return limit === undefined ? chosen : chosen.slice(0, limit);
}

function* everyScan(bounds: readonly (string | undefined)[]): Iterable<ScanOptions> {
  for (const low of bounds) {
    for (const high of bounds) {
      for (const [lower, upper] of [
        ["gte", "lt"],
        ["gt", "lte"],
      ] as const) {
        const range = {
          ...(low !== undefined && { [lower]: Buffer.from(low, "hex") }),
          ...(high !== undefined && { [upper]: Buffer.from(high, "hex") }),
        };
        for (const reverse of [false, true]) {
          yield { ...range, reverse };
          for (const limit of [0, 1, 3]) yield { ...range, reverse, limit };
        }
      }
    }
  }
}

function put(key: string, value: string): Write {
  return { type: "put", key: utf8(key), value: utf8(value) };
}

function putBytes(keyHex: string, valueHex: string): Write {
  return { type: "put", key: Buffer.from(keyHex, "hex"), value: Buffer.from(valueHex, "hex") };
}

function remove(key: string): Write {
  return { type: "delete", key: utf8(key) };
}

async function read(store: KvStore, key: string): Promise<string | undefined> {
  return textOrNone(await store.get(utf8(key)));
}

async function collect(entries: AsyncIterable<KeyValue>): Promise<KeyValue[]> {
  const list: KeyValue[] = [];
  for await (const entry of entries) list.push(entry);
  return list;
}

async function entriesOf(store: KvStore, options: ScanOptions = {}): Promise<[string, string][]> {
  return (await collect(store.iterate(options))).map(hexEntry);
}

async function clear(store: KvStore): Promise<void> {
  const entries = await collect(store.iterate({}));
  await store.batch(
    entries.map(([key]) => ({ type: "delete", key })),
    QUICK,
  );
}

function hexEntry([key, value]: KeyValue): [string, string] {
  return [toHex(key), toHex(value)];
}

function hexOrNone(bytes: Uint8Array | undefined): string | undefined {
  return bytes && toHex(bytes);
}

function textOrNone(bytes: Uint8Array | undefined): string | undefined {
  return bytes && Buffer.from(bytes).toString();
}

async function codeOf(use: () => Promise<unknown>): Promise<string> {
  try {
    await use();
    return "no error";
  } catch (error) {
    return isClusterError(error) ? error.code : String(error);
  }
}
