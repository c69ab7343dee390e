/**
 * The replicated state machine: a tree of znodes and the sessions that use it. Members that apply
 * the same batches in the same order come to the same state, answer the same and have the same
 * digest, for nothing here looks at anything but the state and the batch.
 *
 * A batch counts only as the next one of the present epoch, or as the first one of a later epoch.
 * What a leader had in flight when it was replaced may survive in part; with this rule, what
 * survives of it is a prefix, and no client sees a later one of its requests done and an earlier
 * one lost.
 */
import { assert } from "../../cluster/base/assert.ts";
import { type Batch, type Entry, EPOCH_MAX } from "./batch.ts";
import { addHash, toDigest } from "./digest.ts";
import { applyEntry } from "./entry.ts";
import type { BatchOutcome, Outcome } from "./outcome.ts";
import { createState, RULES, type Tree, type TreeRules, zxidsLeft } from "./state.ts";
import { addSystemNodes } from "./system-nodes.ts";

export function createTree(options: { readonly rules?: Partial<TreeRules> } = {}): Tree {
  const tree = createState({ ...RULES, ...options.rules });
  addSystemNodes(tree);
  return tree;
}

/** Told of each entry right after it was applied, before the next one is. */
export type EntryObserver = (entry: Entry, outcome: Outcome) => void;

/** Changes the tree. A batch is applied whole or, if it is void, not at all. */
export function applyBatch(tree: Tree, batch: Batch, observe?: EntryObserver): BatchOutcome {
  assert(batch.epoch <= EPOCH_MAX, `an epoch is at most ${EPOCH_MAX}: ${batch.epoch}`);
  const isNewEpoch = batch.epoch > tree.epoch;
  if (tree.rules.prefixOrder && !isInOrder(tree, batch)) return { isVoid: true };
  // In a new epoch zxids start over, and no batch has as many entries as there are.
  if (!isNewEpoch && batch.entries.length > zxidsLeft(tree)) return { isVoid: true };
  if (isNewEpoch) {
    tree.epoch = batch.epoch;
    tree.counter = 0;
  }
  tree.nextIndex = batch.index + 1;
  const outcomes = batch.entries.map((entry) => {
    const outcome = applyEntry(tree, entry, batch);
    observe?.(entry, outcome);
    return outcome;
  });
  return { isVoid: false, outcomes };
}

function isInOrder({ epoch, nextIndex }: Tree, batch: Batch): boolean {
  if (batch.epoch > epoch) return batch.index === 0;
  return batch.epoch === epoch && batch.index === nextIndex;
}

/**
 * The same number for two trees means, but for a chance of one in 2^64, that they are the same and
 * go on alike.
 */
export function digestOf({ sum, hasher, ...tree }: Tree): bigint {
  const { settings } = tree;
  hasher.reset();
  hasher.word(tree.rulesVersion);
  hasher.number(tree.epoch);
  hasher.number(tree.nextIndex);
  hasher.number(tree.counter);
  hasher.text(settings.superDigest);
  hasher.bytes(settings.config);
  hasher.word(flagsOf([settings.skipAcl, settings.extendedTypes, settings.ipv6Acls]));
  hasher.finish();
  const whole = { ...sum };
  addHash(whole, hasher);
  return toDigest(whole);
}

function flagsOf(flags: readonly boolean[]): number {
  return flags.reduce((word, flag) => word * 2 + (flag ? 1 : 0), 0);
}
