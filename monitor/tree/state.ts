/** The replicated state: plain data, changed in place, by applying batches and by loading rows. */
import { AclTable } from "./acl-table.ts";
import { COUNTER_MAX } from "./batch.ts";
import { type DigestSum, Hasher } from "./digest.ts";
import { ReplyWriter } from "./reply-writer.ts";
import { SessionTable } from "./session-table.ts";
import { DEFAULT_SETTINGS, type TreeSettings } from "./settings.ts";
import type { UndoLog } from "./undo-log.ts";
import { type ZnodeId, ZnodeTable } from "./znode.ts";

/**
 * What applying a batch means. It stands in the state, so that members of different versions do the
 * same until all of them know more.
 */
export const RULES_VERSION = 1;

/**
 * For tests only: a simulation turns one off and must then find the run of events that it is there
 * for. Nothing outside of tests sets these, and they are no part of the replicated state.
 */
export interface TreeRules {
  /** A batch that is neither the next of its epoch nor the first of a later one is void. */
  readonly prefixOrder: boolean;
  /** A write takes a zxid also when it fails. */
  readonly zxidOfFailed: boolean;
  /** What was applied before, a request or the move of a session, is ignored. */
  readonly applyOnce: boolean;
  /** A request whose predecessors are missing is ignored. */
  readonly applyInOrder: boolean;
}

export const RULES: TreeRules = {
  prefixOrder: true,
  zxidOfFailed: true,
  applyOnce: true,
  applyInOrder: true,
};

export interface Tree {
  readonly rules: TreeRules;
  readonly znodes: ZnodeTable;
  readonly acls: AclTable;
  readonly sessions: SessionTable;
  readonly containers: Set<ZnodeId>;
  readonly ttls: Set<ZnodeId>;
  readonly sum: DigestSum;
  readonly hasher: Hasher;
  readonly replies: ReplyWriter;
  /** Paths of nodes that were removed since rows were last taken, some of them made again since. */
  readonly removedPaths: Set<string>;
  /** Of all ephemeral nodes. */
  ephemeralCount: number;
  /** Of all nodes: the lengths of their paths and of their data. */
  dataSize: number;
  settings: TreeSettings;
  epoch: number;
  /** The index of the batch that may come next in this epoch. */
  nextIndex: number;
  /** The lower half of the last zxid. */
  counter: number;
  rulesVersion: number;
  /** While a multi is under way: how to take it back. */
  undo: UndoLog | undefined;
}

export function createState(rules: TreeRules): Tree {
  const sum = { a: 0, b: 0 };
  const hasher = new Hasher();
  return {
    rules,
    znodes: new ZnodeTable(),
    acls: new AclTable(),
    sessions: new SessionTable(sum, hasher),
    containers: new Set(),
    ttls: new Set(),
    sum,
    hasher,
    replies: new ReplyWriter(),
    removedPaths: new Set(),
    ephemeralCount: 0,
    dataSize: 0,
    settings: DEFAULT_SETTINGS,
    epoch: 0,
    nextIndex: 0,
    counter: 0,
    rulesVersion: RULES_VERSION,
    undo: undefined,
  };
}

/** The zxid of the last transaction. */
export function lastZxid({ epoch, counter }: Tree): number {
  return epoch * 2 ** 32 + counter;
}

/**
 * How many zxids this epoch still has. A batch with more entries than that is void: its leader has
 * to start a new epoch before.
 */
export function zxidsLeft({ counter }: Tree): number {
  return COUNTER_MAX - counter;
}
