/**
 * Started by bench/tree.ts: `fill` makes a tree of so many nodes and writes its rows to a file,
 * `load` reads them. Two processes, because memory that was once used for something else is not
 * given back. Prints its figures as JSON.
 */
import { closeSync, openSync, readSync, writeSync } from "node:fs";
import { join } from "node:path";
import { assert, present } from "../cluster/base/assert.ts";
import { compareBytes } from "../cluster/base/bytes.ts";
import { bytes, decode, encode, list, tuple } from "../cluster/wire/codec.ts";
import { RowLoader } from "../monitor/tree/row-loader.ts";
import { takeDirtyRows } from "../monitor/tree/rows.ts";
import type { Tree } from "../monitor/tree/state.ts";
import { digestOf } from "../monitor/tree/tree.ts";
import { batchesOf, Writing } from "./tree-load.ts";

export interface Footprint {
  readonly bareRssBytes: number;
  readonly rssBytes: number;
  /** To make all rows, or to load them. */
  readonly rowSeconds: number;
}

const PORTION = 1000;
const portion = list(tuple(bytes, bytes), { max: PORTION });
const SIZE_BYTES = 4;

const [mode, directory = "", count = ""] = process.argv.slice(2);
const file = join(directory, "rows");
const bareRssBytes = residentBytes();
const footprint = mode === "fill" ? fill(Number(count)) : load(Number(count));
process.stdout.write(JSON.stringify(footprint));

function fill(nodeCount: number): Footprint {
  const writing = new Writing();
  for (const batch of batchesOf(writing, nodeCount)) writing.apply(batch);
  const rssBytes = residentBytes();
  const startMs = performance.now();
  const writes = takeDirtyRows(writing.tree, 1);
  const rowSeconds = (performance.now() - startMs) / 1000;
  const rows = writes.map((write) => {
    assert(write.type === "put", "nothing was deleted");
    return [write.key, write.value] as const;
  });
  rows.sort(([left], [right]) => compareBytes(left, right));
  const output = openSync(file, "w");
  for (let from = 0; from < rows.length; from += PORTION) {
    const encoded = encode(portion, rows.slice(from, from + PORTION));
    const size = Buffer.alloc(SIZE_BYTES);
    size.writeUInt32LE(encoded.byteLength);
    writeSync(output, size);
    writeSync(output, encoded);
  }
  closeSync(output);
  return { bareRssBytes, rssBytes, rowSeconds };
}

function load(nodeCount: number): Footprint {
  const loader = new RowLoader();
  const input = openSync(file, "r");
  let rowMs = 0;
  for (;;) {
    const size = Buffer.alloc(SIZE_BYTES);
    if (readSync(input, size) === 0) break;
    const encoded = Buffer.allocUnsafeSlow(size.readUInt32LE());
    readSync(input, encoded);
    const startMs = performance.now();
    for (const row of decode(portion, encoded)) loader.add(row);
    rowMs += performance.now() - startMs;
  }
  closeSync(input);
  const startMs = performance.now();
  const { tree } = present(loader.finish(), "the tree of the rows");
  rowMs += performance.now() - startMs;
  const rssBytes = residentBytes();
  checkWhole(tree, nodeCount);
  return { bareRssBytes, rssBytes, rowSeconds: rowMs / 1000 };
}

/** Also keeps the tree alive until its memory was measured. */
function checkWhole(tree: Tree, nodeCount: number): void {
  assert(tree.znodes.count > nodeCount, "all nodes are there");
  assert(digestOf(tree) !== 0n, "and they have a digest");
}

function residentBytes(): number {
  global.gc?.();
  return process.memoryUsage.rss();
}
