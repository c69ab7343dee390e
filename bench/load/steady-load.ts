/**
 * Sessions that keep a window of requests on their way for so long: creates, sets, gets, or sets and
 * gets mixed. What is sent before the servers are warm does not count.
 */
import { setTimeout as delay } from "node:timers/promises";
import { present } from "../../cluster/base/assert.ts";
import { createPrng, type Prng, randomFloat, randomInt } from "../../cluster/base/prng.ts";
import { createFrame, deleteFrame, type Frame, getFrame, setFrame, syncFrame } from "./frames.ts";
import { Latencies, type LatencySummary } from "./latencies.ts";
import {
  type Address,
  LOST,
  LoadSession,
  openSessions,
  REPLY_BODY_OFFSET,
  sendMany,
} from "./load-session.ts";
import { cpuSeconds, residentMiB } from "./processes.ts";

export type SteadyMode = "create" | "set" | "get" | "mixed";

export interface SteadyOptions {
  readonly servers: readonly Address[];
  readonly mode: SteadyMode;
  readonly sessionCount: number;
  readonly window: number;
  readonly dataBytes: number;
  readonly measuredMs: number;
  readonly warmUpMs: number;
  /** Nodes that are set and got. */
  readonly keyCount: number;
  /** Share of gets among mixed requests. */
  readonly readShare: number;
  /** Of the servers, whose cost is told as well. */
  readonly pids: readonly number[];
}

export interface SteadyResult extends LatencySummary {
  readonly operationsPerSecond: number;
  readonly errorCount: number;
  readonly cpuSecondsOfServers: readonly number[];
  readonly residentMiBOfServers: readonly number[];
}

const SESSION_TIMEOUT_MS = 10_000;
const DRAIN_MS_MAX = 15_000;
const EMPTY = new Uint8Array(0);

export async function steadyLoad(options: SteadyOptions): Promise<SteadyResult> {
  const { servers, sessionCount } = options;
  const common = { servers, timeoutMs: SESSION_TIMEOUT_MS };
  const keeper = new LoadSession({ ...common, first: 0 });
  await keeper.open();
  const sessions = await openSessions(sessionCount, common);
  const field = new Field(options, keeper, sessions);
  await field.prepare();
  const result = await new Run(options, field, sessions).measure();
  await field.clear();
  await Promise.all([...sessions, keeper].map((session) => session.close()));
  return result;
}

/** The nodes that a run works on. */
class Field {
  readonly #options: SteadyOptions;
  readonly #keeper: LoadSession;
  readonly #sessions: readonly LoadSession[];
  readonly #root = `/load-${process.pid}-${Date.now().toString(36)}`;
  readonly #data: Uint8Array;
  readonly #prng: Prng = createPrng(process.pid);
  readonly #made: number[];
  /** By number of the key. Encoding them anew would cost as much as all the rest of a request. */
  readonly #gets: Frame[] = [];
  readonly #sets: Frame[] = [];

  constructor(options: SteadyOptions, keeper: LoadSession, sessions: readonly LoadSession[]) {
    this.#options = options;
    this.#keeper = keeper;
    this.#sessions = sessions;
    this.#data = new Uint8Array(options.dataBytes).fill(0x61);
    this.#made = sessions.map(() => 0);
    for (let key = 0; key < options.keyCount; key++) {
      this.#gets.push(getFrame(this.#path(key), false));
      this.#sets.push(setFrame(this.#path(key), this.#data));
    }
  }

  async prepare(): Promise<void> {
    await this.#keeper.call(createFrame(this.#root, EMPTY));
    const { mode, keyCount } = this.#options;
    const count = mode === "create" ? this.#sessions.length : keyCount;
    await sendMany(this.#keeper, count, (number) => createFrame(this.#path(number), this.#data));
    // Only then has every session's server these nodes.
    await Promise.all(this.#sessions.map((session) => session.call(syncFrame(this.#root))));
  }

  /** Of one session, and whether it is a read. */
  next(session: number): { readonly packet: Frame; readonly isRead: boolean } {
    const { mode, readShare, keyCount } = this.#options;
    if (mode === "create") {
      const number = this.#made[session] ?? 0;
      this.#made[session] = number + 1;
      return { packet: createFrame(`${this.#path(session)}/${number}`, this.#data), isRead: false };
    }
    const isRead = mode === "get" || (mode === "mixed" && randomFloat(this.#prng) < readShare);
    const packet = (isRead ? this.#gets : this.#sets)[randomInt(this.#prng, keyCount)];
    // A copy, because an earlier one may still be on its way out with its own xid.
    return { packet: Buffer.from(present(packet, "the frame of a key")), isRead };
  }

  async clear(): Promise<void> {
    for (const [session, count] of this.#made.entries()) {
      await sendMany(this.#keeper, count, (each) => deleteFrame(`${this.#path(session)}/${each}`));
    }
    const { mode, keyCount } = this.#options;
    const count = mode === "create" ? this.#sessions.length : keyCount;
    await sendMany(this.#keeper, count, (number) => deleteFrame(this.#path(number)));
    await this.#keeper.call(deleteFrame(this.#root));
  }

  #path(number: number): string {
    return `${this.#root}/${number}`;
  }
}

class Run {
  readonly #options: SteadyOptions;
  readonly #field: Field;
  readonly #sessions: readonly LoadSession[];
  readonly #latencies = new Latencies();
  #isMeasuring = false;
  #isOver = false;
  #errorCount = 0;
  #onItsWay = 0;
  #drained: () => void = () => {};

  constructor(options: SteadyOptions, field: Field, sessions: readonly LoadSession[]) {
    this.#options = options;
    this.#field = field;
    this.#sessions = sessions;
  }

  async measure(): Promise<SteadyResult> {
    const { warmUpMs, measuredMs, pids, window } = this.#options;
    const drained = new Promise<void>((resolve) => {
      this.#drained = resolve;
    });
    for (const [number, session] of this.#sessions.entries()) {
      for (let sent = 0; sent < window; sent++) this.#send(number, session);
    }
    await delay(warmUpMs);
    const cpuBefore = pids.map(cpuSeconds);
    const startMs = performance.now();
    this.#isMeasuring = true;
    await delay(measuredMs);
    this.#isMeasuring = false;
    const seconds = (performance.now() - startMs) / 1000;
    const cpuAfter = pids.map(cpuSeconds);
    this.#isOver = true;
    await Promise.race([drained, delay(DRAIN_MS_MAX, undefined, { ref: false })]);
    return {
      ...this.#latencies.summary(),
      operationsPerSecond: this.#latencies.count / seconds,
      errorCount: this.#errorCount,
      cpuSecondsOfServers: cpuAfter.map((after, index) => after - (cpuBefore[index] ?? Number.NaN)),
      residentMiBOfServers: pids.map(residentMiB),
    };
  }

  #send(number: number, session: LoadSession): void {
    const { packet, isRead } = this.#field.next(number);
    const sentMs = performance.now();
    const counts = this.#isMeasuring;
    this.#onItsWay += 1;
    session.send(packet, (err, reply) => {
      this.#onItsWay -= 1;
      if (err !== 0 || (isRead && !this.#isWhole(reply))) this.#errorCount += 1;
      else if (counts && this.#isMeasuring) this.#latencies.add(performance.now() - sentMs);
      if (!this.#isOver && err !== LOST) this.#send(number, session);
      else if (this.#onItsWay === 0) this.#drained();
    });
  }

  #isWhole(reply: Buffer | undefined): boolean {
    return reply?.readInt32BE(REPLY_BODY_OFFSET) === this.#options.dataBytes;
  }
}
