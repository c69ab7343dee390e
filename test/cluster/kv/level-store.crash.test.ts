import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { equalBytes } from "../../../cluster/base/bytes.ts";
import { openLevelStore } from "../../../cluster/kv/level-store.ts";
import type { KvStore } from "../../../cluster/kv/store.ts";
import { BATCH_WRITES, bytesOf, keyOf, LANES } from "./crash-batches.ts";

const WRITER = fileURLToPath(
  new URL("../../../dist/test/cluster/kv/crash-writer.js", import.meta.url),
);

test("a killed process leaves acknowledged batches whole and no other in part", async () => {
  expect(existsSync(WRITER), `${WRITER} is missing: run "npm run build" first`).toBe(true);
  const directory = await mkdtemp(join(tmpdir(), "kelp-crash-"));
  try {
    let from = 0;
    for (const acknowledgements of [1, 50, 400]) {
      const last = await killAfter(acknowledgements, directory, from);
      const store = await openLevelStore({ directory });
      try {
        from = await checkLanes(store, last, from);
      } finally {
        await store.close();
      }
    }
  } finally {
    await rm(directory, { recursive: true });
  }
});

/**
 * The last number that each lane was told of, -1 for none. The pipe keeps what was said before the
 * kill.
 */
async function killAfter(count: number, directory: string, from: number): Promise<number[]> {
  const writer = spawn(process.execPath, [WRITER, directory, String(from)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const closed = once(writer, "close");
  const last = Array<number>(LANES).fill(-1);
  let seen = 0;
  for await (const line of createInterface({ input: writer.stdout })) {
    const said = /^(\d+) (\d{1,8})$/.exec(line);
    if (said !== null) last[Number(said[1])] = Number(said[2]);
    seen += 1;
    if (seen === count) writer.kill("SIGKILL");
  }
  expect(await closed).toEqual([null, "SIGKILL"]);
  return last;
}

/**
 * Returns a number that no lane has reached. A lane has at most one batch in flight beyond the
 * acknowledged ones.
 */
async function checkLanes(store: KvStore, last: readonly number[], from: number): Promise<number> {
  for (const [lane, acknowledged] of last.entries()) {
    for (let number = from; number <= acknowledged; number++) {
      expect(await wholeWrites(store, lane, number), `${lane} ${number}`).toBe(BATCH_WRITES);
    }
    const inFlight = Math.max(acknowledged + 1, from);
    expect([0, BATCH_WRITES]).toContain(await wholeWrites(store, lane, inFlight));
    expect(await wholeWrites(store, lane, inFlight + 1)).toBe(0);
  }
  return Math.max(from, ...last) + 2;
}

async function wholeWrites(store: KvStore, lane: number, number: number): Promise<number> {
  const writes = Array.from({ length: BATCH_WRITES }, (_, write) => write);
  const found = await store.getMany(writes.map((write) => keyOf(lane, number, write)));
  for (const [write, value] of found.entries()) {
    if (value === undefined) continue;
    expect(equalBytes(value, bytesOf(lane, number, write)), `${lane} ${number}`).toBe(true);
  }
  return found.filter((value) => value !== undefined).length;
}
