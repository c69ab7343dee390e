/**
 * The upmap balancer, beside the one of osdmaptool where that is installed: how many OSDs end with
 * their share of PGs, to the whole number, how many upmap items that takes, and how long. Both get
 * the same maps; osdmaptool's time includes the reading of its file, some 20 ms.
 */
import { spawnSync } from "node:child_process";
import { poolId } from "../cluster/base/ids.ts";
import { pgEntries } from "../cluster/map/pg-table.ts";
import type { PlacementMap } from "../cluster/map/placement-map.ts";
import { balanceUpmaps } from "../cluster/map/upmap.ts";
import { withUpmapChanges } from "../cluster/map/upmap-changes.ts";
import {
  countsOf,
  NARROW_RULES,
  pool,
  RULES,
  type Tree,
  world,
} from "../test/cluster/map/world.ts";
import { itemsOfCommands, Osdmaptool } from "../test/support/osdmaptool.ts";
import type { Bench, Measurement, Scale } from "./bench.ts";
import { median, spread } from "./placement/statistics.ts";

interface Site {
  readonly name: string;
  readonly tree: Tree;
  readonly steps: readonly string[];
  readonly size?: number;
  /** By pool. */
  readonly pgNums: readonly number[];
}

const HUNDRED = { racks: 1, hosts: 10, osds: 10 };

const SITES: readonly Site[] = [
  { name: "100 equal OSDs", tree: HUNDRED, steps: RULES.host, pgNums: [3200] },
  {
    name: "5 racks for 3 replicas",
    tree: { racks: 5, hosts: 4, osds: 5 },
    steps: RULES.rack,
    pgNums: [3200],
  },
  {
    name: "weights 1 to 3",
    tree: { ...HUNDRED, weightOf: (osd) => 1 + (osd % 3) },
    steps: RULES.host,
    pgNums: [3200],
  },
  {
    name: "hosts of unlike weight",
    tree: { ...HUNDRED, weightOf: (osd) => 1 + (Math.floor(osd / 10) % 4) / 2 },
    steps: RULES.host,
    pgNums: [3200],
  },
  {
    name: "one of two classes",
    tree: { racks: 4, hosts: 5, osds: 10, classOf: (osd) => (osd % 2 === 0 ? "hdd" : "ssd") },
    steps: NARROW_RULES.ssd,
    pgNums: [3200],
  },
  {
    name: "two hosts in each of two racks",
    tree: { racks: 4, hosts: 5, osds: 5 },
    steps: RULES.twoByTwo,
    size: 4,
    pgNums: [1600],
  },
  { name: "five pools", tree: HUNDRED, steps: RULES.host, pgNums: [1024, 1024, 512, 512, 128] },
];

const TINY: readonly Site[] = [
  {
    name: "8 OSDs",
    tree: { racks: 1, hosts: 4, osds: 2 },
    steps: RULES.host,
    pgNums: [32],
  },
];

const TURNS = { full: 5, tiny: 1 } as const;

export const upmapBench: Bench = {
  name: "upmap",
  about: "The upmap balancer: evenness, items and time; beside osdmaptool if installed",
  async run(scale, progress) {
    const hasPeer = scale === "full" && spawnSync("osdmaptool", ["--help"]).error === undefined;
    const tool = hasPeer ? new Osdmaptool() : undefined;
    try {
      return (scale === "full" ? SITES : TINY).flatMap((site) => {
        progress(site.name);
        return measure(site, scale, tool);
      });
    } finally {
      tool?.close();
    }
  },
};

/** What a balancer made of the map in one turn. */
interface Turn {
  readonly ms: number;
  readonly items: number;
  readonly inRange: number;
}

function measure(site: Site, scale: Scale, tool: Osdmaptool | undefined): Measurement[] {
  const { name, tree, steps, size = 3, pgNums } = site;
  const pools = pgNums.map((pgNum, index) => pool({ id: poolId(1 + index), pgNum, size }));
  const map = world(tree, { steps, pools });
  tool?.givePlacement(map);
  const ours: Turn[] = [];
  const theirs: Turn[] = [];
  for (let turn = 0; turn < TURNS[scale]; turn += 1) {
    ours.push(
      timed(
        site,
        () => balanceUpmaps(map),
        ({ changes }) => withUpmapChanges(map, changes),
      ),
    );
    if (tool === undefined) continue;
    theirs.push(
      timed(
        site,
        () => tool.balance(),
        ({ commands }) => ({ ...map, pgUpmapItems: itemsOfCommands(commands) }),
      ),
    );
  }
  const results = [...shown(`${name}, kelp`, ours), ...shown(`${name}, osdmaptool`, theirs)];
  if (theirs.length === 0) return results;
  // Where the other leaves OSDs out of range, that it needs fewer items says nothing.
  const isAsEven = medianOf(theirs, "inRange") >= medianOf(ours, "inRange");
  const ratio = (what: string, figure: keyof Turn): Measurement => ({
    what: `${name}, ${what} of osdmaptool to kelp's`,
    value: medianOf(theirs, figure) / medianOf(ours, figure),
    unit: "x",
    ...((isAsEven || figure === "ms") && { atLeast: 1 }),
  });
  return [...results, ratio("items", "items"), ratio("time", "ms")];
}

function medianOf(turns: readonly Turn[], figure: keyof Turn): number {
  return median(turns.map((turn) => turn[figure]));
}

/** `read` is not timed. */
function timed<T>(site: Site, run: () => T, read: (made: T) => PlacementMap): Turn {
  const startMs = performance.now();
  const made = run();
  const ms = performance.now() - startMs;
  const after = read(made);
  const items = [...pgEntries(after.pgUpmapItems)].reduce(
    (sum, [, pairs]) => sum + pairs.length,
    0,
  );
  return { ms, items, inRange: inRangeOf(site, after) };
}

/** The share, in percent, of OSDs that are nearer than 1 to what their weight says. */
function inRangeOf({ tree, steps }: Site, map: PlacementMap): number {
  const { weightOf = () => 1, classOf = () => "ssd" } = tree;
  const isChosen = (osd: number): boolean => steps !== NARROW_RULES.ssd || classOf(osd) === "ssd";
  const weights = map.osds.map((_, osd) => (isChosen(osd) ? weightOf(osd) : 0));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const deviations = new Float64Array(weights.length);
  for (const { id, pgNum, size } of map.pools.values()) {
    for (const [osd, count] of countsOf(map, id).entries()) {
      const share = ((weights[osd] ?? 0) * pgNum * size) / total;
      deviations[osd] = (deviations[osd] ?? 0) + count - share;
    }
  }
  const near = deviations.filter((deviation) => Math.abs(deviation) < 1);
  return (100 * near.length) / deviations.length;
}

function shown(what: string, turns: readonly Turn[]): Measurement[] {
  if (turns.length === 0) return [];
  const one = (name: string, unit: string, of: (turn: Turn) => number): Measurement => {
    const values = turns.map(of);
    return { what: `${what}, ${name}`, value: median(values), unit, spread: spread(values) };
  };
  return [
    one("OSDs within 1 of their share", "%", ({ inRange }) => inRange),
    one("upmap items", "items", ({ items }) => items),
    one("time", "ms", ({ ms }) => ms),
  ];
}
