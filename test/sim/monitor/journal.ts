/**
 * What the ensemble has done, as its members apply it: each slot once, from whichever member applies it first. Every
 * other member must find the same value there and come to the same state, whatever became of it in between.
 *
 * What clients were told is judged by this: it is written before any of them can be.
 */
import type { PeerName } from "../../../cluster/base/ids.ts";
import { xxh64 } from "../../../cluster/wire/checksum.ts";
import type { MonitorState } from "../../../monitor/monitor-state.ts";
import type { Entry } from "../../../monitor/tree/batch.ts";
import type { Outcome, TriggerType } from "../../../monitor/tree/outcome.ts";

interface Slot {
  readonly hash: bigint;
  digest: number;
}

export interface Change {
  readonly type: TriggerType;
  readonly zxid: number;
}

export type AppliedListener = (entry: Entry, outcome: Outcome) => void;

/** What clients write into nodes, each once. */
const TOKEN = /<[a-z0-9.]+>/g;

export class Journal {
  readonly #violated: (reason: string) => void;
  readonly #hasTokens: boolean;
  /** Slot 1 is the first. */
  readonly #slots: Slot[] = [];
  readonly #changes = new Map<string, Change[]>();
  readonly #tokens = new Map<string, number>();
  readonly #listeners: AppliedListener[] = [];

  /** Of clients that write no tokens, bytes that look like one say nothing. */
  constructor(violated: (reason: string) => void, { hasTokens = true } = {}) {
    this.#violated = violated;
    this.#hasTokens = hasTokens;
  }

  get lastSlot(): number {
    return this.#slots.length;
  }

  /** Told of each entry when its first member applies it. */
  onApplied(listener: AppliedListener): void {
    this.#listeners.push(listener);
  }

  /** A member begins a life. */
  follow(name: PeerName, { machine, replica }: MonitorState): void {
    const { observer } = machine;
    const apply = machine.apply.bind(machine);
    let isNews = false;
    machine.observer = observer && {
      treeReplaced: (tree) => observer.treeReplaced(tree),
      entryApplied: (entry, outcome) => {
        if (isNews) this.#note(entry, outcome);
        observer.entryApplied(entry, outcome);
      },
    };
    machine.apply = (slot, value) => {
      const hash = xxh64(value);
      const known = this.#slots[slot - 1];
      isNews = known === undefined;
      if (known === undefined) this.#begin(name, slot, hash);
      else if (known.hash !== hash) {
        this.#violated(`slot ${slot} was chosen with two values; ${name} has the second`);
      }
      apply(slot, value);
      const digest = machine.digest();
      const noted = this.#slots[slot - 1];
      if (noted === undefined) return;
      if (isNews) noted.digest = digest;
      else if (noted.digest !== digest) {
        this.#violated(`${name} applied slot ${slot} (has ${replica.applied}) and differs`);
      }
    };
  }

  /** The changes of a path that watches wait for, in order. */
  changesOf(path: string): readonly Change[] {
    return this.#changes.get(path) ?? [];
  }

  /** The zxid of the write that carried the token, if it took effect. */
  zxidOf(token: string): number | undefined {
    return this.#tokens.get(token);
  }

  #begin(name: PeerName, slot: number, hash: bigint): void {
    if (slot !== this.#slots.length + 1) {
      this.#violated(`${name} applies slot ${slot}, and nobody has applied the one before it`);
    }
    this.#slots[slot - 1] = { hash, digest: 0 };
  }

  #note(entry: Entry, outcome: Outcome): void {
    for (const { type, path, zxid } of outcome.triggers) {
      const changes = this.#changes.get(path);
      if (changes === undefined) this.#changes.set(path, [{ type, zxid }]);
      else changes.push({ type, zxid });
    }
    if (
      this.#hasTokens &&
      entry.type === "request" &&
      outcome.kind === "done" &&
      outcome.triggers.length > 0
    ) {
      this.#noteTokens(entry.body, outcome.zxid);
    }
    for (const listener of this.#listeners) listener(entry, outcome);
  }

  #noteTokens(body: Uint8Array, zxid: number): void {
    for (const [token] of Buffer.from(body).toString("latin1").matchAll(TOKEN)) {
      if (this.#tokens.has(token)) this.#violated(`the write ${token} took effect twice`);
      this.#tokens.set(token, zxid);
    }
  }
}
