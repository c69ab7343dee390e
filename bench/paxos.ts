/**
 * Monitors against Apache ZooKeeper: three servers of each on this machine, both up all the time,
 * under the same load by turns. Every figure is a ratio of two sides measured within seconds of each
 * other; absolute ones drift with the machine and are there for orientation. Both sync to the disk
 * that KELP_BENCH_DIR is on. Without Kelp's servers only the other side is measured.
 */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { type Ensemble, startEnsemble } from "../test/interop/zookeeper/reference-ensemble.ts";
import {
  APACHE_AS_SHIPPED,
  KELP,
  type ServerKind,
  whyNot,
} from "../test/interop/zookeeper/server-kind.ts";
import type { Bench, Measurement, Scale } from "./bench.ts";
import { type FailoverResult, failoverLoad } from "./load/failover-load.ts";
import type { Address } from "./load/load-session.ts";
import type { LoadRequest } from "./load/main.ts";
import type { SteadyMode, SteadyResult } from "./load/steady-load.ts";
import type { WatchResult } from "./load/watch-load.ts";
import { median, spread } from "./placement/statistics.ts";

const run = promisify(execFile);

interface Size {
  readonly turnCount: number;
  readonly measuredMs: number;
  readonly warmUpMs: number;
  readonly sessionCount: number;
  readonly window: number;
  readonly keyCount: number;
  readonly watcherCount: number;
  readonly watchRounds: number;
  readonly failoverMs: { readonly before: number; readonly down: number; readonly after: number };
}

const SIZES: Readonly<Record<Scale, Size>> = {
  full: {
    turnCount: 3,
    measuredMs: 4_000,
    warmUpMs: 1_500,
    sessionCount: 8,
    window: 64,
    keyCount: 1_000,
    watcherCount: 1_000,
    watchRounds: 10,
    failoverMs: { before: 3_000, down: 4_000, after: 3_000 },
  },
  tiny: {
    turnCount: 1,
    // Long enough for one operation at least, on a machine that does much else.
    measuredMs: 600,
    warmUpMs: 20,
    sessionCount: 2,
    window: 4,
    keyCount: 10,
    watcherCount: 5,
    watchRounds: 2,
    failoverMs: { before: 50, down: 500, after: 50 },
  },
};

const VALUE_BYTES = 100;
/** Targets, Kelp's side over or under the other's so that more is better. */
const THROUGHPUT_MIN = 1.5;
const LATENCY_MIN = 1;
const MEMORY_MIN = 2;
const GAP_MIN = 1;
/** Larger than an ensemble's load generator ever says in one line. */
const OUTPUT_BYTES_MAX = 1 << 20;

/** What one side did in one turn. */
interface Turn {
  readonly create: SteadyResult;
  readonly set: SteadyResult;
  readonly get: SteadyResult;
  readonly createAlone: SteadyResult;
  readonly getAlone: SteadyResult;
  readonly watch: WatchResult;
  readonly failover: FailoverResult;
}

export const paxosBench: Bench = {
  name: "paxos",
  about:
    "three monitors against three of Apache ZooKeeper: writes, reads, latency, memory, failover",
  unavailable: () => whyNot(APACHE_AS_SHIPPED),
  async run(scale, progress) {
    const kinds = [APACHE_AS_SHIPPED, KELP].filter((kind) => whyNot(kind) === undefined);
    const ensembles: Ensemble[] = [];
    try {
      for (const kind of kinds) ensembles.push(await start(kind));
      const turns = await takeTurns(ensembles, SIZES[scale], progress);
      const [reference = [], subject] = turns;
      return [...figures("Apache ZooKeeper", reference), ...compare(reference, subject)];
    } finally {
      for (const ensemble of ensembles) await ensemble.stop();
    }
  },
};

function start(kind: ServerKind): Promise<Ensemble> {
  const { KELP_BENCH_DIR: parent } = process.env;
  return startEnsemble({ kind, size: 3, fsync: true, ...(parent !== undefined && { parent }) });
}

/** For each ensemble its turns, of which those with the same index were taken together. */
async function takeTurns(
  ensembles: readonly Ensemble[],
  size: Size,
  progress: (step: string) => void,
): Promise<Turn[][]> {
  const turns: Turn[][] = ensembles.map(() => []);
  for (let turn = 1; turn <= size.turnCount; turn++) {
    const cells = ensembles.map(() => ({}) as Record<keyof Turn, unknown>);
    for (const name of Object.keys(CELLS) as (keyof Turn)[]) {
      for (const [index, ensemble] of ensembles.entries()) {
        progress(`turn ${turn} of ${size.turnCount}, ${name}, ${ensemble.kind.name}`);
        const cell = cells[index];
        if (cell !== undefined) cell[name] = await CELLS[name](ensemble, size);
      }
    }
    for (const [index, cell] of cells.entries()) turns[index]?.push(cell as unknown as Turn);
  }
  return turns;
}

const CELLS: { readonly [N in keyof Turn]: (ensemble: Ensemble, size: Size) => Promise<Turn[N]> } =
  {
    create: (ensemble, size) => steady(ensemble, size, "create", size.window),
    set: (ensemble, size) => steady(ensemble, size, "set", size.window),
    get: (ensemble, size) => steady(ensemble, size, "get", size.window),
    createAlone: (ensemble, size) => steady(ensemble, size, "create", 1),
    getAlone: (ensemble, size) => steady(ensemble, size, "get", 1),
    watch: (ensemble, { watcherCount, watchRounds: roundCount }) =>
      load({ load: "watch", servers: serversOf(ensemble), watcherCount, roundCount }),
    failover,
  };

function steady(
  ensemble: Ensemble,
  { sessionCount, keyCount, measuredMs, warmUpMs }: Size,
  mode: SteadyMode,
  window: number,
): Promise<SteadyResult> {
  return load({
    load: "steady",
    mode,
    window,
    sessionCount,
    keyCount,
    measuredMs,
    warmUpMs,
    servers: serversOf(ensemble),
    dataBytes: VALUE_BYTES,
    readShare: 0,
    pids: ensemble.members.map(({ pid }) => pid),
  });
}

async function failover(ensemble: Ensemble, size: Size): Promise<FailoverResult> {
  const leader = await ensemble.leader();
  return failoverLoad({
    servers: serversOf(ensemble),
    sessionCount: size.sessionCount,
    window: 1,
    beforeMs: size.failoverMs.before,
    downMs: size.failoverMs.down,
    afterMs: size.failoverMs.after,
    kill: () => leader.kill(),
    start: () => {
      leader.start();
      return leader.untilServing();
    },
  });
}

function serversOf({ members }: Ensemble): Address[] {
  return members.map(({ clientPort: port }) => ({ host: "127.0.0.1", port }));
}

/** In a process of its own, so that what it costs is the same for both sides and not ours. */
async function load<T>(request: LoadRequest): Promise<T> {
  const words = [LOAD_MAIN, JSON.stringify(request)];
  const { stdout } = await run(process.execPath, words, { maxBuffer: OUTPUT_BYTES_MAX });
  return JSON.parse(stdout);
}

/** This file runs from the sources in a test, and compiled as a command. */
const LOAD_MAIN = ["./load/main.js", "../dist/bench/load/main.js"]
  .map((path) => fileURLToPath(new URL(path, import.meta.url)))
  .reduce((first, second) => (existsSync(first) ? first : second));

function figures(name: string, turns: readonly Turn[]): Measurement[] {
  const one = (what: string, unit: string, figure: (turn: Turn) => number): Measurement => {
    const values = turns.map(figure);
    return { what: `${name}: ${what}`, unit, value: median(values), spread: spread(values) };
  };
  return [
    one("creates of 100 B", "creates/s", ({ create }) => create.operationsPerSecond),
    one("sets of 100 B", "sets/s", ({ set }) => set.operationsPerSecond),
    one("gets of 100 B", "gets/s", ({ get }) => get.operationsPerSecond),
    one("create alone, p50", "ms", ({ createAlone }) => createAlone.p50Ms),
    one("get alone, p50", "ms", ({ getAlone }) => getAlone.p50Ms),
    one("last watcher told", "ms", ({ watch }) => watch.lastToldMs),
    one("memory of a server", "MiB", residentMiB),
    one("gap after kill -9 of the leader", "ms", ({ failover: { killGapMs } }) => killGapMs),
  ];
}

function compare(reference: readonly Turn[], subject: readonly Turn[] | undefined): Measurement[] {
  if (subject === undefined) return [];
  const ratio = (
    what: string,
    atLeast: number,
    better: (ours: Turn, theirs: Turn) => number,
  ): Measurement => {
    const ratios = subject.map((ours, turn) => better(ours, reference[turn] ?? ours));
    return { what, unit: "x", value: median(ratios), spread: spread(ratios), atLeast };
  };
  const faster = (what: string, cell: "create" | "set" | "get"): Measurement =>
    ratio(what, THROUGHPUT_MIN, (ours, theirs) => {
      return ours[cell].operationsPerSecond / theirs[cell].operationsPerSecond;
    });
  const sooner = (what: string, cell: "createAlone" | "getAlone"): Measurement =>
    ratio(what, LATENCY_MIN, (ours, theirs) => theirs[cell].p50Ms / ours[cell].p50Ms);
  return [
    ...figures("Kelp", subject),
    faster("creates, Kelp to Apache", "create"),
    faster("sets, Kelp to Apache", "set"),
    faster("gets, Kelp to Apache", "get"),
    sooner("p50 of a create alone, Apache to Kelp", "createAlone"),
    sooner("p50 of a get alone, Apache to Kelp", "getAlone"),
    ratio("memory, Apache to Kelp", MEMORY_MIN, (ours, theirs) => {
      return residentMiB(theirs) / residentMiB(ours);
    }),
    ratio("gap after kill -9, Apache to Kelp", GAP_MIN, (ours, theirs) => {
      return theirs.failover.killGapMs / ours.failover.killGapMs;
    }),
  ];
}

/** The largest of the three, after the heaviest load. */
function residentMiB({ get }: Turn): number {
  return Math.max(...get.residentMiBOfServers);
}
