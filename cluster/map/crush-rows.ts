/**
 * A CRUSH map in rows: a map of ten thousand OSDs has a megabyte, and an edit changes a few of its buckets. Buckets,
 * rules and choose_args are written as in the binary form, which defines them already.
 */

import { bucketArgsForm, ruleForm } from "../../crush/binary.ts";
import { bucketForm } from "../../crush/binary-bucket.ts";
import { ByteReader, ByteWriter, type Form } from "../../crush/binary-form.ts";
import { CrushError } from "../../crush/error.ts";
import {
  BUCKET_COUNT_MAX,
  CHOOSE_ARGS_COUNT_MAX,
  DEVICE_COUNT_MAX,
  RULE_COUNT_MAX,
} from "../../crush/limits.ts";
import type { BucketArgs, ChooseArgs, CrushBucket, CrushMap, Rule } from "../../crush/types.ts";
import { type Codec, checked, i64, list, map, record, type TypeOf, u32 } from "../wire/codec.ts";

const NO_ARGS: ChooseArgs = new Map();

function formCodec<T>(form: Form<T | undefined>): Codec<T> {
  return {
    encode(out, value) {
      const output = new ByteWriter();
      form.write(output, value);
      out.bytes(output.finish());
    },
    decode(input) {
      const bytes = input.bytes();
      try {
        const reader = new ByteReader(bytes);
        const value = form.read(reader);
        if (value !== undefined && reader.isAtEnd) return value;
      } catch (error) {
        if (!(error instanceof CrushError)) throw error;
        throw input.fail("OUT_OF_RANGE", error.message, bytes.byteLength);
      }
      throw input.fail("OUT_OF_RANGE", "not what this field allows", bytes.byteLength);
    },
    sizeMin: 4,
  };
}

export const crushBucket: Codec<CrushBucket> = formCodec(bucketForm());
export const crushRule: Codec<Rule> = formCodec(ruleForm);
export const crushBucketArgs: Codec<BucketArgs> = formCodec(bucketArgsForm);

function upTo(max: number): Codec<number> {
  return checked(u32, (value) => (value <= max ? value : undefined));
}

/** Indexes of arrays, which grow to them. */
export const crushSlot = upTo(BUCKET_COUNT_MAX - 1);
export const crushRuleId = upTo(RULE_COUNT_MAX - 1);

/** A pool's id, or a number below 0 for a set that belongs to none. */
export const chooseArgsKey: Codec<number> = {
  encode: (out, key) => i64.encode(out, BigInt(key)),
  decode(input) {
    const key = Number(i64.decode(input));
    if (Number.isSafeInteger(key)) return key;
    throw input.fail("OUT_OF_RANGE", "a key of choose_args has more than 53 bits", 8);
  },
  sizeMin: 8,
};

/** Its entries stand in the order of their keys: equal maps must have equal bytes, however they came about. */
export function sortedMap<V>(
  key: Codec<number>,
  value: Codec<V>,
  limit: { readonly max: number },
): Codec<ReadonlyMap<number, V>> {
  const plain = map(key, value, limit);
  return {
    ...plain,
    encode: (out, values) =>
      plain.encode(out, new Map([...values].sort(([left], [right]) => left - right))),
  };
}

/** What no row has: the tunables, how many slots there are, empty ones included, and choose_args without buckets. */
export const crushShape = record({
  slotCount: upTo(BUCKET_COUNT_MAX),
  ruleCount: upTo(RULE_COUNT_MAX),
  maxDevices: upTo(DEVICE_COUNT_MAX),
  /** A pool that has an empty set of its own is not placed by the default one. */
  emptyChooseArgs: list(chooseArgsKey, { max: CHOOSE_ARGS_COUNT_MAX }),
  chooseLocalTries: u32,
  chooseLocalFallbackTries: u32,
  chooseTotalTries: u32,
  chooseleafDescendOnce: u32,
  chooseleafVaryR: u32,
  chooseleafStable: u32,
  strawCalcVersion: u32,
  allowedBucketAlgs: u32,
});
export type CrushShape = TypeOf<typeof crushShape>;

export function shapeOf(map: CrushMap): CrushShape {
  const { buckets, rules, maxDevices, tunables, chooseArgs } = map;
  const empty = [...chooseArgs].flatMap(([key, args]) => (args.size === 0 ? [key] : []));
  return {
    slotCount: buckets.length,
    ruleCount: rules.length,
    maxDevices,
    emptyChooseArgs: empty.sort((left, right) => left - right),
    ...tunables,
  };
}

/** After its rows were changed. */
export function withShape(map: CrushMap, shape: CrushShape): CrushMap {
  const { slotCount, ruleCount, maxDevices, emptyChooseArgs, ...tunables } = shape;
  const { buckets, rules } = map;
  const used = [...map.chooseArgs].filter(([, args]) => args.size > 0);
  return {
    ...map,
    buckets: ofLength(buckets, slotCount),
    rules: ofLength(rules, ruleCount),
    maxDevices,
    tunables,
    chooseArgs: new Map([...emptyChooseArgs.map((key) => [key, NO_ARGS] as const), ...used]),
  };
}

function ofLength<T>(
  slots: readonly (T | undefined)[],
  length: number,
): readonly (T | undefined)[] {
  if (slots.length === length) return slots;
  return Array.from({ length }, (_, slot) => slots[slot]);
}
