/**
 * What members say to each other about the log. Values travel as the payload, one behind the other, so that a batch is
 * encoded once and never copied into a message; `sizes` tells where each ends.
 *
 * `life` is a number that a process draws when it starts: whoever holds words of an earlier life of a member can tell.
 */
import {
  bool,
  f64,
  list,
  oneOf,
  optional,
  record,
  type TypeOf,
  u32,
  u53,
} from "../../cluster/wire/codec.ts";
import { versioned } from "../../cluster/wire/versioned.ts";

/** Beyond any number of slots that are in flight at once, or that fit into one message. */
export const ENTRIES_MAX = 4096;

/**
 * What a member's disk lets it be (formation.ts). Only an acceptor promises, accepts, votes, or counts for a lease.
 */
export const STANDINGS = ["empty", "forming", "rejoining", "acceptor"] as const;
export type Standing = (typeof STANDINGS)[number];

/** The round an acceptor promised to listen to, and who leads it. Nobody else may ever lead it (M2). */
export const promiseCodec = record({ round: u53, node: u32 });
export type BallotPromise = TypeOf<typeof promiseCodec>;

const acceptedEntry = record({ round: u53, size: u32 });

export const CONSENSUS_MESSAGES = {
  /**
   * Who I am and what I hold. `answers` is the life of the hello that this answers; 0 asks for an answer. `ticket` is a
   * number of the asker's that the answer gives back. `knows` is the life of the receiver that I count words of.
   */
  hello: {
    id: 0x0200,
    body: versioned(
      1,
      record({
        life: u53,
        answers: u53,
        ticket: u53,
        knows: u53,
        standing: oneOf(...STANDINGS),
        ensemble: optional(u53),
        promise: promiseCodec,
        last: u53,
        commit: u53,
        leads: bool,
      }),
    ),
  },
  /** Lowest member to one that is empty: belong to this ensemble. Meant for that life only. */
  form: { id: 0x0201, body: versioned(1, record({ ensemble: u53, life: u53 })) },

  /** Would you promise this round? Asked before anybody is disturbed by a real one. */
  preVote: { id: 0x0210, body: versioned(1, record({ round: u53, commit: u53 })) },
  preVoted: {
    id: 0x0211,
    body: versioned(1, record({ round: u53, granted: bool, promised: u53, commit: u53 })),
  },
  /** `life` is the candidate's. */
  prepare: { id: 0x0212, body: versioned(1, record({ round: u53, life: u53, commit: u53 })) },
  /**
   * To that life of the candidate: what was accepted in the slots after the `commit` of the prepare, without a gap. The
   * values are the payload.
   */
  promised: {
    id: 0x0213,
    body: versioned(
      1,
      record({
        round: u53,
        life: u53,
        commit: u53,
        accepted: list(acceptedEntry, { max: ENTRIES_MAX }),
      }),
    ),
  },
  /** To a prepare or accept of an overtaken round, or to a candidate that knows less than we do. */
  refused: { id: 0x0214, body: versioned(1, record({ round: u53, promised: u53, commit: u53 })) },

  /** The values of the slots after `prev`; none of them if all it tells is how far `commit` has come. */
  accept: {
    id: 0x0220,
    body: versioned(
      1,
      record({ round: u53, prev: u53, commit: u53, sizes: list(u32, { max: ENTRIES_MAX }) }),
    ),
  },
  /** Everything up to `to` is accepted in that round, durably. A gap: what was sent does not follow on it. */
  accepted: {
    id: 0x0221,
    body: versioned(1, record({ round: u53, life: u53, to: u53, gap: bool })),
  },
  /**
   * `backedMs`: how long ago the latest heartbeat was sent that a majority has acknowledged. `echoMs`: the receiver's
   * own time in the latest acknowledgement of its that has come. So the leader was backed at echoMs - backedMs or later,
   * by the receiver's clock, however long this message was on its way. Each life of the receiver has a clock of its own,
   * so `echoMs` is a word to the life that `life` names.
   */
  heartbeat: {
    id: 0x0222,
    body: versioned(
      1,
      record({
        round: u53,
        sequence: u53,
        life: u53,
        commit: u53,
        backedMs: f64,
        echoMs: f64,
        slot: u53,
        digest: u53,
      }),
    ),
  },
  heartbeatAck: {
    id: 0x0223,
    body: versioned(1, record({ round: u53, life: u53, sequence: u53, sentMs: f64 })),
  },

  /** Send what is chosen from this slot on. `want`: the asker needs the log to reach that slot. */
  fetch: { id: 0x0230, body: versioned(1, record({ from: u53, want: u53 })) },
  chosen: {
    id: 0x0231,
    body: versioned(
      1,
      record({ prev: u53, commit: u53, entries: list(acceptedEntry, { max: ENTRIES_MAX }) }),
    ),
  },
  /** The leader is about to leave and nothing is in flight: stand for election now. */
  takeOver: { id: 0x0232, body: versioned(1, record({ round: u53 })) },
} as const;
