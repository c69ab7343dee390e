/**
 * Sees all that the members of the transport scenario do and are told, and says what must not be:
 *
 * - An answer belongs to its request; a failure has a cause that the witness knows of.
 * - A handler runs at most once for a request, and a note is received at most once.
 * - Notes of one connection come in order, and what a connection hands over stays within its bounds.
 * - A messenger that closes gracefully loses no answer that was ready in good time.
 * - When all is healed, everybody can soon talk to everybody again.
 *
 * That everything settles in time is up to the members, each on its own clock.
 */
import { type ClusterErrorCode, isClusterError } from "../../../cluster/base/error.ts";
import type { PeerName } from "../../../cluster/base/ids.ts";
import type { Received } from "../../../cluster/runtime/transport.ts";
import { Life } from "./life.ts";
import { isPayloadOf, type Talk, type Verdict } from "./messages.ts";

/** A fault may end a connection, or keep one from opening, so much later. */
const FAULT_FELT_MS = 8_000;
/** So long around a closing or a new address its peers may fail. */
const CHANGE_FELT_MS = 1_000;
/** An answer that is ready so long before any deadline must arrive. */
const IN_GOOD_TIME_MS = 2_000;
/** So many bytes of answers are sent well within that. */
const OWED_BYTES_MAX = 4 << 20;
/** After the healing: a connection's end is noticed, a pause is over, a peer has closed and opened. */
const TALK_AGAIN_MS = 30_000;

export interface Ask {
  readonly number: number;
  readonly from: Life;
  readonly to: PeerName;
  readonly verdict: Verdict;
  readonly holdMs: number;
  readonly size: number;
  readonly answerSize: number;
  readonly askedAtMs: number;
  readonly timeoutMs: number;
  /** On the clock of whoever asks. */
  readonly deadlineMs: number;
  isCancelled: boolean;
  runCount: number;
  /** How its handler ended. */
  ended: "answered" | ClusterErrorCode | undefined;
  /** Of the closing messenger in which it runs, on that one's clock. */
  closeDeadlineMs: number | undefined;
  /** Its handler ended in good time although its messenger was closing. */
  isOwed: boolean;
  /** It failed, and if its answer was owed, that was wrong. */
  isMissed: boolean;
}

export interface Ending {
  readonly outcome: NonNullable<Ask["ended"]>;
  readonly nowMs: number;
  /** It must still be what it was. */
  readonly payload: Uint8Array;
}

export interface WitnessOptions {
  violated(reason: string): void;
  /** The true time. */
  nowMs(): number;
  lastFaultMs(): number;
  /** Processes may be stopped, and then much is late. */
  readonly hasPauses: boolean;
}

export class Witness {
  readonly #options: WitnessOptions;
  /** Where each member listens now. */
  readonly addresses = new Map<PeerName, string>();
  readonly #waiting = new Map<number, Ask>();
  readonly #asks = new Map<number, Ask>();
  readonly #running = new Map<Life, Set<Ask>>();
  readonly #notes = new Set<string>();
  readonly #awayUntilMs = new Map<PeerName, number>();
  /** When one last changed its way to another. */
  readonly #reroutedMs = new Map<string, number>();
  readonly #finished = new Set<PeerName>();
  #lastNumber = 0;
  #healedAtMs: number | undefined;

  constructor(options: WitnessOptions) {
    this.#options = options;
  }

  get isOver(): boolean {
    return this.#healedAtMs !== undefined;
  }

  get finishedCount(): number {
    return this.#finished.size;
  }

  get waitingCount(): number {
    return this.#waiting.size;
  }

  heal(): void {
    this.#healedAtMs = this.#options.nowMs();
  }

  violated(reason: string): void {
    this.#options.violated(reason);
  }

  /** Its earlier life has ended, and with it what waited there. */
  booted(name: PeerName): void {
    this.#finished.delete(name);
    for (const ask of this.#waiting.values()) {
      if (ask.from.name === name) this.#waiting.delete(ask.number);
    }
  }

  opens(name: PeerName): Life {
    this.#awayUntilMs.set(name, Number.POSITIVE_INFINITY);
    this.#lastNumber += 1;
    const life = new Life(this.#lastNumber, name);
    this.#running.set(life, new Set());
    return life;
  }

  opened(life: Life, address: string | undefined): void {
    this.#awayUntilMs.set(life.name, this.#options.nowMs());
    if (address !== undefined) this.addresses.set(life.name, address);
  }

  routed(life: Life, peer: PeerName, address: string | undefined): void {
    if (life.routes.get(peer) === address) return;
    life.routes.set(peer, address);
    this.#reroutedMs.set(`${life.name} ${peer}`, this.#options.nowMs());
  }

  closing(life: Life, deadlineMs: number): void {
    life.isClosing = true;
    this.#awayUntilMs.set(life.name, Number.POSITIVE_INFINITY);
    for (const ask of this.#running.get(life) ?? []) ask.closeDeadlineMs = deadlineMs;
  }

  asked(ask: Omit<Ask, "number" | "askedAtMs" | keyof typeof NEW_ASK>): Ask {
    this.#lastNumber += 1;
    const asked: Ask = {
      ...ask,
      ...NEW_ASK,
      number: this.#lastNumber,
      askedAtMs: this.#options.nowMs(),
    };
    this.#asks.set(asked.number, asked);
    this.#waiting.set(asked.number, asked);
    return asked;
  }

  /** A handler starts: the request that it is for. */
  starts(life: Life, { from, message, payload }: Received<Talk>): Ask | undefined {
    const ask = message.type === "ask" ? this.#asks.get(message.number) : undefined;
    if (ask === undefined || ask.to !== life.name || ask.from.name !== from) {
      this.violated(`${life.name} was asked ${message.type} by ${from}, who never did`);
      return undefined;
    }
    ask.runCount += 1;
    if (ask.runCount > 1) this.violated(`request ${ask.number} was handled twice`);
    this.#checkPayload(ask, payload);
    this.#running.get(life)?.add(ask);
    const excess = life.hold(from, ask.size, true);
    if (excess !== undefined) this.violated(`${life.name} was given ${excess} by ${from}`);
    return ask;
  }

  /** The time is that of the handler's process. */
  ends(life: Life, ask: Ask, { outcome, nowMs, payload }: Ending): void {
    const running = this.#running.get(life);
    running?.delete(ask);
    life.release(ask.from.name, ask.size, true);
    this.#checkPayload(ask, payload);
    ask.ended = outcome;
    if (ask.closeDeadlineMs === undefined) return;
    const askedMs = this.#options.nowMs() - ask.askedAtMs;
    const leftMs = Math.min(ask.closeDeadlineMs - nowMs, ask.timeoutMs - askedMs);
    const bytes = [...(running ?? [])].reduce((sum, { answerSize }) => sum + answerSize, 0);
    ask.isOwed = leftMs >= IN_GOOD_TIME_MS && bytes + ask.answerSize <= OWED_BYTES_MAX;
    this.#checkOwed(ask);
  }

  answered(ask: Ask, { from, message, payload }: Received<Talk>): void {
    this.#waiting.delete(ask.number);
    const isRight = message.type === "told" && message.number === ask.number && from === ask.to;
    if (!isRight || !isPayloadOf(payload, answerKey(ask), ask.answerSize)) {
      this.violated(`request ${ask.number} to ${ask.to} has an answer that is not its own`);
    }
    if (ask.ended !== "answered") this.violated(`request ${ask.number} was answered by nobody`);
  }

  failed(ask: Ask, error: unknown, nowMs: number): void {
    this.#waiting.delete(ask.number);
    if (!isClusterError(error)) throw error;
    const { code } = error;
    const what = `request ${ask.number} of ${ask.from.name} to ${ask.to} failed with ${code}`;
    if (!this.#hasCause(ask, code, nowMs)) this.violated(`${what} for no reason: ${error.message}`);
    ask.isMissed = code !== ask.ended && code !== "CANCELLED" && !this.#isForgiven(ask, true);
    this.#checkOwed(ask);
  }

  received(life: Life, { from, message, payload }: Received<Talk>): void {
    if (message.type !== "note") {
      this.violated(`${life.name} received ${message.type} of ${from} as a note`);
      return;
    }
    const { sequence } = message;
    const name = `note ${sequence} of ${from} (${message.life}) to ${life.name}`;
    if (this.#notes.has(name)) this.violated(`${name} came twice`);
    this.#notes.add(name);
    if (!life.isInOrder(from, message.life, sequence)) this.violated(`${name} came out of order`);
    if (!isPayloadOf(payload, sequence, payload.byteLength)) this.violated(`${name} is damaged`);
    const excess = life.hold(from, payload.byteLength, false);
    if (excess !== undefined) this.violated(`${life.name} was given ${excess} by ${from}`);
  }

  /** After the healing. */
  talked(name: PeerName, peer: PeerName): void {
    if (this.#finished.has(name)) return;
    const tookMs = this.#options.nowMs() - (this.#healedAtMs ?? 0);
    if (tookMs > TALK_AGAIN_MS) this.violated(`${name} reached ${peer} after ${tookMs} ms only`);
  }

  finished(name: PeerName): void {
    this.#finished.add(name);
  }

  /** In whatever order its handler ends and the request fails. */
  #checkOwed({ number, from, to, isOwed, isMissed }: Ask): void {
    if (!isOwed || !isMissed) return;
    this.violated(`${to} was closing and had yet to answer request ${number} of ${from.name}`);
  }

  #checkPayload(ask: Ask, payload: Uint8Array): void {
    if (!isPayloadOf(payload, ask.number, ask.size)) {
      this.violated(`request ${ask.number} has bytes that are not its own`);
    }
  }

  #hasCause(ask: Ask, code: ClusterErrorCode, nowMs: number): boolean {
    if (code === "CANCELLED") return ask.isCancelled;
    if (code === "TIMEOUT") return nowMs >= ask.deadlineMs - 1;
    if (code === "OVERLOADED") return true;
    if (code === ask.ended) return true;
    if (code === "UNREACHABLE" && this.addresses.get(ask.to) === undefined) return true;
    const isTransport =
      code === "CONNECTION_LOST" || code === "UNREACHABLE" || code === "INTERRUPTED";
    return isTransport && this.#isForgiven(ask, false);
  }

  /** Something happened for which requests may fail; for one that is owed its peer's closing is no such thing. */
  #isForgiven({ from, to, askedAtMs }: Ask, isOwed: boolean): boolean {
    const { hasPauses, lastFaultMs, nowMs } = this.#options;
    const sinceMs = askedAtMs - CHANGE_FELT_MS;
    const isLater = (timeMs: number | undefined): boolean => (timeMs ?? 0) >= sinceMs;
    return (
      hasPauses ||
      nowMs() - lastFaultMs() < FAULT_FELT_MS ||
      from.isClosing ||
      isLater(this.#awayUntilMs.get(from.name)) ||
      isLater(this.#reroutedMs.get(`${from.name} ${to}`)) ||
      // Who has no way of its own asks on a connection of the other's.
      isLater(this.#reroutedMs.get(`${to} ${from.name}`)) ||
      (!isOwed && isLater(this.#awayUntilMs.get(to))) ||
      (!isOwed && from.routes.get(to) !== this.addresses.get(to))
    );
  }
}

const NEW_ASK = {
  isCancelled: false,
  runCount: 0,
  ended: undefined,
  closeDeadlineMs: undefined,
  isOwed: false,
  isMissed: false,
} as const;

/** Its payload is another than the question's. */
export function answerKey(ask: Ask): number {
  return ask.number + 2 ** 31;
}
