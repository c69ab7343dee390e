/**
 * What the clients of a counter saw, checked while they see it. An increment answers with the
 * counter right after it, so answers are places in one order, and linearizability is simple to say:
 *
 * - no two increments have the same place;
 * - an operation's answer includes everything that was answered before the operation began;
 * - nobody is told of more increments than were ever asked for.
 */
import type { Entry } from "./messages.ts";

export interface Operation {
  /** The entry, if it is an increment; undefined for a read. */
  readonly entry: Entry | undefined;
  /** The greatest answer that anybody had when this operation began. */
  readonly floor: number;
}

export class CounterHistory {
  readonly #violated: (reason: string) => void;
  /** By place. */
  readonly #acked = new Map<number, Entry>();
  #invokedCount = 0;
  #greatest = 0;

  constructor(violated: (reason: string) => void) {
    this.#violated = violated;
  }

  begin(entry: Entry | undefined): Operation {
    if (entry !== undefined) this.#invokedCount += 1;
    return { entry, floor: this.#greatest };
  }

  end({ entry, floor }: Operation, count: number): void {
    const what = entry === undefined ? "a read" : `increment ${nameOf(entry)}`;
    if (count > this.#invokedCount) {
      this.#violated(`${what} answered ${count} after ${this.#invokedCount} increments`);
    }
    if (entry === undefined) {
      if (count < floor) this.#violated(`a read answered ${count} after ${floor} was answered`);
    } else {
      const other = this.#acked.get(count);
      if (other !== undefined) this.#violated(`${what} and ${nameOf(other)} are both ${count}`);
      if (count <= floor) this.#violated(`${what} answered ${count} after ${floor} was answered`);
      this.#acked.set(count, entry);
    }
    this.#greatest = Math.max(this.#greatest, count);
  }

  /** A replica starts, with what its disk kept: it has promised to keep all that was answered. */
  recovered(replica: string, entries: readonly Entry[]): void {
    if (entries.length >= this.#greatest) return;
    this.#violated(
      `${replica} kept ${entries.length} entries after ${this.#greatest} was answered`,
    );
  }

  /**
   * At the end: every acknowledged increment is in the log at its place, and nothing is there
   * twice.
   */
  check(replica: string, entries: readonly Entry[]): void {
    const seen = new Set<string>();
    for (const [index, entry] of entries.entries()) {
      const name = nameOf(entry);
      if (seen.has(name)) this.#violated(`${replica} counted ${name} twice`);
      seen.add(name);
      const acked = this.#acked.get(index + 1);
      if (acked !== undefined && nameOf(acked) !== name) {
        this.#violated(`${replica} has ${name} at ${index + 1}, where ${nameOf(acked)} was`);
      }
    }
    for (const place of this.#acked.keys()) {
      if (place > entries.length) this.#violated(`${replica} lost increment ${place}`);
    }
  }
}

function nameOf({ session, request }: Entry): string {
  return `${session}/${request}`;
}
