/** One node with a data watch in each of many sessions: how long until all are told of a change. */
import { EVENT_TYPES } from "../../cluster/zookeeper/watch-records.ts";
import { median } from "../placement/statistics.ts";
import { createFrame, deleteFrame, getFrame, setFrame, syncFrame } from "./frames.ts";
import { type Address, LoadSession, openSessions } from "./load-session.ts";

export interface WatchOptions {
  readonly servers: readonly Address[];
  readonly watcherCount: number;
  readonly roundCount: number;
}

export interface WatchResult {
  /** From sending the change, in the median round. */
  readonly firstToldMs: number;
  readonly lastToldMs: number;
  readonly lastToldMsMax: number;
  readonly acknowledgedMs: number;
}

const SESSION_TIMEOUT_MS = 30_000;
const ROUND_MS_MAX = 20_000;
const DATA = new Uint8Array(100).fill(0x61);

export async function watchLoad(options: WatchOptions): Promise<WatchResult> {
  const { servers, watcherCount, roundCount } = options;
  const common = { servers, timeoutMs: SESSION_TIMEOUT_MS };
  const writer = new LoadSession({ ...common, first: 0 });
  await writer.open();
  const watchers = await openSessions(watcherCount, common);
  const path = `/load-watch-${process.pid}-${Date.now().toString(36)}`;
  await writer.call(createFrame(path, DATA));
  await Promise.all(watchers.map((watcher) => watcher.call(syncFrame(path))));
  const rounds: Round[] = [];
  for (let round = 0; round < roundCount; round++)
    rounds.push(await change(path, writer, watchers));
  await writer.call(deleteFrame(path));
  await Promise.all([...watchers, writer].map((session) => session.close()));
  const middle = (figure: (round: Round) => number): number => median(rounds.map(figure));
  return {
    firstToldMs: middle(({ firstMs }) => firstMs),
    lastToldMs: middle(({ lastMs }) => lastMs),
    lastToldMsMax: Math.max(...rounds.map(({ lastMs }) => lastMs)),
    acknowledgedMs: middle(({ acknowledgedMs }) => acknowledgedMs),
  };
}

interface Round {
  readonly firstMs: number;
  readonly lastMs: number;
  readonly acknowledgedMs: number;
}

async function change(
  path: string,
  writer: LoadSession,
  watchers: readonly LoadSession[],
): Promise<Round> {
  await Promise.all(watchers.map((watcher) => watcher.call(getFrame(path, true))));
  const toldMs: number[] = [];
  const startMs = performance.now();
  const allTold = new Promise<void>((resolve, reject) => {
    const timer = setTimeout(
      () => reject(new Error(`only ${toldMs.length} of ${watchers.length} watchers were told`)),
      ROUND_MS_MAX,
    );
    for (const watcher of watchers) {
      watcher.onEvent = (type) => {
        if (type !== EVENT_TYPES.nodeDataChanged) reject(new Error(`an event of type ${type}`));
        toldMs.push(performance.now() - startMs);
        if (toldMs.length < watchers.length) return;
        clearTimeout(timer);
        resolve();
      };
    }
  });
  await writer.call(setFrame(path, DATA));
  const acknowledgedMs = performance.now() - startMs;
  await allTold;
  return { firstMs: toldMs[0] ?? 0, lastMs: toldMs.at(-1) ?? 0, acknowledgedMs };
}
