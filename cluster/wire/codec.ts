/**
 * A codec is a declaration; both directions and the TypeScript type come from it:
 *
 *   const accept = record({ ballot: u53, slot: u53, entries: list(entry, { max: 1000 }) });
 *   type Accept = TypeOf<typeof accept>;
 *
 * On the wire a record is its fields in the order of the declaration, without names. Little-endian
 * throughout:
 *
 *   u8 u16 u32 i32    1, 2, 4, 4 bytes
 *   u64 i64 f64       8 bytes
 *   u53               8 bytes, below 2^53
 *   bool              1 byte, 0 or 1
 *   bytes str         u32 size, then the bytes
 *   optional          1 byte, 0 or 1, then the value if 1
 *   oneOf             1 byte, the index of the literal
 *   list              u32 count, then the elements
 *   map               u32 count, then key and value by turns
 *   union             u8 number of the member, then its body
 *
 * Decoding hostile bytes throws CodecError and nothing else, and makes nothing larger than those
 * bytes justify. Encoding a value that does not fit its declaration is a bug and fails an
 * assertion.
 */
import { AssertionError, assert } from "../base/assert.ts";
import { within } from "./codec-error.ts";
import { Reader } from "./reader.ts";
import { Writer } from "./writer.ts";

export interface Codec<T> {
  encode(out: Writer, value: T): void;
  decode(input: Reader): T;
  /**
   * The fewest bytes that a value takes; 0 if not given. With it a list refuses a count that cannot
   * be true.
   */
  readonly sizeMin?: number;
}

export type TypeOf<C> = C extends Codec<infer T> ? T : never;

/** Results of `encode` share slabs of this size: one that is kept keeps no more than this alive. */
const ENCODE_SLAB_SIZE = 8 * 1024;
let idleWriter: Writer | undefined;

export function encode<T>(codec: Codec<T>, value: T): Uint8Array {
  // A codec whose encode calls this again finds none idle and makes its own.
  const out = idleWriter ?? new Writer(ENCODE_SLAB_SIZE);
  idleWriter = undefined;
  out.reset();
  codec.encode(out, value);
  idleWriter = out;
  return out.finish();
}

export function decode<T>(codec: Codec<T>, bytes: Uint8Array): T {
  const input = new Reader(bytes);
  const value = codec.decode(input);
  if (input.remaining > 0) throw input.fail("TRAILING", `${input.remaining} bytes after the end`);
  return value;
}

export const u8: Codec<number> = {
  encode: (out, value) => out.u8(value),
  decode: (input) => input.u8(),
  sizeMin: 1,
};
export const u16: Codec<number> = {
  encode: (out, value) => out.u16(value),
  decode: (input) => input.u16(),
  sizeMin: 2,
};
export const u32: Codec<number> = {
  encode: (out, value) => out.u32(value),
  decode: (input) => input.u32(),
  sizeMin: 4,
};
export const i32: Codec<number> = {
  encode: (out, value) => out.i32(value),
  decode: (input) => input.i32(),
  sizeMin: 4,
};
export const u53: Codec<number> = {
  encode: (out, value) => out.u53(value),
  decode: (input) => input.u53(),
  sizeMin: 8,
};
export const u64: Codec<bigint> = {
  encode: (out, value) => out.u64(value),
  decode: (input) => input.u64(),
  sizeMin: 8,
};
export const i64: Codec<bigint> = {
  encode: (out, value) => out.i64(value),
  decode: (input) => input.i64(),
  sizeMin: 8,
};
export const f64: Codec<number> = {
  encode: (out, value) => out.f64(value),
  decode: (input) => input.f64(),
  sizeMin: 8,
};
export const bool: Codec<boolean> = {
  encode: (out, value) => out.bool(value),
  decode: (input) => input.bool(),
  sizeMin: 1,
};
/** Decoded as a view of the input. */
export const bytes: Codec<Uint8Array> = {
  encode: (out, value) => out.bytes(value),
  decode: (input) => input.bytes(),
  sizeMin: 4,
};
export const str: Codec<string> = {
  encode: (out, value) => out.str(value),
  decode: (input) => input.str(),
  sizeMin: 4,
};

/**
 * Values of `codec` that `parse` accepts, under the type that it gives them; it returns undefined
 * for the others.
 */
export function checked<T extends Raw, Raw>(
  codec: Codec<Raw>,
  parse: (raw: Raw) => T | undefined,
): Codec<T> {
  return {
    encode(out, value) {
      if (parse(value) === undefined) {
        throw new AssertionError(`${String(value)} is not what its field allows`);
      }
      codec.encode(out, value);
    },
    decode(input) {
      const from = input.offset;
      const value = parse(codec.decode(input));
      if (value !== undefined) return value;
      throw input.fail("OUT_OF_RANGE", "not what this field allows", input.offset - from);
    },
    sizeMin: codec.sizeMin ?? 0,
  };
}

type Fields = Readonly<Record<string, Codec<unknown>>>;
type OptionalKey<F extends Fields> = {
  [K in keyof F]: undefined extends TypeOf<F[K]> ? K : never;
}[keyof F];
type Flat<T> = { [K in keyof T]: T[K] };
/** A field that may be undefined may also be left out; after decoding it is there, as undefined. */
export type RecordOf<F extends Fields> = Flat<
  { readonly [K in Exclude<keyof F, OptionalKey<F>>]: TypeOf<F[K]> } & {
    readonly [K in OptionalKey<F>]?: TypeOf<F[K]>;
  }
>;

export function record<const F extends Fields>(fields: F): Codec<RecordOf<F>> {
  const names = Object.keys(fields);
  const codecs = Object.values(fields);
  for (const name of names) assert(/^[a-z]\w*$/i.test(name), `${name} is no name for a field`);
  // Every decoded record starts as a copy of this one, so all have one hidden class from the start.
  const blank: Readonly<Record<string, unknown>> = Object.fromEntries(
    names.map((name) => [name, undefined]),
  );
  return {
    encode(out, value) {
      const values: Readonly<Record<string, unknown>> = value;
      for (let index = 0; index < codecs.length; index++) {
        (codecs[index] as Codec<unknown>).encode(out, values[names[index] as string]);
      }
    },
    decode(input) {
      const value = { ...blank };
      let index = 0;
      try {
        for (; index < codecs.length; index++) {
          value[names[index] as string] = (codecs[index] as Codec<unknown>).decode(input);
        }
      } catch (error) {
        throw within(error, names[index] as string);
      }
      return value as RecordOf<F>;
    },
    sizeMin: sumOfSizes(codecs),
  };
}

type TupleOf<C extends readonly Codec<unknown>[]> = { readonly [I in keyof C]: TypeOf<C[I]> };

export function tuple<const C extends readonly Codec<unknown>[]>(...codecs: C): Codec<TupleOf<C>> {
  return {
    encode(out, values) {
      for (let index = 0; index < codecs.length; index++) {
        (codecs[index] as Codec<unknown>).encode(out, values[index]);
      }
    },
    decode(input) {
      const values: unknown[] = [];
      try {
        for (const codec of codecs) values.push(codec.decode(input));
      } catch (error) {
        throw within(error, values.length);
      }
      return values as unknown as TupleOf<C>;
    },
    sizeMin: sumOfSizes(codecs),
  };
}

interface CountLimit {
  readonly max: number;
}

export function list<T>(element: Codec<T>, { max }: CountLimit): Codec<readonly T[]> {
  return {
    encode(out, values) {
      writeCount(out, values.length, max);
      for (let index = 0; index < values.length; index++) {
        element.encode(out, values[index] as T);
      }
    },
    decode(input) {
      const count = readCount(input, max, element.sizeMin ?? 0);
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

/**
 * Keys must be what a Map can compare: numbers, bigints, texts. Order is kept; a key that occurs
 * twice is refused.
 */
export function map<K extends number | bigint | string, V>(
  key: Codec<K>,
  value: Codec<V>,
  { max }: CountLimit,
): Codec<ReadonlyMap<K, V>> {
  const sizeMin = sumOfSizes([key, value]);
  return {
    encode(out, values) {
      writeCount(out, values.size, max);
      for (const [entryKey, entryValue] of values) {
        key.encode(out, entryKey);
        value.encode(out, entryValue);
      }
    },
    decode(input) {
      const count = readCount(input, max, sizeMin);
      const values = new Map<K, V>();
      try {
        while (values.size < count) {
          const entryKey = key.decode(input);
          if (values.has(entryKey)) throw input.fail("DUPLICATE", "this key occurs twice");
          values.set(entryKey, value.decode(input));
        }
      } catch (error) {
        throw within(error, values.size);
      }
      return values;
    },
    sizeMin: 4,
  };
}

export function optional<T>(codec: Codec<T>): Codec<T | undefined> {
  return {
    encode(out, value) {
      out.bool(value !== undefined);
      if (value !== undefined) codec.encode(out, value);
    },
    decode: (input) => (input.bool() ? codec.decode(input) : undefined),
    sizeMin: 1,
  };
}

/** One of these texts, by its index: a new one goes to the end. */
export function oneOf<const L extends readonly string[]>(...literals: L): Codec<L[number]> {
  assert(new Set(literals).size === literals.length, "every literal once");
  assert(literals.length <= 256, "an index fits into a byte");
  return {
    encode(out, value) {
      const index = literals.indexOf(value);
      if (index < 0) throw new AssertionError(`${value} is not among ${literals.join(", ")}`);
      out.u8(index);
    },
    decode(input) {
      const index = input.u8();
      const literal = literals[index];
      if (literal !== undefined) return literal;
      throw input.fail("OUT_OF_RANGE", `${index} stands for none of ${literals.join(", ")}`, 1);
    },
    sizeMin: 1,
  };
}

/**
 * Members of a union, or messages of a registry: each has a name, a number that never changes, and
 * a record.
 */
export type Variants = Readonly<
  Record<string, { readonly id: number; readonly body: Codec<object> }>
>;
type Tagged<Name extends string, Body> = "type" extends keyof Body
  ? never // A field of that name would be in the way.
  : Flat<{ readonly type: Name } & Body>;
export type VariantOf<V extends Variants> = {
  [K in keyof V & string]: Tagged<K, TypeOf<V[K]["body"]>>;
}[keyof V & string];

interface Variant {
  readonly type: string;
  readonly id: number;
  readonly body: Codec<object>;
}

/** Finds a variant by its name when encoding and by its number when decoding. */
export class VariantTable {
  readonly #byType = new Map<string, Variant>();
  readonly #byId = new Map<number, Variant>();

  constructor(variants: Variants, idMin: number, idMax: number) {
    for (const [type, { id, body }] of Object.entries(variants)) {
      assert(Number.isInteger(id), `${type}: ${id} is no whole number`);
      assert(id >= idMin && id <= idMax, `${type}: ${id} is not within ${idMin}..${idMax}`);
      assert(!this.#byId.has(id), `${type}: ${id} is also ${this.#byId.get(id)?.type}`);
      const variant = { type, id, body };
      this.#byType.set(type, variant);
      this.#byId.set(id, variant);
    }
  }

  of(value: { readonly type: string }): Variant {
    const variant = this.#byType.get(value.type);
    if (variant === undefined) throw new AssertionError(`${value.type} is not declared here`);
    return variant;
  }

  decode(id: number, input: Reader): { readonly type: string } {
    const variant = this.#byId.get(id);
    if (variant === undefined) throw input.fail("UNKNOWN_TYPE", `nothing has the number ${id}`);
    try {
      return { type: variant.type, ...variant.body.decode(input) };
    } catch (error) {
      throw within(error, variant.type);
    }
  }
}

export function union<const V extends Variants>(variants: V): Codec<VariantOf<V>> {
  const table = new VariantTable(variants, 0, 255);
  return {
    encode(out, value) {
      const variant = table.of(value);
      out.u8(variant.id);
      variant.body.encode(out, value);
    },
    decode: (input) => table.decode(input.u8(), input) as VariantOf<V>,
    sizeMin: 1,
  };
}

function sumOfSizes(codecs: readonly Codec<unknown>[]): number {
  return codecs.reduce((sum, codec) => sum + (codec.sizeMin ?? 0), 0);
}

function writeCount(out: Writer, count: number, max: number): void {
  if (count > max) throw new AssertionError(`${count} elements where ${max} are allowed`);
  out.u32(count);
}

function readCount(input: Reader, max: number, sizeMin: number): number {
  const count = input.u32();
  if (count > max) throw input.fail("TOO_LARGE", `${count} elements where ${max} are allowed`, 4);
  if (count * sizeMin > input.remaining) {
    throw input.fail("TRUNCATED", `${count} elements cannot be in ${input.remaining} bytes`, 4);
  }
  return count;
}
