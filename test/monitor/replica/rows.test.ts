import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compareBytes, toHex, utf8 } from "../../../cluster/base/bytes.ts";
import {
  ALL_ROWS,
  generationWrite,
  readGeneration,
  rowsOf,
  rowWrite,
  splitRowKey,
} from "../../../monitor/replica/rows.ts";

const generations = fc.nat(0xffff_ffff);
const keys = fc.uint8Array({ maxLength: 20 });

function keyOf(generation: number, key: Uint8Array): Uint8Array {
  return rowWrite(generation, { type: "delete", key }).key;
}

function isIn(range: { gte?: Uint8Array; lt?: Uint8Array }, key: Uint8Array): boolean {
  const { gte = new Uint8Array(0), lt = new Uint8Array(0) } = range;
  return compareBytes(key, gte) >= 0 && compareBytes(key, lt) < 0;
}

describe("rows on the disk", () => {
  test("carry their generation before the machine's key", () => {
    const write = rowWrite(0x0102, { type: "put", key: utf8("zk"), value: utf8("v") });
    expect(toHex(write.key)).toBe("72000001027a6b");
    expect(write).toMatchObject({ type: "put", value: utf8("v") });
    expect(splitRowKey(write.key)).toEqual({ generation: 0x0102, key: utf8("zk") });
  });

  test("one row says which generation counts", () => {
    const write = generationWrite(0x0708);
    expect(toHex(write.key)).toBe("6367");
    if (write.type !== "put") throw new Error("it is put");
    expect(toHex(write.value)).toBe("0108070000");
    expect(readGeneration(write.value)).toBe(0x0708);
  });

  test("keep the order of the machine's keys, one generation behind the other", () => {
    fc.assert(
      fc.property(generations, keys, generations, keys, (one, oneKey, other, otherKey) => {
        const order = Math.sign(compareBytes(keyOf(one, oneKey), keyOf(other, otherKey)));
        const expected =
          one === other ? Math.sign(compareBytes(oneKey, otherKey)) : Math.sign(one - other);
        expect(order).toBe(expected);
      }),
    );
  });

  test("lie in the range of their generation, and of no other", () => {
    const edge = fc.oneof(generations, fc.constantFrom(0, 1, 0xffff_fffe, 0xffff_ffff));
    fc.assert(
      fc.property(edge, edge, keys, (one, other, key) => {
        expect(isIn(rowsOf(one), keyOf(other, key))).toBe(one === other);
        expect(isIn(ALL_ROWS, keyOf(other, key))).toBe(true);
      }),
    );
  });
});
