/**
 * What one member's state machine costs: applying batches, reading, and a million nodes in memory
 * and from rows. No sockets, no consensus, no disk.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { assert } from "../cluster/base/assert.ts";
import { encode } from "../cluster/wire/codec.ts";
import { OPERATIONS } from "../cluster/zookeeper/operations.ts";
import { read } from "../monitor/tree/read.ts";
import type { Bench, Measurement, Scale } from "./bench.ts";
import { median, spread } from "./placement/statistics.ts";
import { batchesOf, IDENTITIES, inBatches, leafPath, Writing } from "./tree-load.ts";
import type { Footprint } from "./tree-memory.ts";

const MIB = 1024 * 1024;
/** From bench/, where tests run this, as from dist/bench/. */
const SCRIPT = import.meta.url.endsWith(".ts") ? "../dist/bench/tree-memory.js" : "tree-memory.js";

function seconds(work: () => void): number {
  const startMs = performance.now();
  work();
  return (performance.now() - startMs) / 1000;
}

function rate(what: string, rates: readonly number[], atLeast: number): Measurement {
  return { what, value: median(rates), unit: "/s", atLeast, spread: spread(rates) };
}

function applyRates(scale: Scale, progress: (step: string) => void): Measurement[] {
  const count = scale === "full" ? 100_000 : 200;
  const repetitions = scale === "full" ? 5 : 1;
  const creates: number[] = [];
  const sets: number[] = [];
  const gets: number[] = [];
  for (let repetition = 0; repetition <= repetitions; repetition++) {
    const writing = new Writing();
    progress(`create, set and get, ${repetition} of ${repetitions}`);
    const created = [...batchesOf(writing, count)];
    const createSeconds = seconds(() => {
      for (const bytes of created) writing.apply(bytes);
    });
    const paths = Array.from({ length: count }, (_, at) => leafPath((at * 7919) % count));
    const changed = [...inBatches(writing, count, (at) => writing.set(paths[at] as string))];
    const setSeconds = seconds(() => {
      for (const bytes of changed) writing.apply(bytes);
    });
    const { code, request } = OPERATIONS.getData;
    const bodies = paths.map((path) => encode(request, { path, watch: false }));
    const { session, tree } = writing;
    const getSeconds = seconds(() => {
      for (const body of bodies) read(tree, { op: code, body, identities: IDENTITIES, session });
    });
    // The first one warms up and does not count.
    if (repetition === 0) continue;
    creates.push(count / createSeconds);
    sets.push(count / setSeconds);
    gets.push(count / getSeconds);
  }
  return [
    rate("create of 100 B, decoded and applied", creates, 150_000),
    rate("set of 100 B, decoded and applied", sets, 150_000),
    rate("getData of 100 B, without a socket", gets, 500_000),
  ];
}

/** Each in a process of its own, whose memory is then that of the tree and of Node.js alone. */
function memory(scale: Scale, progress: (step: string) => void): Measurement[] {
  const count = scale === "full" ? 1_000_000 : 1000;
  const directory = mkdtempSync(join(tmpdir(), "kelp-tree-"));
  try {
    progress(`${count} nodes in memory`);
    const filled = inProcess("fill", directory, count);
    progress(`${count} nodes from rows`);
    const loaded = inProcess("load", directory, count);
    return figuresOf(count, filled, loaded);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

function figuresOf(count: number, filled: Footprint, loaded: Footprint): Measurement[] {
  const nodes = `${count.toLocaleString("en")} nodes of 100 B`;
  return [
    { what: "resident without a node", value: filled.bareRssBytes / MIB, unit: "MiB" },
    { what: `${nodes}: resident, applied`, value: filled.rssBytes / MIB, unit: "MiB" },
    { what: `${nodes}: resident, loaded`, value: loaded.rssBytes / MIB, unit: "MiB" },
    { what: `${nodes}: all their rows made`, value: filled.rowSeconds, unit: "s" },
    { what: `${nodes}: loaded from rows`, value: loaded.rowSeconds, unit: "s" },
  ];
}

function inProcess(mode: "fill" | "load", directory: string, count: number): Footprint {
  const script = fileURLToPath(new URL(SCRIPT, import.meta.url));
  const words = ["--expose-gc", script, mode, directory, String(count)];
  const { status, stdout, stderr } = spawnSync(process.execPath, words, { encoding: "utf8" });
  assert(status === 0, `the process that holds a tree failed: ${stderr}`);
  return JSON.parse(stdout) as Footprint;
}

export const treeBench: Bench = {
  name: "tree",
  about: "the znode tree: transactions and reads per second, memory and load time of a million",
  run(scale, progress) {
    return Promise.resolve([...applyRates(scale, progress), ...memory(scale, progress)]);
  },
};
