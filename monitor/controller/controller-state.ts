/** What the controller's core is told, keeps and wants; controller-core.ts is what it does. */
import type { Epoch, OsdId, PeerName } from "../../cluster/base/ids.ts";
import type { EpochRecord } from "../../cluster/map/epoch-record.ts";
import type { OsdMap } from "../../cluster/map/osd-map.ts";
import type { Inverse } from "../../cluster/map/undo.ts";
import type { UpmapChanges } from "../../cluster/map/upmap-changes.ts";
import type { ControllerMessage } from "../../cluster/message/controller.ts";
import type { HealthReport, MonitorRow } from "../../cluster/message/query.ts";
import type { Tick } from "../../cluster/runtime/core.ts";
import type { BootMessage } from "./boot.ts";
import type { ControllerSettings } from "./controller-settings.ts";
import type { Drafting } from "./drafting.ts";
import type { Registration } from "./membership.ts";
import { ALL_RULES as MEMBERSHIP_RULES, type MembershipRules } from "./membership-options.ts";
import type { Membership } from "./membership-state.ts";
import type { Mute } from "./mutes.ts";
import type { OsdBoard } from "./osd-board.ts";
import type { PgBoard } from "./pg-board.ts";
import type { ProbeResult } from "./probes.ts";
import type { Progress } from "./progress.ts";
import type { RecentRequests } from "./recent-requests.ts";

/** What only means something within a term. */
export type TermEvent =
  /** Everybody who is registered; told after each election before any change of it. */
  | {
      readonly type: "registrationsListed";
      readonly registrations: ReadonlyMap<OsdId, Registration>;
    }
  | {
      readonly type: "sessionSeen";
      readonly osd: OsdId;
      readonly registration: Registration | undefined;
    }
  | { readonly type: "probed"; readonly osd: OsdId; readonly result: ProbeResult }
  /** Undefined: it came to nothing. */
  | {
      readonly type: "balanced";
      readonly base: OsdMap;
      readonly changes: UpmapChanges | undefined;
    }
  /** The oldest epoch that is kept now. */
  | { readonly type: "trimmed"; readonly oldest: Epoch }
  /** As was asked for by `wake`. */
  | { readonly type: "woken" }
  | Tick;

export type ControllerEvent =
  /** From here on until `deposed` this one alone changes the map. */
  | {
      readonly type: "elected";
      readonly map: OsdMap;
      /** Of the history that is kept, from old to new. */
      readonly requests: readonly { readonly ids: readonly string[]; readonly epoch: Epoch }[];
      readonly oldest: Epoch;
      readonly mutes: readonly Mute[];
    }
  | { readonly type: "deposed" }
  /** The epoch in flight is. */
  | { readonly type: "published" }
  | {
      readonly type: "asked";
      readonly from: PeerName;
      readonly message: ControllerMessage;
      /** To answer it by. */
      readonly call: number;
    }
  | { readonly type: "settingsChanged"; readonly settings: ControllerSettings }
  | { readonly type: "monitorsSeen"; readonly monitors: readonly MonitorRow[] }
  | { readonly type: "wallClock"; readonly offsetMs: number }
  | Exclude<TermEvent, Tick>;

/** What tests turn off, to see what goes wrong without it. */
export interface ControllerRules extends MembershipRules {
  /** Whoever asked for a change is answered when the epoch with it is published, and not before. */
  readonly answerPublished: boolean;
  /** C2: a command that was done, or is under way, is not done again. */
  readonly rememberRequests: boolean;
}

export const ALL_RULES: ControllerRules = {
  ...MEMBERSHIP_RULES,
  answerPublished: true,
  rememberRequests: true,
};

/** What is written to the tree, in the term's name. */
export type TreeEffect =
  | {
      readonly type: "publish";
      readonly map: OsdMap;
      readonly record: EpochRecord;
      readonly inverse: Inverse;
    }
  /** Epochs below are needed by nobody. */
  | { readonly type: "trim"; readonly below: Epoch }
  | { readonly type: "storeMutes"; readonly mutes: readonly Mute[] }
  | {
      readonly type: "event";
      readonly level: "info" | "warn" | "error";
      readonly text: string;
      readonly wallMs: number;
    };

export type ControllerEffect =
  | TreeEffect
  | { readonly type: "answer"; readonly call: number; readonly message: ControllerMessage }
  | {
      readonly type: "probe";
      readonly osd: OsdId;
      readonly address: string;
      /** Of the process that is looked for. */
      readonly nonce: number;
      readonly epoch: Epoch;
    }
  | { readonly type: "balance"; readonly map: OsdMap; readonly misplacedRatioMax: number }
  | { readonly type: "wake"; readonly afterMs: number };

export interface PendingBoot {
  readonly from: PeerName;
  readonly message: BootMessage;
  readonly call: number;
  readonly sinceMs: number;
  /** It has to wait that long, whatever is published meanwhile. */
  notBeforeMs: number;
  triedMs: number;
}

/** All of a term; the next begins with nothing. */
export interface Term {
  readonly sinceMs: number;
  readonly drafting: Drafting<ControllerMessage>;
  readonly membership: Membership;
  readonly pgs: PgBoard;
  readonly osds: OsdBoard;
  readonly progress: Progress;
  readonly requests: RecentRequests;
  /** By epoch, of those that were published in this term. */
  readonly inverses: Map<Epoch, Inverse>;
  /** Of the epoch in flight: what it does is told when it is done. */
  publishing: EpochRecord | undefined;
  readonly boots: Map<OsdId, PendingBoot>;
  /** They were tried on top of it. */
  triedBase: OsdMap | undefined;
  mutes: readonly Mute[];
  health: HealthReport;
  oldest: Epoch;
  isTrimming: boolean;
  isBalancing: boolean;
  /** Or else when the term began. */
  balancedMs: number;
  secondDueMs: number;
  trimDueMs: number;
  isWakePlanned: boolean;
}

export interface ControllerState {
  readonly name: PeerName;
  readonly clusterId: string;
  readonly rules: ControllerRules;
  settings: ControllerSettings;
  monitors: readonly MonitorRow[];
  /** Wall clock minus monotonic clock. */
  wallOffsetMs: number;
  term: Term | undefined;
  out: ControllerEffect[];
}
