/** Whatever the bytes are, what decodes them returns a value or throws CodecError. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { toHex } from "../../../cluster/base/bytes.ts";
import {
  createPrng,
  type Prng,
  randomBytes,
  randomInt,
  randomPick,
} from "../../../cluster/base/prng.ts";
import { type Codec, decode, encode } from "../../../cluster/wire/codec.ts";
import { CodecError } from "../../../cluster/wire/codec-error.ts";
import { OPEN_ACL } from "../../../cluster/zookeeper/acl.ts";
import { replyHeader, requestHeader } from "../../../cluster/zookeeper/header-records.ts";
import { multiRequest } from "../../../cluster/zookeeper/multi-records.ts";
import { OPERATIONS } from "../../../cluster/zookeeper/operations.ts";
import { connectRequest, connectResponse } from "../../../cluster/zookeeper/session-records.ts";
import { watcherEvent } from "../../../cluster/zookeeper/watch-records.ts";

const VALUE_COUNT = 200_000;

const CODECS: readonly Codec<unknown>[] = [
  ...Object.values(OPERATIONS).flatMap(({ request, response }): Codec<unknown>[] => [
    request as Codec<unknown>,
    response as Codec<unknown>,
  ]),
  connectRequest as Codec<unknown>,
  connectResponse as Codec<unknown>,
  requestHeader as Codec<unknown>,
  replyHeader as Codec<unknown>,
  watcherEvent as Codec<unknown>,
];

const create = { path: "/a/b", data: Uint8Array.of(1, 2), acl: OPEN_ACL, flags: 0 };
const SEEDS: readonly (readonly [Codec<unknown>, Uint8Array])[] = [
  seed(OPERATIONS.create.request, create),
  seed(multiRequest, [
    { type: "create", ...create },
    { type: "delete", path: "/a", version: 1 },
  ]),
  seed(OPERATIONS.setWatches2.request, {
    relativeZxid: 5,
    dataWatches: ["/a", "/b"],
    existWatches: ["/c"],
    childWatches: [],
    persistentWatches: ["/d"],
    persistentRecursiveWatches: ["/"],
  }),
  seed(OPERATIONS.getChildren.response, { children: ["a", "b", "c"] }),
  seed(connectRequest, {
    protocolVersion: 0,
    lastZxidSeen: 0,
    timeOut: 1000,
    sessionId: 0n,
    passwd: new Uint8Array(16),
  }),
];

function seed<T>(codec: Codec<T>, value: T): [Codec<unknown>, Uint8Array] {
  return [codec as Codec<unknown>, encode(codec, value)];
}

/** Half of the mutants go to the codec that their seed was made for. */
function hostile(prng: Prng): [Codec<unknown>, Uint8Array] {
  const codec = randomPick(prng, CODECS);
  if (randomInt(prng, 4) === 0) return [codec, randomBytes(prng, randomInt(prng, 120))];
  const [own, valid] = randomPick(prng, SEEDS);
  return [randomInt(prng, 2) === 0 ? own : codec, mutant(prng, valid)];
}

function mutant(prng: Prng, valid: Uint8Array): Uint8Array {
  const bytes = Uint8Array.from(valid);
  for (let changes = randomInt(prng, 4); changes > 0; changes--) {
    const at = randomInt(prng, bytes.byteLength);
    bytes[at] = randomPick(prng, [0, 1, 2, 0x7f, 0x80, 0xff, randomInt(prng, 256)]);
  }
  return randomInt(prng, 4) === 0 ? bytes.subarray(0, randomInt(prng, bytes.byteLength)) : bytes;
}

const { stackTraceLimit } = Error;
beforeAll(() => {
  Error.stackTraceLimit = 0;
});
afterAll(() => {
  Error.stackTraceLimit = stackTraceLimit;
});

test(`${VALUE_COUNT} values; those that decode survive being written and read again`, () => {
  const prng = createPrng(1);
  const tally = { values: 0, errors: 0 };
  for (let count = 0; count < VALUE_COUNT; count++) {
    const [codec, bytes] = hostile(prng);
    let value: unknown;
    try {
      value = decode(codec, bytes);
    } catch (error) {
      if (!(error instanceof CodecError)) throw error;
      tally.errors += 1;
      continue;
    }
    tally.values += 1;
    const again = encode(codec, value);
    // A second encoding may differ from a sloppy first one, but never from itself.
    expect(toHex(encode(codec, decode(codec, again)))).toBe(toHex(again));
  }
  expect(tally.values).toBeGreaterThan(VALUE_COUNT / 20);
  expect(tally.errors).toBeGreaterThan(VALUE_COUNT / 4);
});
