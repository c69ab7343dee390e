/**
 * One messenger of a member, from its opening to its end, as the checkers see it: what was handed to it and is not
 * finished, and how many streams it had with whom. A message does not tell on which of several connections it came,
 * so bounds and orders of one connection are checked as those of so many.
 */
import type { PeerName } from "../../../cluster/base/ids.ts";
import { MESSAGE_OVERHEAD } from "../../../cluster/runtime/outgoing.ts";
import { INBOUND_BYTES_MAX, RUNNING_MAX } from "../../../cluster/runtime/serving.ts";
import { PAYLOAD_SIZE_MAX } from "./messages.ts";

export class Life {
  readonly number: number;
  readonly name: PeerName;
  /** Where it believes its peers to be. */
  readonly routes = new Map<PeerName, string | undefined>();
  isClosing = false;
  readonly #streams = new Map<string, number>();
  readonly #held = new Map<PeerName, { count: number; bytes: number }>();
  /** By sending life: the latest number of each row of notes that may have come on one connection. */
  readonly #rows = new Map<number, number[]>();

  constructor(number: number, name: PeerName) {
    this.number = number;
    this.name = name;
  }

  addStream(peer: string): void {
    this.#streams.set(peer, this.streamCount(peer) + 1);
  }

  streamCount(peer: string): number {
    return this.#streams.get(peer) ?? 0;
  }

  /** What is wrong with it, if something is. */
  hold(peer: PeerName, size: number, isRequest: boolean): string | undefined {
    const held = this.#held.get(peer) ?? { count: 0, bytes: 0 };
    this.#held.set(peer, held);
    held.bytes += size + MESSAGE_OVERHEAD;
    held.count += isRequest ? 1 : 0;
    const bytesMax = INBOUND_BYTES_MAX + PAYLOAD_SIZE_MAX + 2 * MESSAGE_OVERHEAD;
    const count = this.streamCount(peer);
    if (held.count > count * RUNNING_MAX) return `${held.count} requests at once`;
    return held.bytes > count * bytesMax ? `${held.bytes} unfinished bytes` : undefined;
  }

  release(peer: PeerName, size: number, isRequest: boolean): void {
    const held = this.#held.get(peer);
    if (held === undefined) return;
    held.bytes -= size + MESSAGE_OVERHEAD;
    held.count -= isRequest ? 1 : 0;
  }

  /** Whether what came so far can have come in order on as many connections as there were. */
  isInOrder(peer: PeerName, life: number, sequence: number): boolean {
    const rows = this.#rows.get(life) ?? [];
    this.#rows.set(life, rows);
    // The row that ends last before this note: the fewest rows come of always taking that one.
    const before = rows.filter((latest) => latest < sequence);
    if (before.length === 0) rows.push(sequence);
    else rows[rows.indexOf(Math.max(...before))] = sequence;
    return rows.length <= this.streamCount(peer);
  }
}
