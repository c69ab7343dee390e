/**
 * Rows that the consensus keeps. All begin with "c"; the tree's rows begin with other letters.
 *
 *   c i                    identity: ensemble, own number, standing
 *   c p                    promise: round, node
 *   c l  slot (u64, big-endian)   an accepted entry: round, then the value
 */

import type { Write } from "../../cluster/kv/store.ts";
import { decode, encode, oneOf, record, type TypeOf, u32, u53 } from "../../cluster/wire/codec.ts";
import { versioned } from "../../cluster/wire/versioned.ts";
import { type BallotPromise, promiseCodec } from "../message/consensus.ts";
import type { LogEntry } from "./log.ts";

const C = 0x63;
const I = 0x69;
const P = 0x70;
const L = 0x6c;
const LOG_KEY_SIZE = 10;
const ROUND_SIZE = 8;

export const IDENTITY_KEY = Uint8Array.of(C, I);
export const PROMISE_KEY = Uint8Array.of(C, P);
/** Every key of an accepted entry is at least the first and below the second. */
export const LOG_KEYS = { gte: Uint8Array.of(C, L), lt: Uint8Array.of(C, L + 1) } as const;

const identityCodec = versioned(
  1,
  record({ ensemble: u53, node: u32, standing: oneOf("forming", "rejoining", "acceptor") }),
);
/** What is durable of who a member is; none is stored while it is empty. */
export type Identity = TypeOf<typeof identityCodec>;
const storedPromise = versioned(1, promiseCodec);

export function identityWrite(identity: Identity): Write {
  return { type: "put", key: IDENTITY_KEY, value: encode(identityCodec, identity) };
}

export function readIdentity(value: Uint8Array): Identity {
  return decode(identityCodec, value);
}

export function promiseWrite(promise: BallotPromise): Write {
  return { type: "put", key: PROMISE_KEY, value: encode(storedPromise, promise) };
}

export function readPromise(value: Uint8Array): BallotPromise {
  return decode(storedPromise, value);
}

export function entryWrite(slot: number, { round, value }: LogEntry): Write {
  const row = new Uint8Array(ROUND_SIZE + value.byteLength);
  setU53(row, 0, round);
  row.set(value, ROUND_SIZE);
  return { type: "put", key: logKey(slot), value: row };
}

export function entryDelete(slot: number): Write {
  return { type: "delete", key: logKey(slot) };
}

export function readEntry(key: Uint8Array, row: Uint8Array): { slot: number; entry: LogEntry } {
  return {
    slot: getU53(key, 2),
    entry: { round: getU53(row, 0), value: row.subarray(ROUND_SIZE) },
  };
}

function logKey(slot: number): Uint8Array {
  const key = new Uint8Array(LOG_KEY_SIZE);
  key[0] = C;
  key[1] = L;
  setU53(key, 2, slot);
  return key;
}

function setU53(bytes: Uint8Array, at: number, value: number): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset + at, 8);
  view.setUint32(0, value / 2 ** 32);
  view.setUint32(4, value);
}

function getU53(bytes: Uint8Array, at: number): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset + at, 8);
  return view.getUint32(0) * 2 ** 32 + view.getUint32(4);
}
