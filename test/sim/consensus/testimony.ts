/**
 * What a member said that it holds on its disk, to be found there at its next start: this is what the others build on,
 * and nothing shows its loss but a run in which several lose it at once.
 */
import type { ConsensusMessage, Recovered } from "../../../monitor/consensus/state.ts";

export class Testimony {
  readonly #member: string;
  readonly #violated: (reason: string) => void;
  #promised = 0;
  /** By slot the highest round in which it said to have accepted it. */
  #accepted = { to: 0, round: 0 };

  constructor(member: string, violated: (reason: string) => void) {
    this.#member = member;
    this.#violated = violated;
  }

  said(message: ConsensusMessage): void {
    if (message.type === "promised") this.#promised = Math.max(this.#promised, message.round);
    if (message.type !== "accepted" || message.gap) return;
    const { round, to } = message;
    this.#promised = Math.max(this.#promised, round);
    if (round > this.#accepted.round || to > this.#accepted.to) this.#accepted = { round, to };
  }

  recovered({ promise, entries, applied }: Recovered): void {
    const round = promise?.round ?? 0;
    if (round < this.#promised) {
      this.#violated(`${this.#member} promised round ${this.#promised} and remembers ${round}`);
    }
    const { to } = this.#accepted;
    const last = Math.max(applied, entries.at(-1)?.slot ?? 0);
    if (last < to) this.#violated(`${this.#member} accepted up to slot ${to} and has ${last}`);
  }

  /** Its disk was replaced: what it said is no longer to be relied on. */
  void(): void {
    this.#promised = 0;
    this.#accepted = { to: 0, round: 0 };
  }
}
