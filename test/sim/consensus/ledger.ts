/**
 * The simplest machine worth replicating: a list of entries, each once, in the order in which they were chosen. It keeps
 * to M2 as the znode tree does: a batch that does not follow on its predecessor is void, everywhere.
 */
import { assert } from "../../../cluster/base/assert.ts";
import { equalBytes, utf8 } from "../../../cluster/base/bytes.ts";
import type { KeyValue, Write } from "../../../cluster/kv/store.ts";
import { decode, encode, list, record, u53 } from "../../../cluster/wire/codec.ts";
import type {
  BatchHeader,
  Machine,
  MachineLoader,
  Unreadable,
} from "../../../monitor/replica/machine.ts";
import { type Entry, entryCodec } from "./messages.ts";

const batchCodec = record({
  epoch: u53,
  index: u53,
  wallMs: u53,
  entries: list(entryCodec, { max: 10_000 }),
});
const headCodec = record({ slot: u53, epoch: u53, index: u53, count: u53 });
const HEAD_KEY = utf8("t");

/** Entries of this session change nothing: reads wait for one to be chosen. */
export const READER: Entry = { session: 0, request: 0 };

export interface LedgerRules {
  /** M2: a batch counts only where its leader put it. */
  readonly prefixOrder: boolean;
}

/** Who watches a ledger. */
export interface LedgerWatch {
  applied(slot: number, value: Uint8Array): void;
  /** A session's request counts although the one before it does not. */
  skipped(entry: Entry): void;
}

export class Ledger implements Machine<Entry> {
  entries: Entry[] = [];
  /** Of each session its latest request. */
  readonly latest = new Map<number, number>();
  readonly #places = new Map<string, number>();
  #epoch = 0;
  #index = 0;
  #writtenCount = 0;
  #digest = 0;
  readonly #rules: LedgerRules;
  readonly #watch: LedgerWatch;

  constructor(rules: LedgerRules, watch: LedgerWatch) {
    this.#rules = rules;
    this.#watch = watch;
  }

  /** Undefined if it does not count, or not yet. */
  placeOf({ session, request }: Entry): number | undefined {
    return this.#places.get(`${session}/${request}`);
  }

  get dirtyCount(): number {
    return this.entries.length - this.#writtenCount;
  }

  encode(header: BatchHeader, entries: readonly Entry[]): Uint8Array {
    return encode(batchCodec, { ...header, entries });
  }

  apply(slot: number, value: Uint8Array): Unreadable | undefined {
    this.#watch.applied(slot, value);
    const { epoch, index, entries } = decode(batchCodec, value);
    const follows =
      epoch === this.#epoch ? index === this.#index + 1 : epoch > this.#epoch && index === 0;
    if (this.#rules.prefixOrder && !follows) return undefined;
    this.#epoch = epoch;
    this.#index = index;
    for (const entry of entries) this.#enter(entry);
    return undefined;
  }

  digest(): number {
    return this.#digest;
  }

  takeRows(slot: number): Write[] {
    const head = { slot, epoch: this.#epoch, index: this.#index, count: this.entries.length };
    const writes: Write[] = [{ type: "put", key: HEAD_KEY, value: encode(headCodec, head) }];
    for (let place = this.#writtenCount + 1; place <= this.entries.length; place++) {
      const entry = this.entries[place - 1];
      assert(entry !== undefined, "places are counted from one");
      writes.push({ type: "put", key: keyOf(place), value: encode(entryCodec, entry) });
    }
    this.#writtenCount = this.entries.length;
    return writes;
  }

  load(): MachineLoader {
    const entries: Entry[] = [];
    let head = { slot: 0, epoch: 0, index: 0, count: 0 };
    return {
      get slot() {
        return head.slot;
      },
      add([key, value]: KeyValue) {
        if (equalBytes(key, HEAD_KEY)) head = decode(headCodec, value);
        else entries.push(decode(entryCodec, value));
      },
      finish: () => {
        // Rows of different slots, if they ever came together, would not add up (M6).
        assert(
          entries.length === head.count,
          `${head.count} entries, and rows of ${entries.length}`,
        );
        this.#replace(entries, head);
      },
    };
  }

  #replace(entries: readonly Entry[], head: { epoch: number; index: number }): void {
    this.entries = [];
    this.latest.clear();
    this.#places.clear();
    this.#digest = 0;
    for (const entry of entries) this.#enter(entry);
    this.#epoch = head.epoch;
    this.#index = head.index;
    this.#writtenCount = entries.length;
  }

  #enter(entry: Entry): void {
    if (entry.session === READER.session) return;
    const latest = this.latest.get(entry.session) ?? 0;
    if (entry.request <= latest) return;
    if (entry.request !== latest + 1) this.#watch.skipped(entry);
    this.entries.push(entry);
    this.latest.set(entry.session, entry.request);
    this.#places.set(`${entry.session}/${entry.request}`, this.entries.length);
    this.#digest = (this.#digest * 31 + entry.session + entry.request) % 2 ** 32;
  }
}

/** Behind the head. */
function keyOf(place: number): Uint8Array {
  const key = new Uint8Array(5);
  key[0] = 0x7a;
  new DataView(key.buffer).setUint32(1, place);
  return key;
}
