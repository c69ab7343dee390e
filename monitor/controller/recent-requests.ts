/**
 * Requests that were carried out, by their ids: one that is repeated because its answer was lost, or because another
 * controller has taken over, is answered with its epoch and not done again (C2). They are in the history of the map, from
 * which a new controller learns of them.
 */
import type { Epoch } from "../../cluster/base/ids.ts";

/** Nobody repeats a request after so many others. */
export const RECENT_REQUESTS_MAX = 65_536;

export class RecentRequests {
  readonly #epochs = new Map<string, Epoch>();
  readonly #max: number;

  constructor(max = RECENT_REQUESTS_MAX) {
    this.#max = max;
  }

  add(requests: readonly string[], epoch: Epoch): void {
    for (const request of requests) this.#epochs.set(request, epoch);
    for (const oldest of this.#epochs.keys()) {
      if (this.#epochs.size <= this.#max) break;
      this.#epochs.delete(oldest);
    }
  }

  epochOf(request: string): Epoch | undefined {
    return this.#epochs.get(request);
  }

  clear(): void {
    this.#epochs.clear();
  }
}
