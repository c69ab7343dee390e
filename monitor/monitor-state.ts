/** What a monitor's core knows, what happens to it, and what it wants done. */
import type { Persist } from "../cluster/runtime/core.ts";
import type { VariantOf } from "../cluster/wire/codec.ts";
import type { NodeId } from "./consensus/state.ts";
import type { SESSION_MESSAGES } from "./message/session.ts";
import type { ReplicaEffect, ReplicaEvent, ReplicaState } from "./replica/replica.ts";
import type { Submitted } from "./submitted.ts";
import type { Syncs } from "./syncs.ts";
import type { Entry } from "./tree/batch.ts";
import type { TreeSettings } from "./tree/settings.ts";
import type { TreeMachine } from "./tree-machine.ts";
import type { ServerEvent } from "./zookeeper/server-core.ts";
import type { ServerEffect } from "./zookeeper/server-effects.ts";
import type { ServerState } from "./zookeeper/server-state.ts";
import type { SessionTracker } from "./zookeeper/session-tracker.ts";

export type SessionMessage = VariantOf<typeof SESSION_MESSAGES>;

export type MonitorEvent =
  | ReplicaEvent
  | ServerEvent
  | {
      readonly type: "asked";
      readonly from: NodeId;
      readonly message: SessionMessage;
      readonly payload: Uint8Array;
    }
  /** The process is about to end: somebody else should lead. */
  | { readonly type: "resign" };

export type MonitorEffect =
  | ReplicaEffect
  | Exclude<ServerEffect, { readonly type: "forward" | "sync" }>
  | {
      readonly type: "tell";
      readonly to: NodeId;
      readonly message: SessionMessage;
      readonly payload?: Uint8Array;
    }
  /** We do not lead, or cannot give it up. */
  | { readonly type: "resigned" };

/**
 * For tests only: a simulation turns one off and must then find the run of events that it is there
 * for. Nothing outside of tests sets these.
 */
export interface MonitorRules {
  /** M7: a member that knows of no majority behind its leader serves nobody. */
  readonly cutOffIsSilent: boolean;
  /** M8: a new leader gives each session a full timeout. */
  readonly newLeaderWaits: boolean;
  /** M8: a session ends only after a heartbeat round that began when it was due. */
  readonly expireConfirmed: boolean;
  /** R6: a leader that stood still moves the deadlines of sessions by that. */
  readonly forgiveLateness: boolean;
  /** M9: a leader confirms itself before it tells how far the log is chosen. */
  readonly syncConfirmed: boolean;
}

export const MONITOR_RULES: MonitorRules = {
  cutOffIsSilent: true,
  newLeaderWaits: true,
  expireConfirmed: true,
  forgiveLateness: true,
  syncConfirmed: true,
};

export interface MonitorState {
  readonly replica: ReplicaState<Entry>;
  readonly machine: TreeMachine;
  readonly server: ServerState;
  readonly tracker: SessionTracker;
  /** What a leader makes the tree's settings. */
  readonly settings: TreeSettings;
  /** How long ago a majority may have stood behind the leader for us to serve clients (M7). */
  readonly quietMs: number;
  /** How often a leader looks for containers and nodes with a time to live that can go. */
  readonly reapIntervalMs: number;
  readonly rules: MonitorRules;
  /** What our numbers for syncs begin at on their way: an answer to an earlier process here must not be taken for one to us. */
  readonly syncBase: number;
  isServing: boolean;
  /** When it is next told that no clients are served, and why. */
  waitingLogDueMs: number;
  /** When, by our clock, a majority was last known to stand behind a leader. */
  backedMs: number;
  /** Of whom we follow or are, and in which round. */
  leadership: { readonly leader: NodeId | undefined; readonly round: number };
  /** The epoch whose first batch we applied as its leader: from then on we speak for the ensemble. */
  ledEpoch: number;
  /** The round in which we took what is in `submitted`. */
  submittedRound: number;
  readonly submitted: Submitted;
  readonly syncs: Syncs;
  resendDueMs: number;
  reapDueMs: number;
  isResigning: boolean;
  /** Of the step under way. */
  nowMs: number;
  appliedCount: number;
  out: (MonitorEffect | Persist<MonitorEffect>)[];
}
