/** The znode tree as the machine of a replica. Whoever serves clients is told of each entry as it is applied. */
import type { KeyValue, Write } from "../cluster/kv/store.ts";
import { decode, encode } from "../cluster/wire/codec.ts";
import type { BatchHeader, Machine, MachineLoader } from "./replica/machine.ts";
import { batch, type Entry } from "./tree/batch.ts";
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

  apply(_slot: number, value: Uint8Array): void {
    applyBatch(this.#tree, decode(batch, value), this.observer?.entryApplied);
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
