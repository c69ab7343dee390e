/** The znode tree as the machine of a replica. Whoever serves clients is told of each entry as it is applied. */
import type { KeyValue, Write } from "../cluster/kv/store.ts";
import { decode, encode } from "../cluster/wire/codec.ts";
import { CodecError } from "../cluster/wire/codec-error.ts";
import type { BatchHeader, Machine, MachineLoader, Unreadable } from "./replica/machine.ts";
import { type Batch, batch, type Entry } from "./tree/batch.ts";
import { RowLoader } from "./tree/row-loader.ts";
import { takeDirtyRows } from "./tree/rows.ts";
import type { Tree, TreeRules } from "./tree/state.ts";
import { applyBatch, createTree, digestOf, type EntryObserver } from "./tree/tree.ts";

/** A digest has 64 bits; what members compare has to stay an exact number. */
const DIGEST_BITS = 53;

export interface TreeObserver {
  readonly entryApplied: EntryObserver;
  /** Rows of a later slot took the place of everything: nobody was told of what came between. */
  treeReplaced(tree: Tree): void;
}

export class TreeMachine implements Machine<Entry> {
  observer: TreeObserver | undefined;
  readonly #rules: Partial<TreeRules>;
  #tree: Tree;

  constructor(rules: Partial<TreeRules> = {}) {
    this.#rules = rules;
    this.#tree = createTree({ rules });
  }

  get tree(): Tree {
    return this.#tree;
  }

  get dirtyCount(): number {
    return this.#tree.znodes.dirtyCount + this.#tree.removedPaths.size;
  }

  encode(header: BatchHeader, entries: readonly Entry[]): Uint8Array {
    return encode(batch, { ...header, entries });
  }

  apply(_slot: number, value: Uint8Array): Unreadable | undefined {
    const read = readBatch(value);
    if ("reason" in read) return read;
    applyBatch(this.#tree, read, this.observer?.entryApplied);
    return undefined;
  }

  digest(): number {
    return Number(BigInt.asUintN(DIGEST_BITS, digestOf(this.#tree)));
  }

  takeRows(slot: number): Write[] {
    return takeDirtyRows(this.#tree, slot);
  }

  load(): MachineLoader {
    const loader = new RowLoader({ rules: this.#rules });
    return {
      get slot() {
        return loader.appliedSlot;
      },
      add: (row: KeyValue) => loader.add(row),
      finish: () => {
        const loaded = loader.finish();
        if (loaded === undefined) return;
        this.#tree = loaded.tree;
        this.observer?.treeReplaced(loaded.tree);
      },
    };
  }
}

function readBatch(value: Uint8Array): Batch | Unreadable {
  try {
    return decode(batch, value);
  } catch (error) {
    if (!(error instanceof CodecError)) throw error;
    // Version 0 was never written by anybody.
    const version = error.code === "UNKNOWN_VERSION" ? value[error.offset] : 0;
    return { isNewer: version !== 0, reason: error.message };
  }
}
