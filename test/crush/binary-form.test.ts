import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  ByteReader,
  ByteWriter,
  type Form,
  list,
  nameAfterKey,
  record,
  row,
  s32,
  s64,
  table,
  text,
  u8,
  u16,
  u32,
} from "../../crush/binary-form.ts";
import { failureOf } from "./map-texts.ts";

function written<T>(form: Form<T>, value: T): number[] {
  const output = new ByteWriter();
  form.write(output, value);
  return [...output.finish()];
}

function read<T>(form: Form<T>, bytes: readonly number[]): T {
  return form.read(new ByteReader(Uint8Array.from(bytes)));
}

const numbers = list(u32, u16, { sizeMin: 2, countMax: 3 });

describe("a form", () => {
  test.each<[string, Form<never>, unknown, number[]]>([
    ["u8", u8 as Form<never>, 200, [200]],
    ["u16", u16 as Form<never>, 0x0102, [2, 1]],
    ["u32", u32 as Form<never>, 0xfffffffe, [0xfe, 0xff, 0xff, 0xff]],
    ["s32", s32 as Form<never>, -2, [0xfe, 0xff, 0xff, 0xff]],
    ["s64", s64 as Form<never>, -1, [255, 255, 255, 255, 255, 255, 255, 255]],
    ["s64", s64 as Form<never>, 2 ** 32 + 5, [5, 0, 0, 0, 1, 0, 0, 0]],
    ["text", text as Form<never>, "é", [2, 0, 0, 0, 0xc3, 0xa9]],
    ["record", record({ a: u8, b: u16 }) as Form<never>, { a: 1, b: 2 }, [1, 2, 0]],
    ["row", row(u8, 2) as Form<never>, [1, 2], [1, 2]],
    ["list", numbers as Form<never>, [7], [1, 0, 0, 0, 7, 0]],
  ])("%s is written and read the same", (_, form, value, bytes) => {
    expect(written(form, value as never)).toEqual(bytes);
    expect(read(form, bytes)).toEqual(value);
  });

  test("a table is in ascending order of its keys", () => {
    const form = table(s32, u32);
    const bytes = written(
      form,
      new Map([
        [1, 10],
        [-1, 20],
      ]),
    );
    expect(bytes).toEqual([2, 0, 0, 0, 255, 255, 255, 255, 20, 0, 0, 0, 1, 0, 0, 0, 10, 0, 0, 0]);
    expect(read(form, bytes)).toEqual(
      new Map([
        [-1, 20],
        [1, 10],
      ]),
    );
  });

  test("a name after a key of 64 bits is found behind its upper half", () => {
    expect(
      read(table(s32, nameAfterKey), [1, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 97]),
    ).toEqual(new Map([[5, "a"]]));
  });

  test("safe integers survive 64 bits", () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), (value) => {
        expect(read(s64, written(s64, value))).toBe(value);
      }),
    );
  });

  test("a writer grows with what is written", () => {
    const values = Array.from({ length: 10_000 }, (_, index) => index);
    expect(read(row(u32, 10_000), written(row(u32, 10_000), values))).toEqual(values);
  });
});

describe("bytes that are not of a form", () => {
  test.each<[string, Form<never>, number[], string]>([
    [
      "a number that is cut",
      u32 as Form<never>,
      [1, 2],
      "at byte 0: a number takes 4 bytes, but only 2 are left",
    ],
    [
      "a text that is cut",
      text as Form<never>,
      [5, 0, 0, 0, 97],
      "at byte 4: a name takes 5 bytes, but only 1 are left",
    ],
    [
      "a text that is not UTF-8",
      text as Form<never>,
      [1, 0, 0, 0, 0xff],
      "at byte 4: a name is not UTF-8",
    ],
    [
      "an absurd count",
      numbers as Form<never>,
      [255, 255, 255, 255],
      "at byte 4: a count of 4294967295 does not fit into the 0 bytes left",
    ],
    [
      "too high a count",
      numbers as Form<never>,
      [4, 0, 0, 0, 1, 0, 1, 0, 1, 0, 1, 0],
      "at byte 4: a count of 4 is more than the 3 that are allowed",
    ],
    [
      "a number of more than 53 bits",
      s64 as Form<never>,
      [0, 0, 0, 0, 0, 0, 0, 127],
      "at byte 0: a 64-bit number has more than 53 bits",
    ],
  ])("%s", (_, form, bytes, message) => {
    expect(failureOf(() => read(form, bytes)).message).toBe(message);
  });
});
