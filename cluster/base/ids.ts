/**
 * Ids are numbers and strings that the compiler keeps apart: an OsdId does not fit where an Epoch belongs.
 * The only way to make one is a function here, which checks it.
 */
import { assert } from "./assert.ts";

declare const brand: unique symbol;
export type Brand<T, Name extends string> = T & { readonly [brand]: Name };

export type OsdId = Brand<number, "OsdId">;
export type PoolId = Brand<number, "PoolId">;
export type Epoch = Brand<number, "Epoch">;

/** A daemon or client as its peers know it: `mon.0`, `osd.12`, `gateway.a`, `client.9f3c`. */
export type PeerName = Brand<string, "PeerName">;

export function osdId(value: number): OsdId {
  assert(isCount(value), `an OSD id is a whole number from 0 up, not ${value}`);
  return value as OsdId;
}

export function poolId(value: number): PoolId {
  assert(isCount(value), `a pool id is a whole number from 0 up, not ${value}`);
  return value as PoolId;
}

export function epoch(value: number): Epoch {
  assert(isCount(value), `an epoch is a whole number from 0 up, not ${value}`);
  return value as Epoch;
}

export const PEER_NAME_LENGTH_MAX = 64;
const PEER_NAME = /^[a-z]+\.[a-z0-9][a-z0-9._-]*$/;

/** The name if it is one, else undefined: names arrive from the network. */
export function parsePeerName(text: string): PeerName | undefined {
  return text.length <= PEER_NAME_LENGTH_MAX && PEER_NAME.test(text)
    ? (text as PeerName)
    : undefined;
}

export function peerName(text: string): PeerName {
  const name = parsePeerName(text);
  assert(name !== undefined, `a peer name looks like "osd.3", not ${JSON.stringify(text)}`);
  return name;
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}
