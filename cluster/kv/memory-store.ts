/**
 * A store that forgets everything when it is closed: for tests, and for state that is not worth a
 * disk. A batch takes effect when it is handed over. Bytes are copied in and out, so that a caller
 * that reuses a buffer changes nothing here.
 */
import { ClusterError } from "../base/error.ts";
import { OrderedMap } from "./ordered-map.ts";
import { type KeyValue, type KvStore, type ScanOptions, type Write, writeSize } from "./store.ts";

export class MemoryStore implements KvStore {
  readonly #map = new OrderedMap<Uint8Array>();
  #closed = false;

  async get(key: Uint8Array): Promise<Uint8Array | undefined> {
    this.#requireOpen();
    return copyFound(this.#map.get(key));
  }

  async getMany(keys: readonly Uint8Array[]): Promise<(Uint8Array | undefined)[]> {
    this.#requireOpen();
    return keys.map((key) => copyFound(this.#map.get(key)));
  }

  iterate(options: ScanOptions): AsyncIterableIterator<KeyValue> {
    this.#requireOpen();
    return this.#copies(this.#map.entries(options));
  }

  async batch(writes: readonly Write[]): Promise<void> {
    this.#requireOpen();
    for (const write of writes) {
      if (write.type === "put") this.#map.set(copy(write.key), copy(write.value));
      else this.#map.delete(write.key);
    }
  }

  async approximateSize(from: Uint8Array, to: Uint8Array): Promise<number> {
    this.#requireOpen();
    let bytes = 0;
    for (const [key, value] of this.#map.entries({ gte: from, lt: to })) {
      bytes += writeSize({ type: "put", key, value });
    }
    return bytes;
  }

  async close(): Promise<void> {
    this.#closed = true;
  }

  async *#copies(entries: Iterable<KeyValue>): AsyncIterableIterator<KeyValue> {
    for (const [key, value] of entries) {
      this.#requireOpen();
      yield [copy(key), copy(value)];
    }
  }

  #requireOpen(): void {
    if (this.#closed) throw new ClusterError("STORE_CLOSED", "this store in memory is closed");
  }
}

/** Not `slice`: that of a Buffer is a view of the same memory. */
function copy(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes);
}

function copyFound(bytes: Uint8Array | undefined): Uint8Array | undefined {
  return bytes === undefined ? undefined : copy(bytes);
}
