/**
 * The real crushtool on the same map, beside our mapper. What is compared is processor time per
 * mapping, because on a machine that does other work too the time on the wall belongs to nobody.
 * The two take turns, so that whatever slows the machine down slows both.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Cluster } from "../../bench/placement/cluster.ts";
import { type PeerFigures, type PeerTurn, peerFigures } from "../../bench/placement/peer.ts";
import { encodeBinary } from "../../crush/binary.ts";
import { compile } from "../../crush/compiled.ts";
import { simdMapper } from "../../crush/simd.ts";
import { chooseArgsFor, DEFAULT_CHOOSE_ARGS } from "../../crush/types.ts";
import { EXIT_CODE } from "../exit-code.ts";
import { CommandError } from "../failure.ts";

export interface PeerRun {
  readonly mappingCount: number;
  readonly turnCount: number;
}

/** Throws CommandError where crushtool is not installed or does not run. */
export function requireCrushtool(): void {
  // Its exit code says nothing: crushtool ends with 1 after its version.
  const { error } = spawnSync("crushtool", ["--version"], { stdio: "ignore" });
  if (error !== undefined) throw notRun(error);
}

/** Throws CommandError where crushtool does not run. */
export function compareWithCrushtool(
  cluster: Cluster,
  { mappingCount, turnCount }: PeerRun,
  progress: (turn: number) => void,
): PeerFigures {
  const directory = mkdtempSync(join(tmpdir(), "kelp-bench-"));
  try {
    const file = join(directory, "map");
    writeFileSync(file, encodeBinary(cluster.map));
    const scalar = scalarMapper(cluster);
    const vector = vectorMapper(cluster);
    // The engine compiles what it runs, and that is no part of a mapping.
    for (const own of [scalar, vector]) own?.(Math.min(mappingCount, WARM_UP_COUNT));
    const turns: PeerTurn[] = [];
    for (let turn = 0; turn < turnCount; turn++) {
      progress(turn);
      turns.push({
        peerNs: crushtoolNs(cluster, file, mappingCount),
        scalarNs: ownNs(scalar, mappingCount),
        ...(vector !== undefined && { simdNs: ownNs(vector, mappingCount) }),
      });
    }
    return peerFigures("crushtool", turns);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

const WARM_UP_COUNT = 20_000;

/** The start of the process, which reads the map, is measured by a run over one x, and taken off. */
function crushtoolNs({ ruleId, replicas }: Cluster, file: string, mappingCount: number): number {
  const userSeconds = (maxX: number): number => {
    const words = ["-i", file, "--test", "--show-bad-mappings", "--rule", String(ruleId)];
    const range = ["--num-rep", String(replicas), "--min-x", "0", "--max-x", String(maxX)];
    return childUserSeconds([...words, ...range]);
  };
  return ((userSeconds(mappingCount) - userSeconds(0)) * 1e9) / mappingCount;
}

/** The shell's own `times` tells what its children used; Node tells only what this process did. */
function childUserSeconds(words: readonly string[]): number {
  const script = '"$@" >/dev/null && times';
  const shellWords = ["-c", script, "sh", "crushtool", ...words];
  try {
    return parseTimes(execFileSync("/bin/sh", shellWords, { encoding: "utf8", stdio: "pipe" }));
  } catch (error) {
    throw notRun(error);
  }
}

function notRun(cause: unknown): CommandError {
  const message = `crushtool did not run; install Debian's ceph-base, or leave --peer out`;
  return new CommandError(EXIT_CODE.failure, message, { cause });
}

/** The second line is that of the children, user time first: "0m1.250000s 0m0.010000s". */
export function parseTimes(text: string): number {
  const [, minutes, seconds] = /\n(\d+)m([\d.]+)s/.exec(text) ?? [];
  if (minutes === undefined || seconds === undefined) {
    throw new Error(`the shell's times are not understood: ${JSON.stringify(text)}`);
  }
  return Number(minutes) * 60 + Number(seconds);
}

type RangeMapper = (count: number) => void;

function scalarMapper({ map, ruleId, replicas, deviceWeights }: Cluster): RangeMapper {
  const compiled = compile(map, chooseArgsFor(map, DEFAULT_CHOOSE_ARGS));
  const result = new Int32Array(replicas);
  return (count) => {
    for (let x = 0; x < count; x++) {
      compiled.mapInto(ruleId, x, replicas, deviceWeights, result, 0);
    }
  };
}

/** Undefined where the engine or the rule is not made for it. */
function vectorMapper({ map, ...cluster }: Cluster): RangeMapper | undefined {
  const { ruleId, replicas: resultMax, deviceWeights } = cluster;
  const chooseArgs = chooseArgsFor(map, DEFAULT_CHOOSE_ARGS);
  const request = { map, chooseArgs, ruleId, resultMax, deviceWeights };
  const mapper = simdMapper(request, compile(map, chooseArgs));
  return mapper && ((count) => mapper.mapRange(0, count));
}

function ownNs(map: RangeMapper, mappingCount: number): number {
  const start = process.cpuUsage();
  map(mappingCount);
  return (process.cpuUsage(start).user * 1000) / mappingCount;
}
