import { describe, expect, test } from "vitest";
import { poolId } from "../../../cluster/base/ids.ts";
import { pgTable } from "../../../cluster/map/pg-table.ts";
import {
  byPgTable,
  type KeyChanges,
  mapTable,
  nestedTable,
  type RowTable,
  setTable,
  singleTable,
  slotTable,
} from "../../../cluster/map/row-table.ts";

interface Case<C, K, V> {
  readonly table: RowTable<C, K, V>;
  readonly collection: C;
  readonly changes: KeyChanges<K, V>;
  readonly changed: C;
}

const pg = (seed: number) => ({ pool: poolId(1), seed });

const CASES = {
  "a map": {
    table: mapTable<number, string>(),
    collection: new Map([
      [1, "a"],
      [2, "b"],
    ]),
    changes: [
      [1, undefined],
      [2, "c"],
      [3, "d"],
    ],
    changed: new Map([
      [2, "c"],
      [3, "d"],
    ]),
  } satisfies Case<ReadonlyMap<number, string>, number, string>,
  "a set": {
    table: setTable<string>(),
    collection: new Set(["a", "b"]),
    changes: [
      ["a", undefined],
      ["c", true],
    ],
    changed: new Set(["b", "c"]),
  } satisfies Case<ReadonlySet<string>, string, true>,
  "a table by PG": {
    table: byPgTable<string>(),
    collection: pgTable([
      [pg(0), "a"],
      [pg(1), "b"],
    ]),
    changes: [
      [pg(0), undefined],
      [pg(2), "c"],
    ],
    changed: pgTable([
      [pg(1), "b"],
      [pg(2), "c"],
    ]),
  },
  slots: {
    table: slotTable<string>(),
    collection: ["a", undefined, "b"],
    changes: [
      [0, undefined],
      [4, "c"],
    ],
    changed: [undefined, undefined, "b", undefined, "c"],
  },
  "nested maps": {
    table: nestedTable<string>(),
    collection: new Map([[1, new Map([[-1, "a"]])]]),
    changes: [
      [{ outer: 1, inner: -1 }, undefined],
      [{ outer: 2, inner: -3 }, "b"],
    ],
    changed: new Map([[2, new Map([[-3, "b"]])]]),
  },
  "a single value": {
    table: singleTable<string>(),
    collection: "a",
    changes: [[undefined, "b"]],
    changed: "b",
  },
};

describe.each(Object.entries(CASES))("%s", (_, given) => {
  const { table, collection, changes, changed } = given as unknown as Case<
    unknown,
    unknown,
    unknown
  >;

  test("changes give another one, and the one given stays as it was", () => {
    const before = [...table.entries(collection)];
    expect(table.with(collection, changes)).toEqual(changed);
    expect([...table.entries(collection)]).toEqual(before);
  });

  test("every entry is found by its key, and one that went away is not", () => {
    for (const [key, value] of table.entries(changed)) expect(table.get(changed, key)).toBe(value);
    for (const [key, value] of changes) expect(table.get(changed, key)).toBe(value);
  });

  test("its entries make it", () => {
    const empty = table.with(
      collection,
      table.isLasting ? [] : [...table.entries(collection)].map(([key]) => [key, undefined]),
    );
    const all = [...table.entries(changed)];
    expect([...table.entries(table.with(empty, all))]).toEqual(all);
  });
});

test("only a single value stays whatever happens", () => {
  const lasting = Object.entries(CASES).filter(([, { table }]) => table.isLasting);
  expect(lasting.map(([name]) => name)).toEqual(["a single value"]);
  expect(() => singleTable<string>().with("a", [[undefined, undefined]])).toThrow("cannot go away");
});
