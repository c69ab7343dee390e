/**
 * How fast CRUSH maps: one x after the other, eight at a time on vectors, and a whole pool on all
 * cores; beside crushtool, where it is installed. A mapping costs processor time, which a busy
 * machine does not add to; for the pool the clock on the wall counts.
 */
import { spawnSync } from "node:child_process";
import { availableParallelism } from "node:os";
import { compareWithCrushtool } from "../cli/bench/crushtool.ts";
import { present } from "../cluster/base/assert.ts";
import { poolId } from "../cluster/base/ids.ts";
import type { PlacementPool } from "../cluster/map/pool.ts";
import { mapPool, type PoolMappingTask, work } from "../cluster/map/pool-mapping.ts";
import { WorkerPool } from "../cluster/runtime/worker-pool.ts";
import { compile } from "../crush/compiled.ts";
import { type BulkMapper, scalarMapper, simdMapper } from "../crush/simd.ts";
import { compileText } from "../crush/text.ts";
import type { CrushMap } from "../crush/types.ts";
import type { Bench, Measurement, Scale } from "./bench.ts";
import { clusterOf } from "./placement/cluster.ts";
import type { OwnFigures } from "./placement/peer.ts";
import { median, spread } from "./placement/statistics.ts";

interface Site {
  /** 0: the hosts are right below the root. */
  readonly racks: number;
  readonly hosts: number;
  readonly osds: number;
  /** How much of crushtool's time is spent in Ceph's library; the rest is the tool's own. */
  readonly libraryShare: number;
  /** How many times as fast as that library the vectors must be. */
  readonly simdAtLeast: number;
}

const SITES: readonly Site[] = [
  { racks: 0, hosts: 3, osds: 4, libraryShare: 0.96, simdAtLeast: 2 },
  { racks: 10, hosts: 10, osds: 10, libraryShare: 0.88, simdAtLeast: 3 },
  { racks: 20, hosts: 25, osds: 20, libraryShare: 0.67, simdAtLeast: 4 },
];

const LOADED_SITES = {
  full: { racks: 20, hosts: 25, osds: 20 },
  tiny: { racks: 2, hosts: 2, osds: 2 },
} as const;
const PARSE_MS_MAX = 500;
const COMPILE_MS_MAX = 100;

const POOL_SITE = { racks: 10, hosts: 10, osds: 10 };

const SIZES = {
  full: { mappingCount: 200_000, turnCount: 7, pgCount: 100_000 },
  tiny: { mappingCount: 50, turnCount: 1, pgCount: 100 },
} as const;

/** Threads start in the first turns, and each has to compile the mapper for itself. */
const POOL_WARM_UP_COUNT = 4;
const POOL_TURN_COUNT = 21;

const RULE_ID = 0;
const REPLICAS = 3;
const WHOLE = 0x10000;

export const crushBench: Bench = {
  name: "crush",
  about: "CRUSH mappings: scalar, on vectors and on all cores; beside crushtool if installed",
  async run(scale, progress) {
    const hasPeer = scale === "full" && spawnSync("crushtool", ["--version"]).error === undefined;
    progress("loading a map");
    const results = measureLoading(scale);
    for (const site of SITES) {
      progress(nameOf(site));
      const map = compileText(mapText(site));
      results.push(...measureOwn(site, map, scale));
      if (hasPeer) results.push(...measureBesidePeer(site, map));
    }
    progress("a whole pool");
    return [...results, ...(await measurePool(scale))];
  },
};

function nameOf({ racks, hosts, osds }: Pick<Site, "racks" | "hosts" | "osds">): string {
  return `${racks === 0 ? "" : `${racks} x `}${hosts} x ${osds}`;
}

function measureOwn(site: Site, map: CrushMap, scale: Scale): Measurement[] {
  const { mappingCount, turnCount } = SIZES[scale];
  const deviceWeights = new Uint32Array(map.maxDevices).fill(WHOLE);
  const request = { map, ruleId: RULE_ID, resultMax: REPLICAS, deviceWeights };
  const compiled = compile(map);
  const mappers: [string, BulkMapper | undefined][] = [
    ["scalar", scalarMapper(request, compiled)],
    ["vectors", simdMapper(request, compiled)],
  ];
  return mappers.flatMap(([how, mapper]) => {
    if (mapper === undefined) return [];
    const times = Array.from({ length: turnCount }, (_, turn) => {
      const ms = processorMs(() => mapper.mapRange(turn * mappingCount, mappingCount));
      return (ms * 1e6) / mappingCount;
    });
    const what = `${nameOf(site)}, ${how}`;
    return [{ what, value: median(times), unit: "ns/mapping", spread: spread(times) }];
  });
}

function processorMs(work: () => unknown): number {
  const start = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1000;
}

function measureBesidePeer(site: Site, map: CrushMap): Measurement[] {
  const cluster = clusterOf(map, { ruleId: RULE_ID, replicas: REPLICAS });
  const { mappingCount, turnCount } = SIZES.full;
  const run = { mappingCount, turnCount };
  const { peerNs, scalar, simd } = compareWithCrushtool(cluster, run, () => undefined);
  const { libraryShare, simdAtLeast } = site;
  const speedup = (how: string, { speedup: times }: OwnFigures, atLeast: number): Measurement => {
    const [least, most] = times.spread;
    return {
      what: `${nameOf(site)}, ${how} to Ceph's library`,
      value: times.median * libraryShare,
      unit: "x",
      atLeast,
      spread: [least * libraryShare, most * libraryShare],
    };
  };
  const what = `${nameOf(site)}, crushtool`;
  return [
    { what, value: peerNs.median, unit: "ns/mapping", spread: peerNs.spread },
    speedup("scalar", scalar, 1),
    ...(simd === undefined ? [] : [speedup("vectors", simd, simdAtLeast)]),
  ];
}

/** The first turn is that of a process that has just started, and counts as the others do. */
function measureLoading(scale: Scale): Measurement[] {
  const site = LOADED_SITES[scale];
  const text = mapText(site);
  const parsing: number[] = [];
  const compiling: number[] = [];
  for (let turn = 0; turn < SIZES[scale].turnCount; turn++) {
    let map: CrushMap | undefined;
    parsing.push(
      processorMs(() => {
        map = compileText(text);
      }),
    );
    const parsed = present(map, "the map of the text");
    compiling.push(processorMs(() => compile(parsed)));
  }
  const loading = (what: string, times: readonly number[], atMost: number): Measurement => ({
    what: `${what} a map of ${site.racks * site.hosts * site.osds} OSDs`,
    value: median(times),
    unit: "ms",
    spread: spread(times),
    atMost,
  });
  return [
    loading("parsing", parsing, PARSE_MS_MAX),
    loading("compiling", compiling, COMPILE_MS_MAX),
  ];
}

interface PoolMapper {
  readonly threadCount: number;
  run(task: PoolMappingTask): Int32Array | Promise<Int32Array>;
}

/** By the clock on the wall; the ratios are of neighbouring turns, as other work slows all threads. */
async function measurePool(scale: Scale): Promise<Measurement[]> {
  const { pgCount, turnCount } = SIZES[scale];
  const here: PoolMapper = { threadCount: 1, run: work };
  const what = `a pool of ${pgCount} PGs on ${nameOf(POOL_SITE)}`;
  const map = compileText(mapText(POOL_SITE));
  // Threads run compiled files only, and the tiny scale runs from sources.
  if (scale === "tiny") {
    const [rates = []] = await poolRates(map, [here], { pgCount, turnCount });
    return [rate(`${what}, on this thread`, rates)];
  }
  const threadCount = availableParallelism();
  const module = new URL("../cluster/map/pool-mapping.js", import.meta.url);
  const threads = new WorkerPool<PoolMappingTask, Int32Array>({
    module,
    threadCount,
    waitingMax: threadCount,
  });
  const there: PoolMapper = { threadCount, run: (task) => threads.run(task) };
  const [alone = [], together = []] = await poolRates(map, [here, there], {
    pgCount,
    turnCount: POOL_TURN_COUNT,
  });
  await threads.close();
  const ratios = together.map((value, turn) => value / (alone[turn] ?? Number.NaN));
  return [
    rate(`${what}, on this thread`, alone),
    rate(`${what}, on ${threadCount} threads`, together),
    {
      what: `the same, ${threadCount} threads to one`,
      value: median(ratios),
      unit: "x",
      spread: spread(ratios),
    },
  ];
}

async function poolRates(
  map: CrushMap,
  mappers: readonly PoolMapper[],
  { pgCount, turnCount }: { pgCount: number; turnCount: number },
): Promise<number[][]> {
  const pool: PlacementPool = {
    id: poolId(1),
    type: "replicated",
    size: REPLICAS,
    pgNum: pgCount,
    pgpNum: pgCount,
    rule: RULE_ID,
    hashpspool: true,
    objectHash: 2,
  };
  const deviceWeights = new Uint32Array(map.maxDevices).fill(WHOLE);
  const rates: number[][] = mappers.map(() => []);
  for (let turn = -POOL_WARM_UP_COUNT; turn < turnCount; turn++) {
    for (const [index, { threadCount, run }] of mappers.entries()) {
      const startMs = performance.now();
      await mapPool({ map, pool, deviceWeights }, threadCount, run);
      if (turn >= 0) rates[index]?.push((pgCount * 1000) / (performance.now() - startMs));
    }
  }
  return rates;
}

function rate(what: string, values: readonly number[]): Measurement {
  return { what, value: median(values), unit: "PGs/s", spread: spread(values) };
}

function mapText({ racks, hosts, osds }: Pick<Site, "racks" | "hosts" | "osds">): string {
  const hostCount = Math.max(racks, 1) * hosts;
  const items = (first: number, count: number, name: string, weight: number) =>
    numbers(count).map((i) => `item ${name}${first + i} weight ${weight}.0`);
  const bucket = (type: string, name: string, content: readonly string[]) =>
    `${type} ${name} { alg straw2 hash 0 ${content.join(" ")} }`;
  const top = racks === 0 ? items(0, hosts, "host", osds) : items(0, racks, "rack", hosts * osds);
  return [
    "tunable choose_local_tries 0",
    "tunable choose_local_fallback_tries 0",
    "tunable choose_total_tries 50",
    "tunable chooseleaf_descend_once 1",
    "tunable chooseleaf_vary_r 1",
    "tunable chooseleaf_stable 1",
    ...numbers(hostCount * osds).map((osd) => `device ${osd} osd.${osd}`),
    ...["osd", "host", "rack", "root"].map((name, id) => `type ${id} ${name}`),
    ...numbers(hostCount).map((i) => bucket("host", `host${i}`, items(i * osds, osds, "osd.", 1))),
    ...numbers(racks).map((i) => bucket("rack", `rack${i}`, items(i * hosts, hosts, "host", osds))),
    bucket("root", "default", top),
    "rule replicated { id 0 type replicated min_size 1 max_size 10",
    "step take default step chooseleaf firstn 0 type host step emit }",
    "",
  ].join("\n");
}

function numbers(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i);
}
