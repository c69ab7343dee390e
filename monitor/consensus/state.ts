/**
 * The state of one member of the ensemble: what is on its disk (or on its way there), what it has heard from the
 * others, and the role that follows from it.
 *
 * Terms are those of Paxos. A round has at most one leader (M2), so rounds alone order ballots. An acceptor takes the
 * values of a round in order and without gaps: it then holds a prefix of what that round's leader proposed, and one
 * number, `to`, says how long that prefix is.
 *
 * What is in this state may not be durable yet. Whoever tells others of it does so in the `then` of a persist.
 */
import { assert, present } from "../../cluster/base/assert.ts";
import { createPrng, type Prng, randomBetween } from "../../cluster/base/prng.ts";
import type { Persist } from "../../cluster/runtime/core.ts";
import type { VariantOf } from "../../cluster/wire/codec.ts";
import type { BallotPromise, CONSENSUS_MESSAGES, Standing } from "../message/consensus.ts";
import type { Identity } from "./keys.ts";
import { Log, type LogEntry } from "./log.ts";

/** A member's number, from the configuration. Larger is nothing better, only other. */
export type NodeId = number;

/** A round is the upper part of a zxid, which has to stay an exact number. */
export const ROUND_MAX = 2 ** 21 - 1;

export type ConsensusMessage = VariantOf<typeof CONSENSUS_MESSAGES>;

/** Leaders are heard this often; a member that hears none for so long wants to become one. */
export const HEARTBEAT_MS = 100;
export const ELECTION_MS_MIN = 600;
export const ELECTION_MS_MAX = 1_200;
/** When the connection to the leader broke, somebody looks sooner. A little apart, so that one comes first. */
export const ORPHANED_MS_MAX = 40;
/**
 * What was sent and not acknowledged is sent again, each time after twice as long: a follower that is only slow becomes
 * slower by it, and one that misses something says so itself.
 */
export const RESEND_MS = 300;
export const RESEND_MS_MAX = 4_800;
export const HELLO_MS = 200;
/** At most so much in one message, unless one value alone is larger. */
export const MESSAGE_BYTES_MAX = 1 << 20;
/** At most so many slots in one message, however small they are. */
export const MESSAGE_SLOTS_MAX = 1024;
/** How far a follower may be behind what was sent to it. */
export const SLOTS_IN_FLIGHT_MAX = 256;

export interface Member {
  /** Of the life that the member is in, as far as it is known; 0 if nothing is. */
  life: number;
  /** The latest that we had given out when we learnt of that life: answers to later ones are newer news. */
  ticket: number;
  standing: Standing;
  ensemble: number | undefined;
  promise: BallotPromise;
  last: number;
  commit: number;
  leads: boolean;
  /** It told us, knowing of this life of ours, and counts nothing of an earlier one. */
  knowsUs: boolean;
}

/** What the leader knows of a follower. Slots up to `match` are durably accepted there. */
export interface Progress {
  match: number;
  next: number;
  /** When it last got further, had everything, or was sent something again after it stood still. */
  movedMs: number;
  /** It is sent what it has not acknowledged if it has stood still for so long. */
  resendMs: number;
  /** When a gap was last gone back for, and to where. */
  rewoundMs: number;
  rewoundTo: number;
  /** The `commit` that it was last told. */
  toldCommit: number;
  /** Its own time when it sent the latest acknowledgement. */
  echoMs: number;
}

export interface RowTransfer {
  /** The log is needed from this slot on: the rows are of the one before it, or a later one. */
  readonly heldFrom: number;
  /** Undefined while the rows are on their way. */
  heldUntilMs: number | undefined;
}

export interface HeartbeatRound {
  readonly sequence: number;
  readonly sentMs: number;
  readonly acknowledged: Set<NodeId>;
}

export interface Leading {
  readonly type: "leader";
  readonly round: number;
  /** Until an election's time after this, it need not have been backed: its beginning, later by what it stood still. */
  judgedFromMs: number;
  /** Our own log is durable up to here. */
  durableTo: number;
  readonly followers: Map<NodeId, Progress>;
  sequence: number;
  readonly heartbeats: HeartbeatRound[];
  heartbeatDueMs: number;
  /** A majority acknowledged a heartbeat of this number, which was sent at that time. */
  confirmedSequence: number;
  backedAtMs: number;
}

export interface Candidate {
  readonly type: "candidate";
  readonly round: number;
  /** `commit` as it was told in the prepare: what is promised begins after it. */
  readonly base: number;
  readonly sinceMs: number;
  readonly promises: Map<NodeId, readonly LogEntry[]>;
}

export type Role =
  | { readonly type: "follower" }
  | { readonly type: "preCandidate"; readonly round: number; readonly granted: Set<NodeId> }
  | Candidate
  | Leading;

/** Test-only switches: a rule that is off must make its simulation fail. */
export interface ConsensusRules {
  /** M1: an ensemble is formed when all members say that they are empty, not a majority. */
  readonly formsWithAll: boolean;
  /** M1: a member without its disk hears from the others before it is an acceptor again. */
  readonly rejoin: boolean;
  /** M1: it hears from all of them; a majority of the ensemble does not know all that the lost disk promised. */
  readonly rejoinAsksAll: boolean;
  /** M2: an acceptor keeps a round for the node that it promised it to. */
  readonly oneLeaderPerRound: boolean;
  /** An acceptor answers when what it says is durable. */
  readonly acceptDurably: boolean;
  /** A new leader proposes again what acceptors may have chosen. */
  readonly proposeAgain: boolean;
  /** M5: a member whose state differs from the leader's stops. */
  readonly compareDigests: boolean;
}

export const CONSENSUS_RULES: ConsensusRules = {
  formsWithAll: true,
  rejoin: true,
  rejoinAsksAll: true,
  oneLeaderPerRound: true,
  acceptDurably: true,
  proposeAgain: true,
  compareDigests: true,
};

export interface ConsensusState {
  readonly self: NodeId;
  /** In increasing order, ourselves included. */
  readonly members: readonly NodeId[];
  readonly others: readonly NodeId[];
  readonly majority: number;
  readonly life: number;
  /** For an ensemble that this member forms. */
  readonly freshEnsemble: number;
  /** Those that an operator said to form an ensemble without. They join later, as if they had lost their disks. */
  readonly absent: ReadonlySet<NodeId>;
  readonly rules: ConsensusRules;
  readonly prng: Prng;

  ensemble: number | undefined;
  standing: Standing;
  promise: BallotPromise;
  readonly log: Log;
  /** Everything up to here is chosen, and in the log or already in the rows. */
  commit: number;
  /** Of that round's leader we hold the values up to `to`. */
  accepting: { round: number; to: number };
  role: Role;

  readonly heard: Map<NodeId, Member>;
  /** How many hellos of this life asked for an answer. */
  tickets: number;
  leader: NodeId | undefined;
  leaderHeardMs: number;
  electionDueMs: number;
  /** At this time, by our clock, a majority stood behind the leader that we follow. */
  backedAtMs: number;
  helloDueMs: number;
  /** Where we asked for chosen entries, not to ask again for each hint. */
  fetchDueMs: number;
  /** Rejoining: what the others may have chosen with our help before we lost our disk. */
  rejoinTarget: { readonly slot: number; readonly promise: BallotPromise } | undefined;
  /** Rows to members for which the log does not reach back to what they need: on their way, or there since a while. */
  readonly transfers: Map<NodeId, RowTransfer>;
  /** Of those, which failed, and when they are tried again. */
  readonly failedTransfers: Map<NodeId, number>;
  /** The rows on the disk, or on their way there, are of this slot. Set by whoever writes them. */
  rowsSlot: number;
  /** A rejoining member needs the log to reach this slot: a leader without work proposes something empty. */
  wantedSlot: number;
  /** The tree as of a slot, for heartbeats to tell. Set by whoever applies. */
  applied: { slot: number; digest: number };
  /** Where the leader of this round stood when we first heard its heartbeat. */
  catchUpSlot: number;
  heartbeatRound: number;
  /** What the leader last told of its own. */
  leaderApplied: { slot: number; digest: number };
  /** When the next line may be logged about what makes no sense. */
  complaintDueMs: number;
}

export type ConsensusEvent =
  | {
      readonly type: "received";
      readonly from: NodeId;
      readonly message: ConsensusMessage;
      readonly payload: Uint8Array;
    }
  /** Our own log or promise of that round became durable. */
  | { readonly type: "durable"; readonly round: number; readonly to: number }
  | { readonly type: "linkChanged"; readonly node: NodeId; readonly isUp: boolean }
  /** The rows as of `slot` have reached that member, or it failed (undefined). */
  | { readonly type: "transferEnded"; readonly node: NodeId; readonly slot: number | undefined };

export type ConsensusEffect =
  | {
      readonly type: "send";
      readonly to: NodeId;
      readonly message: ConsensusMessage;
      readonly payload?: readonly Uint8Array[];
    }
  /** Comes back as the event. */
  | { readonly type: "durable"; readonly round: number; readonly to: number }
  /** Send the rows to a member that the log no longer reaches. Ends in `transferEnded`. */
  | { readonly type: "transfer"; readonly node: NodeId }
  | FatalEffect
  | LogEffect;

/** This member must not go on with the store, or the program, that it has. */
export interface FatalEffect {
  readonly type: "fatal";
  readonly code: "CONFIG_INVALID" | "PROGRAM_OUTDATED" | "STORE_CORRUPT";
  readonly reason: string;
}

export interface LogEffect {
  readonly type: "log";
  readonly level: "error" | "warn" | "info" | "debug";
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** Where functions put what they want done: a list of these effects, or of these and others. */
export interface Effects {
  push(...effects: (ConsensusEffect | Persist<ConsensusEffect>)[]): unknown;
}

/** What a start found on the disk. */
export interface Recovered {
  readonly identity: Identity | undefined;
  readonly promise: BallotPromise | undefined;
  /** In order, without gaps. */
  readonly entries: readonly { readonly slot: number; readonly entry: LogEntry }[];
  /** The slot of which the rows are. */
  readonly applied: number;
}

export function createConsensus(options: {
  readonly self: NodeId;
  readonly members: readonly NodeId[];
  readonly life: number;
  readonly seed: number;
  readonly freshEnsemble: number;
  readonly absent?: readonly NodeId[];
  readonly recovered: Recovered;
  readonly nowMs: number;
  readonly rules?: Partial<ConsensusRules>;
}): ConsensusState {
  const { self, members, recovered, nowMs } = options;
  assert(members.includes(self), `member ${self} is one of ${members.join(", ")}`);
  assert(new Set(members).size === members.length, "every member once");
  const { absent = [] } = options;
  assert(!absent.includes(self), "a member that is there is not absent");
  const { identity, applied } = recovered;
  const promise = recovered.promise ?? { round: 0, node: 0 };
  const prng = createPrng(options.seed);
  const log = recoverLog(recovered);
  return {
    self,
    members: [...members].sort((left, right) => left - right),
    others: members.filter((member) => member !== self),
    majority: Math.floor(members.length / 2) + 1,
    life: options.life,
    freshEnsemble: options.freshEnsemble,
    absent: new Set(absent),
    rules: { ...CONSENSUS_RULES, ...options.rules },
    prng,
    ensemble: identity?.ensemble,
    standing: identity?.standing ?? "empty",
    promise,
    log,
    commit: applied,
    accepting: { round: 0, to: applied },
    role: { type: "follower" },
    heard: new Map(),
    tickets: 0,
    leader: undefined,
    leaderHeardMs: Number.NEGATIVE_INFINITY,
    electionDueMs: nowMs + randomBetween(prng, 1, ELECTION_MS_MIN),
    backedAtMs: Number.NEGATIVE_INFINITY,
    helloDueMs: nowMs,
    fetchDueMs: nowMs,
    rejoinTarget: undefined,
    transfers: new Map(),
    failedTransfers: new Map(),
    rowsSlot: applied,
    wantedSlot: 0,
    applied: { slot: applied, digest: 0 },
    catchUpSlot: Number.POSITIVE_INFINITY,
    heartbeatRound: 0,
    leaderApplied: { slot: 0, digest: 0 },
    complaintDueMs: Number.NEGATIVE_INFINITY,
  };
}

function recoverLog({ entries, applied }: Recovered): Log {
  const [first] = entries;
  const log = new Log(first === undefined ? applied + 1 : first.slot);
  assert(log.first <= applied + 1, `the log begins at ${log.first}, the rows end at ${applied}`);
  for (const { slot, entry } of entries) log.put(slot, entry);
  // A log that ends before the rows do is all behind them.
  if (log.last < applied) log.restart(applied + 1);
  return log;
}

export function isAcceptor(state: ConsensusState): boolean {
  return state.standing === "acceptor";
}

export function send(
  out: Effects,
  to: NodeId,
  message: ConsensusMessage,
  payload?: readonly Uint8Array[],
): void {
  out.push(
    payload === undefined ? { type: "send", to, message } : { type: "send", to, message, payload },
  );
}

/** The member as it last told of itself. */
export function memberOf(state: ConsensusState, node: NodeId): Member {
  let member = state.heard.get(node);
  if (member === undefined) {
    member = {
      life: 0,
      ticket: 0,
      standing: "empty",
      ensemble: undefined,
      promise: { round: 0, node: 0 },
      last: 0,
      commit: 0,
      leads: false,
      knowsUs: false,
    };
    state.heard.set(node, member);
  }
  return member;
}

export function progressOf(leading: Leading, node: NodeId): Progress {
  return present(leading.followers.get(node), `the progress of member ${node}`);
}

export function restartElectionTimer(state: ConsensusState, nowMs: number): void {
  state.electionDueMs = nowMs + randomBetween(state.prng, ELECTION_MS_MIN, ELECTION_MS_MAX);
}

export function becomeFollower(state: ConsensusState, nowMs: number): void {
  const { role } = state;
  if (role.type === "leader") state.backedAtMs = Math.max(state.backedAtMs, role.backedAtMs);
  state.role = { type: "follower" };
  restartElectionTimer(state, nowMs);
}

/** Values that came as one payload, one behind the other. Undefined if the sizes do not fit it. */
export function splitPayload(
  sizes: readonly number[],
  payload: Uint8Array,
): Uint8Array[] | undefined {
  const values: Uint8Array[] = [];
  let at = 0;
  for (const size of sizes) {
    values.push(payload.subarray(at, at + size));
    at += size;
  }
  return at === payload.byteLength ? values : undefined;
}
