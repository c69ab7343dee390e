/**
 * A million hostile inputs, the same ones every time. Whatever the bytes are, what decodes them
 * returns a value or throws the error that its callers expect, and allocates no more than its
 * limits allow.
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { EMPTY_BYTES, equalBytes, toHex } from "../../../cluster/base/bytes.ts";
import { peerName } from "../../../cluster/base/ids.ts";
import {
  createPrng,
  type Prng,
  randomBetween,
  randomBytes,
  randomInt,
  randomPick,
  randomU32,
} from "../../../cluster/base/prng.ts";
import { xxh64 } from "../../../cluster/wire/checksum.ts";
import {
  bool,
  bytes,
  decode,
  encode,
  list,
  map,
  oneOf,
  optional,
  record,
  str,
  type TypeOf,
  tuple,
  u8,
  u32,
  u53,
  u64,
  union,
} from "../../../cluster/wire/codec.ts";
import { CodecError } from "../../../cluster/wire/codec-error.ts";
import { encodeFrame, type Frame, FrameDecoder, HEADER_SIZE } from "../../../cluster/wire/frame.ts";
import {
  HANDSHAKE_LIMITS,
  HandshakeAcceptor,
  HandshakeError,
  type HandshakeIdentity,
  HandshakeInitiator,
  type HandshakeStep,
} from "../../../cluster/wire/handshake.ts";
import { createRegistry } from "../../../cluster/wire/registry.ts";
import { versioned } from "../../../cluster/wire/versioned.ts";

const FRAME_COUNT = 500_000;
/** Made first and then read together, so that only what reading allocates is seen. */
const BLOCK_COUNT = 1000;
const VALUE_COUNT = 450_000;
const HANDSHAKE_COUNT = 50_000;

const LIMITS = { controlSizeMax: 512, payloadSizeMax: 2048 };
const HEADER = { flags: 0, correlation: 1, timeoutMs: 0 };

const everything = record({
  numbers: tuple(u8, u32, u53, u64),
  text: str,
  raw: bytes,
  flag: optional(bool),
  kind: oneOf("a", "b", "c"),
  children: list(record({ key: str, value: optional(bytes) }), { max: 50 }),
  index: map(str, list(u8, { max: 100 }), { max: 50 }),
  nothings: list(record({}), { max: 50 }),
  change: union({
    put: { id: 1, body: record({ key: str, size: u53 }) },
    clear: { id: 4, body: record({}) },
  }),
});
const first = versioned(1, record({ text: str }));
const second = versioned(2, everything, {
  previous: first,
  migrate: ({ text }) => ({ ...VALUE, text }),
});
const registry = createRegistry({
  first: { id: 0x0100, body: first },
  second: { id: 0x0101, body: second },
});

const VALUE: TypeOf<typeof everything> = {
  numbers: [1, 2, 3, 4n],
  text: "a short text",
  raw: Uint8Array.of(1, 2, 3),
  flag: true,
  kind: "b",
  children: [
    { key: "é", value: Uint8Array.of(9) },
    { key: "a text that is longer than the short ones" },
  ],
  index: new Map([
    ["a", [1, 2]],
    ["b", []],
  ]),
  nothings: [{}, {}],
  change: { type: "put", key: "k", size: 5 },
};

describe("hostile bytes:", () => {
  // Half of the time would go into recording where errors that are expected were made.
  const { stackTraceLimit } = Error;
  beforeAll(() => {
    Error.stackTraceLimit = 0;
  });
  afterAll(() => {
    Error.stackTraceLimit = stackTraceLimit;
  });

  test(`${FRAME_COUNT} streams of frames`, () => {
    const prng = createPrng(1);
    const frames = validFrames();
    const tally = { frames: 0, messages: 0, errors: 0 };
    let largest = 0;
    for (let count = 0; count < FRAME_COUNT; count += BLOCK_COUNT) {
      const streams = Array.from({ length: BLOCK_COUNT }, () => hostileStream(prng, frames));
      const size = largestAllocation(() => {
        for (const stream of streams) readStream(stream, prng, tally);
      });
      largest = Math.max(largest, size);
    }
    // Every way through the decoder was taken, often.
    expect(tally.frames).toBeGreaterThan(FRAME_COUNT / 20);
    expect(tally.messages).toBeGreaterThan(FRAME_COUNT / 100);
    expect(tally.errors).toBeGreaterThan(FRAME_COUNT / 4);
    expect(largest).toBe(LIMITS.payloadSizeMax);
  });

  test(`${VALUE_COUNT} encoded values; those that decode have only that one encoding`, () => {
    const prng = createPrng(2);
    const valid = encode(everything, VALUE);
    const tally = { values: 0, errors: 0 };
    for (let count = 0; count < VALUE_COUNT; count++) {
      const input = count % 8 === 0 ? randomBytes(prng, randomInt(prng, 100)) : mutant(prng, valid);
      const value = resultOf(CodecError, () => decode(everything, input));
      if (value === undefined) tally.errors += 1;
      else {
        tally.values += 1;
        const again = encode(everything, value);
        if (!equalBytes(again, input)) expect(toHex(again)).toBe(toHex(input));
      }
    }
    expect(tally.values).toBeGreaterThan(VALUE_COUNT / 20);
    expect(tally.errors).toBeGreaterThan(VALUE_COUNT / 4);
  });

  test(`${HANDSHAKE_COUNT} handshake frames, none of which gets anybody in`, () => {
    const prng = createPrng(3);
    const recorded = recordedHandshake();
    let refused = 0;
    for (let count = 0; count < HANDSHAKE_COUNT; count++) {
      if (attackHandshake(prng, recorded) === "refused") refused += 1;
    }
    expect(refused).toBe(HANDSHAKE_COUNT);
  });
});

/**
 * The result, or undefined if it threw the one error that it may throw; any other fails the test.
 */
function resultOf<T>(allowed: new (...args: never[]) => Error, act: () => T): T | undefined {
  try {
    return act();
  } catch (error) {
    if (error instanceof allowed) return undefined;
    throw error;
  }
}

/**
 * Runs `act` and returns the size of the largest buffer that it asked for before it had the bytes.
 */
function largestAllocation(act: () => void): number {
  const allocate = Buffer.allocUnsafeSlow;
  let largest = 0;
  Buffer.allocUnsafeSlow = (size) => {
    largest = Math.max(largest, size);
    return allocate(size);
  };
  try {
    act();
  } finally {
    Buffer.allocUnsafeSlow = allocate;
  }
  return largest;
}

function validFrames(): Uint8Array[] {
  const prng = createPrng(4);
  return Array.from({ length: 30 }, (_, index) => {
    const payload = randomBytes(prng, [0, 1, 100, 2048][index % 4] ?? 0);
    const encoded = encodeFrame(
      HEADER,
      (out) =>
        index % 3 === 0
          ? registry.encode(out, { type: "first", text: `${index}` })
          : registry.encode(out, { type: "second", ...VALUE }),
      payload,
    );
    return Uint8Array.from(Buffer.concat(encoded));
  });
}

function hostileStream(prng: Prng, frames: readonly Uint8Array[]): Uint8Array {
  const frame = randomPick(prng, frames);
  switch (randomInt(prng, 8)) {
    case 0:
      return randomBytes(prng, randomInt(prng, 120));
    case 1:
      return lyingSizes(prng, frame);
    case 2:
      return sealed(mutant(prng, frame));
    case 3:
      return forged(prng, frame);
    case 4:
      return Buffer.concat([frame, mutant(prng, randomPick(prng, frames))]);
    default:
      return mutant(prng, frame);
  }
}

/** Bit flips, a changed number, a cut, bytes taken out, put in or doubled. */
function mutant(prng: Prng, source: Uint8Array): Uint8Array {
  const result = source.slice();
  const at = randomInt(prng, source.byteLength);
  switch (randomInt(prng, 6)) {
    case 0:
      for (let flips = randomBetween(prng, 1, 4); flips > 0; flips--) flip(prng, result);
      return result;
    case 1:
      result[at] = randomPick(prng, [0, 1, 2, 0x7f, 0x80, 0xff]);
      return result;
    case 2:
      return result.subarray(0, at);
    case 3:
      return Buffer.concat([source.subarray(0, at), source.subarray(at + randomInt(prng, 9))]);
    case 4:
      return Buffer.concat([source.subarray(0, at), randomBytes(prng, 4), source.subarray(at)]);
    default:
      return Buffer.concat([source.subarray(0, at), source.subarray(randomInt(prng, at + 1))]);
  }
}

function flip(prng: Prng, target: Uint8Array): void {
  const at = randomInt(prng, target.byteLength);
  target[at] = (target[at] ?? 0) ^ (1 << randomInt(prng, 8));
}

/** Sizes that the header's checksum vouches for and that are not true. */
function lyingSizes(prng: Prng, frame: Uint8Array): Uint8Array {
  const result = frame.slice();
  const view = new DataView(result.buffer, result.byteOffset);
  const sizes = [0, 1, 511, 512, 513, 2047, 2048, 2049, 0x7fff_ffff, 0xffff_ffff, randomU32(prng)];
  view.setUint32(12, randomPick(prng, sizes), true);
  view.setUint32(16, randomPick(prng, sizes), true);
  return sealed(result);
}

/** A frame whose checksums are all right and whose control part is a mutant. */
function forged(prng: Prng, frame: Uint8Array): Uint8Array {
  const controlSize = new DataView(frame.buffer, frame.byteOffset).getUint32(12, true);
  const control = mutant(prng, frame.subarray(HEADER_SIZE, HEADER_SIZE + controlSize));
  const type = randomPick(prng, [0x0100, 0x0101, 0x0102]);
  const chunks = encodeFrame(HEADER, (out) => {
    out.raw(control);
    return type;
  });
  return Buffer.concat(chunks);
}

/** Makes the header's checksum right again. */
function sealed(frame: Uint8Array): Uint8Array {
  if (frame.byteLength < HEADER_SIZE) return frame;
  const result = Uint8Array.from(frame);
  const checksum = xxh64(result.subarray(0, HEADER_SIZE - 8));
  new DataView(result.buffer).setBigUint64(HEADER_SIZE - 8, checksum, true);
  return result;
}

interface StreamTally {
  frames: number;
  messages: number;
  errors: number;
}

/** Reads the stream in up to three chunks, as a connection would. */
function readStream(stream: Uint8Array, prng: Prng, tally: StreamTally): void {
  const cut = randomInt(prng, stream.byteLength + 1);
  const chunks = [
    stream.subarray(0, cut),
    stream.subarray(cut, cut + 50),
    stream.subarray(cut + 50),
  ];
  const decoder = new FrameDecoder(LIMITS);
  for (const chunk of chunks) {
    const done = resultOf(CodecError, () => {
      decoder.push(chunk);
      for (let frame = decoder.next(); frame !== undefined; frame = decoder.next()) {
        tally.frames += 1;
        checkFrame(frame, tally);
      }
      return true;
    });
    if (done === undefined) {
      tally.errors += 1;
      return;
    }
  }
}

function checkFrame(frame: Frame, tally: StreamTally): void {
  const { type, control, payload } = frame;
  if (control.byteLength > LIMITS.controlSizeMax || payload.byteLength > LIMITS.payloadSizeMax) {
    throw new RangeError("a frame above its limits");
  }
  registry.decode(type, control);
  tally.messages += 1;
}

const MEMBER: HandshakeIdentity = {
  name: peerName("osd.1"),
  clusterKey: new Uint8Array(32).fill(7),
  versionMin: 1,
  versionMax: 3,
  features: ["a", "b"],
  requiredFeatures: ["a"],
};

function nonce(byte: number): Uint8Array {
  return new Uint8Array(32).fill(byte);
}

function frameOf(chunks: readonly Uint8Array[]): Frame {
  const decoder = new FrameDecoder(HANDSHAKE_LIMITS);
  for (const chunk of chunks) decoder.push(chunk);
  const frame = decoder.next();
  if (frame === undefined) throw new RangeError("no frame");
  return frame;
}

/** HELLO, CHALLENGE, PROOF and WELCOME of a handshake that succeeds. */
function recordedHandshake(): Frame[] {
  const left = new HandshakeInitiator(MEMBER, nonce(1));
  const right = new HandshakeAcceptor(MEMBER, nonce(2));
  const hello = frameOf(left.start());
  const challenge = frameOf(right.receive(hello).send);
  const proof = frameOf(left.receive(challenge).send);
  const welcome = frameOf(right.receive(proof).send);
  expect(left.receive(welcome).session?.peer).toBe("osd.1");
  return [hello, challenge, proof, welcome];
}

/**
 * Repeats the recorded handshake with the same nonces, one message of it changed. Whichever of the
 * two sees the change first may not notice; then the other must refuse what it answers.
 */
function attackHandshake(prng: Prng, recorded: readonly Frame[]): "refused" | "accepted" {
  const target = randomInt(prng, recorded.length);
  const changed = changedControl(prng, recorded[target]?.control ?? EMPTY_BYTES);
  const carry = (index: number, chunks: readonly Uint8Array[]): Frame => {
    const frame = frameOf(chunks);
    return index === target ? { ...frame, control: changed } : frame;
  };
  const left = new HandshakeInitiator(MEMBER, nonce(1));
  const right = new HandshakeAcceptor(MEMBER, nonce(2));
  const last = resultOf(HandshakeError, (): HandshakeStep => {
    const challenge = right.receive(carry(0, left.start()));
    const proof = left.receive(carry(1, challenge.send));
    const welcome = right.receive(carry(2, proof.send));
    return left.receive(carry(3, welcome.send));
  });
  return last === undefined ? "refused" : "accepted";
}

function changedControl(prng: Prng, control: Uint8Array): Uint8Array {
  const changed = mutant(prng, control);
  return equalBytes(changed, control) ? EMPTY_BYTES : changed;
}
