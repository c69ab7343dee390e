/** The rows of a tree, as a store holds them: in the order of their keys. */
import { present } from "../../../cluster/base/assert.ts";
import { compareBytes, fromHex, toHex } from "../../../cluster/base/bytes.ts";
import type { KeyValue, Write } from "../../../cluster/kv/store.ts";
import { type LoadedTree, RowLoader } from "../../../monitor/tree/row-loader.ts";

export class RowsStore {
  readonly #rows = new Map<string, Uint8Array>();

  write(writes: readonly Write[]): void {
    for (const write of writes) {
      if (write.type === "delete") this.#rows.delete(toHex(write.key));
      else this.#rows.set(toHex(write.key), Uint8Array.from(write.value));
    }
  }

  entries(): KeyValue[] {
    return [...this.#rows]
      .map(([key, value]): KeyValue => [present(fromHex(key), "a key"), value])
      .sort(([left], [right]) => compareBytes(left, right));
  }

  load(): LoadedTree {
    const loader = new RowLoader();
    for (const row of this.entries()) loader.add(row);
    return present(loader.finish(), "the tree of the rows");
  }
}
