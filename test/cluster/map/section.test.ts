import { expect, test } from "vitest";
import { epoch } from "../../../cluster/base/ids.ts";
import type { OsdMap } from "../../../cluster/map/osd-map.ts";
import { EMPTY_MAP } from "../../../cluster/map/osd-map-delta.ts";
import { mapTable, singleTable } from "../../../cluster/map/row-table.ts";
import { section } from "../../../cluster/map/section.ts";
import { encode, str, u53 } from "../../../cluster/wire/codec.ts";

const blocklist = section({
  id: 77,
  name: "blocked",
  isIntent: false,
  table: mapTable<string, number>(),
  key: str,
  value: u53,
  read: (map) => map.blocklist,
  write: (map, collection) => ({ ...map, blocklist: collection }),
});

const last = section({
  id: 78,
  name: "last id",
  isIntent: false,
  table: singleTable<number>(),
  key: { encode: () => {}, decode: () => undefined },
  value: u53,
  read: (map) => map.poolIdMax,
  write: (map, poolIdMax) => ({ ...map, poolIdMax }),
  format: () => "here",
});

const key = (text: string): Uint8Array => encode(str, text);
const value = (number: number): Uint8Array => encode(u53, number);
const blocking = (...entries: [string, number][]): OsdMap => ({
  ...EMPTY_MAP,
  blocklist: new Map(entries),
});

test("each entry is a row under the section's number", () => {
  expect([...blocklist.rows(blocking(["a", 1], ["b", 2]))]).toEqual([
    { section: 77, key: key("a"), value: value(1) },
    { section: 77, key: key("b"), value: value(2) },
  ]);
});

test("changes are the rows that came, went or differ, and no others", () => {
  const before = blocking(["same", 1], ["other", 2], ["gone", 3]);
  const after = blocking(["same", 1], ["other", 5], ["new", 4]);
  expect([...blocklist.changes(before, after)]).toEqual([
    { section: 77, key: key("other"), before: value(2), after: value(5) },
    { section: 77, key: key("new"), before: undefined, after: value(4) },
    { section: 77, key: key("gone"), before: value(3), after: undefined },
  ]);
  expect([...blocklist.changes(before, { ...before, epoch: epoch(9) })]).toEqual([]);
});

test("rows are applied to a map of their own", () => {
  const before = blocking(["a", 1], ["b", 2]);
  const after = blocklist.apply(before, [
    { key: key("a"), value: undefined },
    { key: key("c"), value: value(3) },
  ]);
  expect(after).toEqual(blocking(["b", 2], ["c", 3]));
  expect(before).toEqual(blocking(["a", 1], ["b", 2]));
});

test("a row is found by its key", () => {
  expect(blocklist.valueOf(blocking(["a", 1]), key("a"))).toEqual(value(1));
  expect(blocklist.valueOf(blocking(["a", 1]), key("b"))).toBeUndefined();
});

test.each([
  ["a key", { key: Uint8Array.of(1), value: value(1) }],
  ["the key of what goes away", { key: Uint8Array.of(1) }],
  ["a value", { key: key("a"), value: Uint8Array.of(1) }],
  ["bytes after the value", { key: key("a"), value: Uint8Array.of(...value(1), 0) }],
])("%s that is none of the section is refused", (_, row) => {
  expect(() => blocklist.apply(EMPTY_MAP, [row])).toThrow(
    expect.objectContaining({ name: "CodecError" }),
  );
});

test("a value that is always there can be replaced but not removed", () => {
  const none = new Uint8Array();
  expect(last.apply(EMPTY_MAP, [{ key: none, value: value(6) }]).poolIdMax).toBe(6);
  expect(() => last.apply(EMPTY_MAP, [{ key: none }])).toThrow("last id cannot go away");
});

test("a key is described as the section says, or as it is", () => {
  expect(blocklist.describe(key("10.0.0.1:0"))).toBe("10.0.0.1:0");
  expect(last.describe(new Uint8Array())).toBe("here");
});
