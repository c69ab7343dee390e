/**
 * The shape of the tree, as data. The rules are in support/tidy-rules.ts and are tested on trees
 * that break them.
 */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { present } from "../cluster/base/assert.ts";
import {
  cycles,
  deadFiles,
  downloadAddresses,
  type LayerTable,
  layering,
  leftovers,
  mirroredTests,
  type Purity,
  purity,
  quotedTable,
  type SourceFile,
  titles,
} from "./support/tidy-rules.ts";

const LAYERS: LayerTable = {
  crush: [],
  "cluster/base": [],
  "cluster/wire": ["cluster/base"],
  "cluster/map": ["crush", "cluster/base", "cluster/wire"],
  "cluster/message": ["cluster/base", "cluster/wire", "cluster/map"],
  "cluster/kv": ["cluster/base", "cluster/wire"],
  "cluster/runtime": ["cluster/base", "cluster/wire", "cluster/kv"],
  "cluster/zookeeper": ["cluster/base", "cluster/wire", "cluster/runtime"],
  "cluster/coordination": [
    "cluster/base",
    "cluster/wire",
    "cluster/map",
    "cluster/message",
    "cluster/runtime",
    "cluster/zookeeper",
  ],
  "cluster/client": [
    "cluster/base",
    "cluster/wire",
    "cluster/map",
    "cluster/message",
    "cluster/runtime",
    "cluster/zookeeper",
    "cluster/coordination",
  ],
  monitor: [
    "crush",
    "cluster/base",
    "cluster/wire",
    "cluster/map",
    "cluster/message",
    "cluster/kv",
    "cluster/runtime",
    "cluster/zookeeper",
    "cluster/coordination",
  ],
  osd: [
    "cluster/base",
    "cluster/wire",
    "cluster/map",
    "cluster/message",
    "cluster/kv",
    "cluster/runtime",
    "cluster/zookeeper",
    "cluster/coordination",
    "cluster/client",
  ],
  gateway: [
    "cluster/base",
    "cluster/wire",
    "cluster/map",
    "cluster/runtime",
    "cluster/zookeeper",
    "cluster/coordination",
    "cluster/client",
  ],
  "bench/placement": ["crush", "cluster/base", "cluster/map"],
  cli: [
    "crush",
    "cluster/base",
    "cluster/wire",
    "cluster/map",
    "cluster/message",
    "cluster/kv",
    "cluster/runtime",
    "cluster/zookeeper",
    "cluster/coordination",
    "cluster/client",
    "monitor",
    "osd",
    "gateway",
    "bench/placement",
  ],
};

/** They may import anything, and only they import each other. */
const FREE = ["test", "bench"];

const PURE: Purity = {
  places: [
    "crush",
    "cluster/base",
    "cluster/wire",
    "cluster/map",
    "cluster/message",
    "cluster/zookeeper",
    "monitor/message",
    "monitor/consensus",
    "monitor/tree",
    "monitor/zookeeper",
    "monitor/controller",
    "osd/message",
    "osd/heartbeat",
    "osd/pg",
    "osd/class",
    "bench/placement",
  ],
  packages: ["xxhash-wasm"],
  nodeNames: { "node:crypto": ["createHash", "createHmac", "timingSafeEqual"] },
  deniedGlobals: [
    "Date",
    "setTimeout",
    "setInterval",
    "setImmediate",
    "queueMicrotask",
    "process",
    "performance",
    "crypto",
  ],
};

/**
 * Started by a script of package.json, by a tool, or as a process of its own by a test; not
 * imported.
 */
const ENTRY_POINTS = [
  "bench/load/main.ts",
  "bench/run.ts",
  "cli/main.ts",
  "cluster/runtime/worker-thread.ts",
  "test/cluster/kv/crash-writer.ts",
  "test/cluster/runtime/shutdown-process.ts",
  "test/cluster/runtime/worker-task.ts",
  "test/interop/zookeeper/main.ts",
  "test/sim/main.ts",
  "test/support/osd-stub-process.ts",
  "vitest.config.ts",
];

/** What was built before its first user: nothing at present. */
const AWAITED: readonly string[] = [];

/** AssemblyScript looks like TypeScript and follows other rules; its own compiler reads it. */
const FOREIGN = "crush/simd/";

const MIRRORED = ["crush", "cluster", "monitor", "osd", "gateway", "bench/placement", "cli"];

/**
 * Everything that is committed or would be. The flag lets root judge a checkout that belongs to
 * somebody else.
 */
function readTree(): SourceFile[] {
  const listing = execFileSync(
    "git",
    ["-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
    { encoding: "utf8" },
  );
  return [...new Set(listing.split("\0"))]
    .filter((path) => path !== "" && !path.startsWith(FOREIGN) && existsSync(path))
    .map((path) => ({ path, text: readFileSync(path, "utf8") }));
}

const tree = readTree();
const textOf = (path: string): string =>
  present(tree.find((file) => file.path === path)?.text, path);

test("the listing of the tree has this file", () => {
  expect(textOf("test/tidy.test.ts")).toContain("LAYERS");
});

test("imports flow down the dependency table", () => {
  expect(layering(tree, LAYERS, FREE)).toEqual([]);
});

test("there are no import cycles, type imports included", () => {
  expect(cycles(tree)).toEqual([]);
});

test("pure code uses no clock, I/O, process or randomness", () => {
  expect(purity(tree, PURE)).toEqual([]);
});

test("the linter holds the same places to be pure", () => {
  const { overrides } = JSON.parse(textOf("biome.json"));
  expect(overrides[0].includes).toEqual(PURE.places.map((place) => `${place}/**`));
  const { noRestrictedGlobals } = overrides[0].linter.rules.style;
  expect(Object.keys(noRestrictedGlobals.options.deniedGlobals)).toEqual(PURE.deniedGlobals);
});

test("every file is used by more than its own test, or started", () => {
  expect(deadFiles(tree, ENTRY_POINTS, AWAITED)).toEqual([]);
});

test("every file with logic has its mirrored test", () => {
  expect(mirroredTests(tree, MIRRORED)).toEqual([]);
});

test("no .only, and no TODO without an issue", () => {
  expect(leftovers(tree)).toEqual([]);
});

test("every markdown file has one title", () => {
  expect(titles(tree)).toEqual([]);
});

test("no file says where packages are downloaded from", () => {
  expect(downloadAddresses(tree)).toEqual([]);
});

test("ARCHITECTURE.md quotes the dependency table as it is", () => {
  const document = { path: "ARCHITECTURE.md", text: textOf("ARCHITECTURE.md") };
  expect(quotedTable(document, LAYERS)).toEqual([]);
});
