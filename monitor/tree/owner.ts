/**
 * Whom a node belongs to, which says when it goes. ZooKeeper has a 64-bit number for it:
 *
 *   0                      nobody
 *   0x8000000000000000     it is a container
 *   0xff000000000000 | ttl a time to live, of 40 bits, with 0xff in the upper byte
 *   anything else          the session whose ephemeral node it is
 *
 * Here it is an exact number: session ids as they are, container and time to live below zero.
 */
import type { TreeSettings } from "./settings.ts";

export const NO_OWNER = 0;
export const CONTAINER_OWNER = -1;
export const TTL_MAX = 2 ** 40 - 1;

const TTL_BITS = 0xffn << 56n;

export type OwnerKind = "none" | "session" | "container" | "ttl";

/** Of a time to live that is valid, so at least 1: never -1. */
export function ttlOwner(ttl: number): number {
  return -1 - ttl;
}

export function ttlOf(owner: number): number {
  return -1 - owner;
}

/** What it was made as. */
export function ownerKind(owner: number): OwnerKind {
  if (owner > 0) return "session";
  if (owner === NO_OWNER) return "none";
  return owner === CONTAINER_OWNER ? "container" : "ttl";
}

/**
 * Where extended types have been turned off again, ZooKeeper takes a time to live for the id of a
 * session.
 */
export function isEphemeral(owner: number, { extendedTypes }: TreeSettings): boolean {
  const kind = ownerKind(owner);
  return kind === "session" || (kind === "ttl" && !extendedTypes);
}

/** What a Stat shows: of containers and times to live, nothing. */
export function shownOwner(owner: number, settings: TreeSettings): bigint {
  if (owner === NO_OWNER || !isEphemeral(owner, settings)) return 0n;
  return owner > 0 ? BigInt(owner) : BigInt.asIntN(64, TTL_BITS | BigInt(ttlOf(owner)));
}
