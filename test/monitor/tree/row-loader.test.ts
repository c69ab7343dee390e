import { describe, expect, test } from "vitest";
import { isClusterError } from "../../../cluster/base/error.ts";
import type { KeyValue } from "../../../cluster/kv/store.ts";
import { decode, encode } from "../../../cluster/wire/codec.ts";
import { RowLoader } from "../../../monitor/tree/row-loader.ts";
import {
  META_KEY,
  metaRow,
  sessionKey,
  takeDirtyRows,
  znodeKey,
} from "../../../monitor/tree/rows.ts";
import { RowsStore } from "./rows-store.ts";
import { World } from "./world.ts";

function saved(): KeyValue[] {
  const world = new World();
  const client = world.connect();
  world.create(client, "/a", { data: Buffer.from("x") });
  world.create(client, "/a/e", { flags: 1 });
  const rows = new RowsStore();
  rows.write(takeDirtyRows(world.tree, 3));
  return rows.entries();
}

function load(rows: readonly KeyValue[]) {
  const loader = new RowLoader();
  for (const row of rows) loader.add(row);
  return loader.finish();
}

function reason(work: () => unknown): string {
  try {
    work();
    return "nothing is wrong";
  } catch (error) {
    return isClusterError(error, "STORE_CORRUPT") ? error.message : `${error}`;
  }
}

test("no rows are no tree", () => {
  expect(load([])).toBeUndefined();
});

test("a tree goes on where it was", () => {
  const loaded = load(saved());
  expect(loaded?.appliedSlot).toBe(3);
  expect(loaded?.tree.ephemeralCount).toBe(1);
});

describe("rows that are no whole tree are refused", () => {
  const isRow = (key: Uint8Array) => (row: KeyValue) => Buffer.compare(row[0], key) === 0;
  const without = (key: Uint8Array) => saved().filter((row) => !isRow(key)(row));
  const changed = (key: Uint8Array, value: Uint8Array) =>
    saved().map((row): KeyValue => (isRow(key)(row) ? [key, value] : row));
  const storedAt = (key: Uint8Array) => saved().find(isRow(key))?.[1] ?? new Uint8Array(0);
  const session = 2 ** 32 + 1;
  const future = { ...decode(metaRow, storedAt(META_KEY)), rulesVersion: 99 };

  test.each<[string, () => readonly KeyValue[], string]>([
    ["the row of the slot is missing", () => without(META_KEY), "lack the one that says"],
    ["a leaf is missing", () => without(znodeKey("/a/e")), "not those that were written"],
    ["a parent is missing", () => without(znodeKey("/a")), "comes without its parent"],
    ["a session is missing", () => without(sessionKey(session)), "a session that is not there"],
    [
      "a row is cut",
      () => changed(znodeKey("/a"), storedAt(znodeKey("/a")).subarray(0, 9)),
      "read",
    ],
    ["a row comes twice", () => [...saved(), ...saved().slice(-1)], "comes twice, or too late"],
    [
      "rows come in another order",
      () => saved().toSpliced(0, 2, ...saved().slice(0, 2).reverse()),
      "comes twice, or too late",
    ],
    ["a key is nobody's", () => [...saved(), [Uint8Array.of(0x7b), new Uint8Array(0)]], "none of"],
    [
      "a path is no text",
      () => [...saved(), [Uint8Array.of(0x7a, 0xff), storedAt(znodeKey("/a"))]],
      "read",
    ],
    [
      "a session's key is cut",
      () => [[Uint8Array.of(0x73), storedAt(sessionKey(session))]],
      "no session",
    ],
    [
      "the rules are those of later programs",
      () => changed(META_KEY, encode(metaRow, future)),
      "use a newer",
    ],
    [
      "a value is damaged",
      () => {
        const value = Uint8Array.from(storedAt(znodeKey("/a")));
        value[1] = 0x55;
        return changed(znodeKey("/a"), value);
      },
      "not those that were written",
    ],
  ])("%s", (_, rows, message) => {
    expect(reason(() => load(rows()))).toContain(message);
  });
});
