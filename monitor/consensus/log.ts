/**
 * The part of the log that a member keeps in memory: what it accepted in the slots first..last, without a gap. Slots
 * below `first` are in the tree's rows. What a slot holds may change until the slot is chosen, never afterwards.
 */
import { assert } from "../../cluster/base/assert.ts";

export interface LogEntry {
  /** In which round it was accepted. */
  readonly round: number;
  readonly value: Uint8Array;
}

/** Removed entries at the front of the array are only forgotten until there are so many. */
const SLACK_MAX = 1024;

export class Log {
  #first: number;
  #entries: LogEntry[] = [];
  /** How many entries at the front of the array are trimmed. */
  #slack = 0;
  #bytes = 0;

  constructor(first: number) {
    this.#first = first;
  }

  get first(): number {
    return this.#first;
  }

  /** `first - 1` if the log is empty. */
  get last(): number {
    return this.#first + this.#entries.length - this.#slack - 1;
  }

  /** Of all values. */
  get bytes(): number {
    return this.#bytes;
  }

  entry(slot: number): LogEntry | undefined {
    return slot < this.#first ? undefined : this.#entries[slot - this.#first + this.#slack];
  }

  put(slot: number, entry: LogEntry): void {
    assert(slot >= this.#first, `slot ${slot} is trimmed; the log begins at ${this.#first}`);
    assert(slot <= this.last + 1, `slot ${slot} would leave a gap after ${this.last}`);
    this.#bytes += entry.value.byteLength - (this.entry(slot)?.value.byteLength ?? 0);
    this.#entries[slot - this.#first + this.#slack] = entry;
  }

  /** Forgets the slots up to this one. */
  trimTo(slot: number): void {
    assert(slot <= this.last, `slot ${slot} is not in the log, which ends at ${this.last}`);
    while (this.#first <= slot) {
      this.#bytes -= this.entry(this.#first)?.value.byteLength ?? 0;
      this.#entries[this.#slack] = EMPTY;
      this.#first += 1;
      this.#slack += 1;
    }
    if (this.#slack < SLACK_MAX) return;
    this.#entries = this.#entries.slice(this.#slack);
    this.#slack = 0;
  }

  /** Forgets everything and goes on at `first`. */
  restart(first: number): void {
    assert(first > this.#first, "a log goes on later than it began");
    this.#first = first;
    this.#entries = [];
    this.#slack = 0;
    this.#bytes = 0;
  }

  /** Entries from `from` to at most `to`, until their values exceed `bytesMax`; at least one. */
  slice(from: number, to: number, bytesMax: number): LogEntry[] {
    const entries: LogEntry[] = [];
    let bytes = 0;
    for (let slot = from; slot <= to; slot++) {
      const entry = this.entry(slot);
      if (entry === undefined) break;
      bytes += entry.value.byteLength;
      if (entries.length > 0 && bytes > bytesMax) break;
      entries.push(entry);
    }
    return entries;
  }
}

const EMPTY: LogEntry = { round: 0, value: new Uint8Array(0) };
