/**
 * Jute, the encoding of ZooKeeper's records: big-endian, without names, tags or versions.
 *
 *   int       4 bytes
 *   long      8 bytes
 *   boolean   1 byte; whatever is not 0 is true
 *   ustring   int size, then UTF-8; size -1 is null
 *   buffer    int size, then the bytes; size -1 is null
 *   vector    int count, then the elements; count -1 is null
 *
 * Types come from `record` of wire/codec.ts. Where Apache ZooKeeper is lenient, so is this: a text
 * that is no UTF-8 gets replacement characters, which no path may have; a null text or vector is
 * read as an empty one, unless that would mean something else than the null. What nothing can be
 * made of throws CodecError. Only where Apache ZooKeeper writes what nobody can read is this not
 * like it: there a character beyond U+FFFF becomes six bytes that are no UTF-8.
 */
import { assert } from "../base/assert.ts";
import type { Codec } from "../wire/codec.ts";
import { within } from "../wire/codec-error.ts";
import type { Reader } from "../wire/reader.ts";

const NULL_SIZE = -1;
/** Far above what fits into a packet, which is what really bounds a vector. */
export const ELEMENT_COUNT_MAX = 1 << 24;

export const int: Codec<number> = {
  encode: (out, value) => out.i32be(value),
  decode: (input) => input.i32be(),
  sizeMin: 4,
};

/**
 * Whole numbers that JavaScript is exact about. One from a peer that is beyond them becomes the
 * nearest that is not: nothing that Kelp counts gets there, and for what others may send (a time to
 * live, the last zxid of another ensemble) "too large" is all that matters.
 */
export const long: Codec<number> = {
  encode(out, value) {
    assert(Number.isSafeInteger(value), `${value} is no exact whole number`);
    out.i32be(Math.floor(value / 2 ** 32));
    out.i32be(value | 0); // Takes the value modulo 2^32.
  },
  decode(input) {
    const high = input.i32be();
    const value = high * 2 ** 32 + (input.i32be() >>> 0);
    return Math.min(Math.max(value, Number.MIN_SAFE_INTEGER), Number.MAX_SAFE_INTEGER);
  },
  sizeMin: 8,
};

/** All 64 bits, for what is compared and never counted: session ids use the high ones. */
export const long64: Codec<bigint> = {
  encode: (out, value) => out.i64be(value),
  decode: (input) => input.i64be(),
  sizeMin: 8,
};

export const bool: Codec<boolean> = {
  encode: (out, value) => out.bool(value),
  decode: (input) => input.u8() !== 0,
  sizeMin: 1,
};

/** Decoded as a view of the input. A null is undefined. */
export const buffer: Codec<Uint8Array | undefined> = {
  encode(out, value) {
    out.i32be(value === undefined ? NULL_SIZE : value.byteLength);
    if (value !== undefined) out.raw(value);
  },
  decode(input) {
    const size = readSize(input);
    return size === NULL_SIZE ? undefined : input.raw(size);
  },
  sizeMin: 4,
};

export const ustring: Codec<string> = {
  encode: (out, value) => out.strBe(value),
  decode: (input) => input.lossyText(Math.max(readSize(input), 0)),
  sizeMin: 4,
};

/**
 * For texts that may be empty but not null. ZooKeeper finds the null only when it looks at the text,
 * and then says what it says of bytes that cannot be read.
 */
export const presentUstring: Codec<string> = {
  encode: ustring.encode,
  decode(input) {
    const size = readSize(input);
    if (size === NULL_SIZE) throw input.fail("OUT_OF_RANGE", "a null where a text has to be", 4);
    return input.lossyText(size);
  },
  sizeMin: 4,
};

/** For the few texts of which null means something of its own. */
export const nullableUstring: Codec<string | undefined> = {
  encode(out, value) {
    if (value === undefined) out.i32be(NULL_SIZE);
    else out.strBe(value);
  },
  decode(input) {
    const size = readSize(input);
    return size === NULL_SIZE ? undefined : input.lossyText(size);
  },
  sizeMin: 4,
};

export interface VectorOptions {
  readonly max?: number;
  /** Refuse a null instead of taking it for an empty one. */
  readonly isPresent?: boolean;
}

export function vector<T>(
  element: Codec<T>,
  { max = ELEMENT_COUNT_MAX, isPresent = false }: VectorOptions = {},
): Codec<readonly T[]> {
  const sizeMin = element.sizeMin ?? 0;
  return {
    encode(out, values) {
      assert(values.length <= max, `${values.length} elements where ${max} are allowed`);
      out.i32be(values.length);
      for (let index = 0; index < values.length; index++) element.encode(out, values[index] as T);
    },
    decode(input) {
      const size = readSize(input);
      if (isPresent && size === NULL_SIZE) {
        throw input.fail("OUT_OF_RANGE", "a null where a list has to be", 4);
      }
      const count = Math.max(size, 0);
      if (count > max) {
        throw input.fail("TOO_LARGE", `${count} elements where ${max} are allowed`, 4);
      }
      if (count * sizeMin > input.remaining) {
        throw input.fail("TRUNCATED", `${count} elements cannot be in what is left`, 4);
      }
      const values: T[] = [];
      try {
        for (let index = 0; index < count; index++) values.push(element.decode(input));
      } catch (error) {
        throw within(error, values.length);
      }
      return values;
    },
    sizeMin: 4,
  };
}

function readSize(input: Reader): number {
  const size = input.i32be();
  if (size < NULL_SIZE) throw input.fail("OUT_OF_RANGE", `${size} is no size`, 4);
  return size;
}
