/** `kelp bench`: measurements that are worth making on one's own cluster, not only on Kelp's. */
import { appendFileSync, writeFileSync } from "node:fs";
import { type Command, InvalidArgumentError, Option } from "commander";
import {
  type Cluster,
  clusterOf,
  requireDevices,
  shapeOfRule,
} from "../../bench/placement/cluster.ts";
import { measurePlacement, type Step } from "../../bench/placement/measure.ts";
import { reportPage } from "../../bench/placement/page.ts";
import type { PlacementReport } from "../../bench/placement/report.ts";
import { unlessImpossible } from "../../bench/placement/scheme.ts";
import { reportText } from "../../bench/placement/table.ts";
import {
  buildMap,
  DOMAINS,
  RULE_ID,
  type Topology,
  WEIGHTS,
} from "../../bench/placement/topology.ts";
import { CrushError } from "../../crush/error.ts";
import { idOf } from "../../crush/map-draft.ts";
import type { CrushMap } from "../../crush/types.ts";
import { compareWithCrushtool, requireCrushtool } from "../bench/crushtool.ts";
import { EXIT_CODE } from "../exit-code.ts";
import { CommandError } from "../failure.ts";
import { fileFailure, readMapFile } from "../map-file.ts";
import { Progress } from "../progress.ts";
import { writeOut } from "../write-out.ts";

/** Some schemes look at every device for every PG; beyond this nobody waits for them. */
const DEVICE_COUNT_MAX = 100_000;
const PG_COUNT_MAX = 2 ** 20;
const REPLICA_COUNT_MAX = 16;
const SEED_MAX = 2 ** 31 - 1;

const PEER_RUN = { mappingCount: 200_000, turnCount: 5 } as const;

interface PlacementFlags extends Omit<Topology, "domain"> {
  readonly domain: Topology["domain"];
  readonly map?: string;
  readonly rule?: string;
  readonly replicas: number;
  readonly pgs: number;
  readonly json?: true;
  readonly html?: string;
  readonly peer?: "crushtool";
}

export function registerBench(program: Command): void {
  const bench = program
    .command("bench")
    .summary("measure how data is placed")
    .description("Measures what can be measured without a running cluster.");
  bench
    .command("placement")
    .summary("compare ways to place data on a cluster")
    .description(
      "Maps the PGs of one pool onto a cluster, described by numbers or given as a map, with " +
        "CRUSH's bucket algorithms and with other schemes, and says how fast each one is, how " +
        "evenly it spreads the PGs, and how much data moves when the cluster changes.",
    )
    .option("--racks <n>", "racks below the root", counter(DEVICE_COUNT_MAX), 10)
    .option("--hosts <n>", "hosts in each rack", counter(DEVICE_COUNT_MAX), 10)
    .option("--osds <n>", "OSDs in each host", counter(DEVICE_COUNT_MAX), 10)
    .addOption(
      new Option("--weights <kind>", "weights of the OSDs").choices(WEIGHTS).default("equal"),
    )
    .addOption(
      new Option("--domain <type>", "what no two replicas share").choices(DOMAINS).default("host"),
    )
    .addOption(
      new Option(
        "--map <file>",
        "a CRUSH map, as text or binary, instead of a description",
      ).conflicts(["racks", "hosts", "osds", "weights", "domain"]),
    )
    .option(
      "--rule <rule>",
      "the name or id of a rule of that map (the first that can be measured)",
    )
    .option("--replicas <n>", "replicas of each PG", counter(REPLICA_COUNT_MAX), 3)
    .option("--pgs <n>", "PGs of the pool", counter(PG_COUNT_MAX), 65_536)
    .option("--seed <n>", "decides what changes, and uneven weights", counter(SEED_MAX), 1)
    .option("--json", "print all figures as JSON instead of tables")
    .option("--html <file>", "also write a page with charts")
    .addOption(
      new Option("--peer <program>", "also time this program on the map").choices(["crushtool"]),
    )
    .action(benchPlacement);
}

async function benchPlacement(flags: PlacementFlags): Promise<void> {
  const { cluster, name } = clusterFrom(flags);
  // What cannot work is told at once, and not after a minute of measuring.
  if (flags.peer !== undefined) requireCrushtool();
  if (flags.html !== undefined) requireWritable(flags.html);
  const report = { cluster: name, domain: domainName(cluster), ...measured(cluster, flags) };
  if (flags.html !== undefined) writePage(flags.html, reportPage(report));
  await writeOut(process.stdout, [
    flags.json ? `${JSON.stringify(report, undefined, 2)}\n` : reportText(report),
  ]);
}

function measured(
  cluster: Cluster,
  { pgs: pgCount, seed, peer }: PlacementFlags,
): Omit<PlacementReport, "cluster" | "domain"> {
  const progress = new Progress("placement", process.stderr);
  const turnCount = peer === undefined ? 0 : PEER_RUN.turnCount;
  let stepCount = 0;
  const show = ({ done, total, what }: Step): void => {
    stepCount = total;
    progress.show({ done, total: total + turnCount, what });
  };
  const showTurn = (turn: number): void => {
    const what = `${peer}: turn ${turn + 1} of ${turnCount}`;
    progress.show({ done: stepCount + turn, total: stepCount + turnCount, what });
  };
  try {
    const surroundings = { nowMs: processorMs, progress: show };
    const figures = measurePlacement({ cluster, pgCount, seed }, surroundings);
    if (peer === undefined) return { seed, ...figures };
    return { seed, ...figures, peer: compareWithCrushtool(cluster, PEER_RUN, showTurn) };
  } finally {
    progress.clear();
  }
}

/** What this process has used: the time on the wall would measure whatever else the machine does. */
function processorMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

function clusterFrom(flags: PlacementFlags): { cluster: Cluster; name: string } {
  const { map: file, rule, replicas, racks, hosts, osds, weights } = flags;
  if (file === undefined) {
    if (rule !== undefined) throw new CommandError(EXIT_CODE.usage, "--rule goes with --map");
    if (racks * hosts * osds > DEVICE_COUNT_MAX) {
      const message = `more than ${DEVICE_COUNT_MAX} OSDs are too many to compare schemes on`;
      throw new CommandError(EXIT_CODE.usage, message);
    }
    const sizes = [counted(racks, "rack"), counted(hosts, "host"), counted(osds, "OSD")];
    const name = `${sizes.join(" x ")}, ${weights} weights`;
    return { name, cluster: clusterOf(buildMap(flags), { ruleId: RULE_ID, replicas }) };
  }
  const map = readMapFile(file);
  const ruleIds = rule === undefined ? ruleIdsOf(map) : [ruleIdOf(map, rule)];
  const clusters = ruleIds.map((ruleId) =>
    unlessImpossible(() => requireDevices(clusterOf(map, { ruleId, replicas }))),
  );
  const cluster = clusters.find((each) => !(each instanceof CrushError));
  if (cluster === undefined || cluster instanceof CrushError) {
    throw notMeasured(
      file,
      map,
      clusters.find((each) => each instanceof CrushError),
    );
  }
  return { cluster, name: `${file}, rule ${map.ruleNames.get(cluster.ruleId) ?? cluster.ruleId}` };
}

function notMeasured(file: string, map: CrushMap, cause: CrushError | undefined): CommandError {
  const reason = cause?.message ?? "the map has no rule";
  const advice = map.ruleNames.size > 1 ? `; the map's rules are ${ruleNames(map)}` : "";
  return new CommandError(EXIT_CODE.failure, `${file}: ${reason}${advice}`, { cause });
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}

function ruleIdsOf({ rules }: CrushMap): number[] {
  return [...rules.keys()].filter((id) => rules[id] !== undefined);
}

function ruleIdOf(map: CrushMap, rule: string): number {
  const id = idOf(map.ruleNames, rule) ?? Number(rule);
  if (map.rules[id] !== undefined) return id;
  const message = `the map has no rule "${rule}"; it has: ${ruleNames(map) || "none"}`;
  throw new CommandError(EXIT_CODE.usage, message);
}

function ruleNames({ ruleNames: names }: CrushMap): string {
  return [...names.values()].join(", ");
}

function domainName({ map, ruleId }: Cluster): string {
  const { domainType } = shapeOfRule(map, ruleId);
  return map.typeNames.get(domainType) ?? `type ${domainType}`;
}

/** Leaves a page of an earlier run as it is until there is another. */
function requireWritable(file: string): void {
  try {
    appendFileSync(file, "");
  } catch (error) {
    throw fileFailure(file, error);
  }
}

function writePage(file: string, page: string): void {
  try {
    writeFileSync(file, page);
  } catch (error) {
    throw fileFailure(file, error);
  }
}

function counter(max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= 1 && value <= max) return value;
    throw new InvalidArgumentError(`A whole number from 1 to ${max} is needed.`);
  };
}
