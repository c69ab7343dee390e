/**
 * Creates go on all the time while one server is killed and started again: the longest times without
 * an acknowledged one, and whether all that were acknowledged are there at the end.
 */
import { setTimeout as delay } from "node:timers/promises";
import { ERRORS } from "../../cluster/zookeeper/error-codes.ts";
import { createFrame, deleteFrame, existsFrame, syncFrame } from "./frames.ts";
import { type Address, LOST, LoadSession, openSessions, sendMany } from "./load-session.ts";

export interface FailoverOptions {
  readonly servers: readonly Address[];
  readonly sessionCount: number;
  readonly window: number;
  readonly beforeMs: number;
  readonly downMs: number;
  readonly afterMs: number;
  readonly kill: () => Promise<void>;
  /** Resolves when the server serves again. */
  readonly start: () => Promise<void>;
}

export interface FailoverResult {
  /** The longest times without an acknowledged create. */
  readonly steadyGapMs: number;
  readonly killGapMs: number;
  readonly restartGapMs: number;
  readonly servingAgainMs: number;
  readonly acknowledgedCount: number;
  /** Creates that were acknowledged and are not there. */
  readonly missingCount: number;
  readonly expiredCount: number;
}

const SESSION_TIMEOUT_MS = 10_000;
const DRAIN_MS_MAX = 5_000;
const CHECKS_AT_ONCE = 256;
const DATA = new Uint8Array(100).fill(0x61);

export async function failoverLoad(options: FailoverOptions): Promise<FailoverResult> {
  const { servers, sessionCount, beforeMs, downMs, afterMs, kill, start } = options;
  const common = { servers, timeoutMs: SESSION_TIMEOUT_MS, reconnects: true };
  const sessions = await openSessions(sessionCount, common);
  const root = `/load-failover-${process.pid}-${Date.now().toString(36)}`;
  await sessions[0]?.call(createFrame(root, DATA));
  await Promise.all(sessions.map((session) => session.call(syncFrame(root))));
  const creates = new Creates(root, sessions, options.window);
  creates.start();
  const beginMs = performance.now();
  await delay(beforeMs);
  const killMs = performance.now();
  await kill();
  await delay(downMs);
  const startMs = performance.now();
  await start();
  const servingMs = performance.now();
  await delay(afterMs);
  await creates.stop();
  const endMs = performance.now();
  const keeper = new LoadSession({ ...common, first: 0 });
  await keeper.open();
  const missingCount = await creates.countMissing(keeper);
  await creates.clear(keeper);
  await Promise.all([...sessions, keeper].map((session) => session.close()));
  return {
    steadyGapMs: creates.longestGapMs(beginMs, killMs),
    killGapMs: creates.longestGapMs(killMs, startMs),
    restartGapMs: creates.longestGapMs(startMs, endMs),
    servingAgainMs: servingMs - startMs,
    acknowledgedCount: creates.acknowledged.length,
    missingCount,
    expiredCount: sessions.reduce((sum, { expiredCount }) => sum + expiredCount, 0),
  };
}

class Creates {
  readonly acknowledged: string[] = [];
  readonly #root: string;
  readonly #sessions: readonly LoadSession[];
  readonly #window: number;
  readonly #timesMs: number[] = [];
  #count = 0;
  #onItsWay = 0;
  #isOver = false;
  #drained: () => void = () => {};

  constructor(root: string, sessions: readonly LoadSession[], window: number) {
    this.#root = root;
    this.#sessions = sessions;
    this.#window = window;
  }

  start(): void {
    for (const session of this.#sessions) {
      session.onUp = () => {
        for (let sent = 0; sent < this.#window; sent++) this.#send(session);
      };
      session.onUp();
    }
  }

  async stop(): Promise<void> {
    const drained = new Promise<void>((resolve) => {
      this.#drained = resolve;
    });
    this.#isOver = true;
    if (this.#onItsWay === 0) return;
    await Promise.race([drained, delay(DRAIN_MS_MAX, undefined, { ref: false })]);
  }

  /** The longest time without an acknowledgement that begins in this span. */
  longestGapMs(fromMs: number, toMs: number): number {
    let longestMs = 0;
    let lastMs = fromMs;
    for (const timeMs of this.#timesMs) {
      if (timeMs <= fromMs) continue;
      longestMs = Math.max(longestMs, timeMs - lastMs);
      lastMs = timeMs;
      if (lastMs >= toMs) return longestMs;
    }
    return Math.max(longestMs, toMs - lastMs);
  }

  async countMissing(keeper: LoadSession): Promise<number> {
    await keeper.call(syncFrame(this.#root));
    let missingCount = 0;
    for (let from = 0; from < this.acknowledged.length; from += CHECKS_AT_ONCE) {
      const paths = this.acknowledged.slice(from, from + CHECKS_AT_ONCE);
      const found = await Promise.all(paths.map((path) => exists(keeper, path)));
      missingCount += found.filter((isThere) => !isThere).length;
    }
    return missingCount;
  }

  /** All that may be there: some were created although nobody was told. */
  async clear(keeper: LoadSession): Promise<void> {
    await sendMany(keeper, this.#count, (number) => deleteFrame(this.#path(number)));
    await keeper.call(deleteFrame(this.#root));
  }

  #send(session: LoadSession): void {
    if (this.#isOver || !session.isUp) return;
    const path = this.#path(this.#count++);
    this.#onItsWay += 1;
    session.send(createFrame(path, DATA), (err) => {
      this.#onItsWay -= 1;
      if (err === 0) {
        this.#timesMs.push(performance.now());
        this.acknowledged.push(path);
      }
      if (this.#isOver && this.#onItsWay === 0) this.#drained();
      else if (err !== LOST) this.#send(session);
    });
  }

  #path(number: number): string {
    return `${this.#root}/${number}`;
  }
}

function exists(session: LoadSession, path: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    session.send(existsFrame(path), (err) => {
      if (err === 0 || err === ERRORS.NONODE) resolve(err === 0);
      else reject(new Error(`the server answered ${err}`));
    });
  });
}
