/**
 * The last epochs' records, for peers that are behind: whoever is newer hands them over, so that a change of the map does
 * not bring everybody to the monitors. Consecutive, and bounded by count and by bytes; the oldest go first.
 */
import { assert } from "../base/assert.ts";
import type { Epoch } from "../base/ids.ts";
import type { Increment } from "./map-reader.ts";

export interface WindowBounds {
  readonly countMax: number;
  readonly bytesMax: number;
}

export const WINDOW_BOUNDS: WindowBounds = { countMax: 500, bytesMax: 4 << 20 };

export class RecordWindow {
  readonly #bounds: WindowBounds;
  #increments: Increment[] = [];
  #size = 0;

  constructor(bounds: WindowBounds = WINDOW_BOUNDS) {
    this.#bounds = bounds;
  }

  get sizeBytes(): number {
    return this.#size;
  }

  push(increment: Increment): void {
    const newest = this.#increments.at(-1);
    assert(
      newest === undefined || increment.record.epoch === newest.record.epoch + 1,
      "a window has no gaps",
    );
    this.#increments.push(increment);
    this.#size += increment.bytes.byteLength;
    while (this.#increments.length > this.#bounds.countMax || this.#size > this.#bounds.bytesMax) {
      this.#size -= this.#increments.shift()?.bytes.byteLength ?? 0;
    }
  }

  clear(): void {
    this.#increments = [];
    this.#size = 0;
  }

  /**
   * Those right after an epoch, the first within the bounds, each as an encoded EpochRecord. None if that epoch is too old
   * for the window: who is that far behind reads the tree.
   */
  since(epoch: Epoch, { countMax, bytesMax }: WindowBounds): Uint8Array[] {
    const first = this.#increments[0]?.record.epoch;
    if (first === undefined || epoch + 1 < first) return [];
    const found: Uint8Array[] = [];
    let size = 0;
    for (const { bytes } of this.#increments.slice(epoch + 1 - first)) {
      size += bytes.byteLength;
      if (found.length >= countMax || size > bytesMax) break;
      found.push(bytes);
    }
    return found;
  }
}
