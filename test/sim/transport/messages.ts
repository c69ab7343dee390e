/** What the members of the transport scenario say to each other, and the bytes that go with it. */
import { compareBytes } from "../../../cluster/base/bytes.ts";
import { createPrng, randomBytes } from "../../../cluster/base/prng.ts";
import { oneOf, record, u32, u53 } from "../../../cluster/wire/codec.ts";
import { createRegistry, type MessageOf } from "../../../cluster/wire/registry.ts";
import { versioned } from "../../../cluster/wire/versioned.ts";

/** What becomes of a request: forward asks a third member first, garbled throws a CodecError. */
export const VERDICTS = ["answer", "refuse", "garbled", "forward"] as const;
export type Verdict = (typeof VERDICTS)[number];

export const talkRegistry = createRegistry({
  ask: {
    id: 0x0100,
    body: versioned(1, record({ number: u53, verdict: oneOf(...VERDICTS) })),
  },
  told: { id: 0x0101, body: versioned(1, record({ number: u53 })) },
  /** One way. Each life of a member numbers what it sends to a peer. */
  note: { id: 0x0102, body: versioned(1, record({ life: u53, sequence: u53, holdMs: u32 })) },
});
export type Talk = MessageOf<typeof talkRegistry>;

export const PAYLOAD_SIZE_MAX = 4 << 20;
/** Every payload is a piece of it, so that none costs time to make. */
const POOL = randomBytes(createPrng(1), PAYLOAD_SIZE_MAX + (64 << 10));
const STRIDE = 7919;

export function payloadOf(key: number, size: number): Uint8Array {
  const from = (key * STRIDE) % (POOL.byteLength - size + 1);
  return POOL.subarray(from, from + size);
}

export function isPayloadOf(bytes: Uint8Array, key: number, size: number): boolean {
  return bytes.byteLength === size && compareBytes(bytes, payloadOf(key, size)) === 0;
}
