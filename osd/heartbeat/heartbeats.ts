/**
 * What an OSD knows of its peers by pinging them, and what it tells the controller (C4). It reports silence and refused
 * connections, for one incarnation each, again while they last; and takes it back when the peer answers. What comes of it
 * the controller decides: one peer's word marks nobody down.
 */
import type { Epoch, OsdId } from "../../cluster/base/ids.ts";
import type { OsdMap } from "../../cluster/map/osd-map.ts";
import type { Tick } from "../../cluster/runtime/core.ts";
import { heartbeatPeers } from "./peers.ts";

export const PING_MS = 1_000;
/** A report lasts at the controller for a while only. */
export const REPORT_AGAIN_MS = 5_000;

interface Peer {
  readonly upFrom: Epoch;
  /** When what we last had an answer to was sent: it was alive after that. */
  heardMs: number;
  isRefusing: boolean;
  /** -Infinity: nothing is reported. */
  reportedMs: number;
}

export interface HeartbeatState {
  readonly self: OsdId;
  graceMs: number;
  readonly peers: Map<OsdId, Peer>;
  pingDueMs: number;
}

export type HeartbeatEvent =
  /** `sharing`: who is in a PG with this OSD. */
  | { readonly type: "mapChanged"; readonly map: OsdMap; readonly sharing: ReadonlySet<OsdId> }
  /** The answer to a ping, and when that was sent; of the incarnation that was asked for. */
  | {
      readonly type: "ponged";
      readonly peer: OsdId;
      readonly upFrom: Epoch;
      readonly sentMs: number;
    }
  /** The peer's host says that nobody listens there, or another process of it does. */
  | { readonly type: "refused"; readonly peer: OsdId; readonly upFrom: Epoch }
  | { readonly type: "graceChanged"; readonly graceMs: number }
  | Tick;

export interface FailureReport {
  readonly osd: OsdId;
  readonly upFrom: Epoch;
  readonly kind: "silent" | "refused";
  readonly silentMs: number;
}

export type HeartbeatEffect =
  | { readonly type: "ping"; readonly peer: OsdId; readonly sentMs: number }
  | ({ readonly type: "reportFailure" } & FailureReport)
  | { readonly type: "reportAlive"; readonly osd: OsdId; readonly upFrom: Epoch };

export function createHeartbeats(self: OsdId, graceMs: number): HeartbeatState {
  return { self, graceMs, peers: new Map(), pingDueMs: Number.NEGATIVE_INFINITY };
}

export function stepHeartbeats(
  state: HeartbeatState,
  event: HeartbeatEvent,
  nowMs: number,
): HeartbeatEffect[] {
  switch (event.type) {
    case "mapChanged":
      follow(state, event, nowMs);
      return [];
    case "ponged":
      return ponged(state, event);
    case "refused":
      return refused(state, event, nowMs);
    case "graceChanged":
      state.graceMs = event.graceMs;
      return [];
    case "tick":
      return tick(state, event.lateMs, nowMs);
  }
}

/** A peer that is new, or another incarnation of itself, has its full time. */
function follow(
  { self, peers }: HeartbeatState,
  { map, sharing }: { readonly map: OsdMap; readonly sharing: ReadonlySet<OsdId> },
  nowMs: number,
): void {
  const chosen = new Set(heartbeatPeers(map, self, sharing));
  for (const id of peers.keys()) if (!chosen.has(id)) peers.delete(id);
  for (const id of chosen) {
    const upFrom = map.osds.get(id)?.upFrom;
    if (upFrom === undefined || peers.get(id)?.upFrom === upFrom) continue;
    const reportedMs = Number.NEGATIVE_INFINITY;
    peers.set(id, { upFrom, heardMs: nowMs, isRefusing: false, reportedMs });
  }
}

function ponged(
  { peers }: HeartbeatState,
  { peer: osd, upFrom, sentMs }: HeartbeatEvent & { readonly type: "ponged" },
): HeartbeatEffect[] {
  const peer = peers.get(osd);
  if (peer?.upFrom !== upFrom) return [];
  peer.heardMs = Math.max(peer.heardMs, sentMs);
  peer.isRefusing = false;
  if (peer.reportedMs === Number.NEGATIVE_INFINITY) return [];
  peer.reportedMs = Number.NEGATIVE_INFINITY;
  return [{ type: "reportAlive", osd, upFrom: peer.upFrom }];
}

/** That is known at once; silence has to last. Of a process that is over it says nothing about the one that followed. */
function refused(
  { peers }: HeartbeatState,
  { peer: osd, upFrom }: HeartbeatEvent & { readonly type: "refused" },
  nowMs: number,
): HeartbeatEffect[] {
  const peer = peers.get(osd);
  if (peer?.upFrom !== upFrom || peer.isRefusing) return [];
  peer.isRefusing = true;
  return [report(osd, peer, nowMs)];
}

function tick(state: HeartbeatState, lateMs: number, nowMs: number): HeartbeatEffect[] {
  const effects: HeartbeatEffect[] = [];
  for (const [osd, peer] of state.peers) {
    // We stood still, so their answers wait in our queue (R6).
    peer.heardMs += lateMs;
    const isFailing = peer.isRefusing || nowMs - peer.heardMs >= state.graceMs;
    if (isFailing && nowMs - peer.reportedMs >= REPORT_AGAIN_MS) {
      effects.push(report(osd, peer, nowMs));
    }
  }
  if (nowMs < state.pingDueMs) return effects;
  state.pingDueMs = nowMs + PING_MS;
  for (const peer of state.peers.keys()) effects.push({ type: "ping", peer, sentMs: nowMs });
  return effects;
}

function report(osd: OsdId, peer: Peer, nowMs: number): HeartbeatEffect {
  peer.reportedMs = nowMs;
  const { upFrom, heardMs, isRefusing } = peer;
  const silentMs = Math.max(0, Math.floor(nowMs - heardMs));
  const kind = isRefusing ? "refused" : "silent";
  return { type: "reportFailure", osd, upFrom, kind, silentMs };
}
