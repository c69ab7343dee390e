import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { AssertionError } from "../../../cluster/base/assert.ts";
import { utf8 } from "../../../cluster/base/bytes.ts";
import {
  GROUP_BYTES_MAX,
  GroupCommit,
  HELD_BATCHES_MAX,
  HELD_BYTES_MAX,
} from "../../../cluster/kv/group-commit.ts";
import type { Write } from "../../../cluster/kv/store.ts";

describe("GroupCommit", () => {
  test("batches that come while a group is written form the next one, in their order", async () => {
    const disk = new SlowDisk();
    const commit = new GroupCommit(disk.write);
    const first = commit.submit(named("a"), true);
    await disk.began(1);
    const rest = [commit.submit(named("b", "c"), false), commit.submit(named("d"), true)];
    disk.finish();
    await first;
    await disk.began(2);
    disk.finish();
    await Promise.all(rest);
    expect(disk.groups).toEqual([
      { keys: ["a"], sync: true },
      { keys: ["b", "c", "d"], sync: true },
    ]);
    expect(commit.statistics).toEqual({ batches: 3, groups: 2, syncs: 2 });
  });

  test("callers that do not wait for each other share the first group", async () => {
    const disk = new SlowDisk();
    const commit = new GroupCommit(disk.write);
    const all = Promise.all(["a", "b", "c"].map((key) => commit.submit(named(key), true)));
    await disk.began(1);
    disk.finish();
    await all;
    expect(commit.statistics).toEqual({ batches: 3, groups: 1, syncs: 1 });
  });

  test.each([
    ["none of its batches is durable", [false, false], false],
    ["the first is durable          ", [true, false], true],
    ["the last is durable           ", [false, true], true],
  ])("if %s, a group syncs accordingly", async (_, durable, sync) => {
    const disk = new SlowDisk();
    const commit = new GroupCommit(disk.write);
    const all = Promise.all(durable.map((each) => commit.submit(named("a"), each)));
    await disk.began(1);
    disk.finish();
    await all;
    expect(disk.groups.map((group) => group.sync)).toEqual([sync]);
    expect(commit.statistics.syncs).toBe(sync ? 1 : 0);
  });

  test("no batch settles before its group is written", async () => {
    const disk = new SlowDisk();
    const commit = new GroupCommit(disk.write);
    let settled = false;
    const batch = commit.submit(named("a"), true).then(() => {
      settled = true;
    });
    await disk.began(1);
    await turn();
    expect(settled).toBe(false);
    disk.finish();
    await batch;
  });

  test("a group stays within its size, except for a single batch that is larger", async () => {
    const disk = new SlowDisk();
    const commit = new GroupCommit(disk.write);
    const half = sized("half", GROUP_BYTES_MAX / 2);
    const large = sized("large", GROUP_BYTES_MAX * 2);
    const all = Promise.all([half, half, half, large, half].map((it) => commit.submit(it, true)));
    for (let group = 1; group <= 4; group++) {
      await disk.began(group);
      disk.finish();
    }
    await all;
    expect(disk.groups.map((group) => group.keys)).toEqual([
      ["half", "half"],
      ["half"],
      ["large"],
      ["half"],
    ]);
  });

  test("after a failed write everything is refused for its reason, unwritten", async () => {
    const disk = new SlowDisk();
    const commit = new GroupCommit(disk.write);
    const error = new Error("the disk is gone");
    const failing = outcome(commit.submit(named("a"), false));
    await disk.began(1);
    const queued = outcome(commit.submit(named("b"), true));
    disk.finish(error);
    expect(await failing).toBe(error);
    expect(await queued).toBe(error);
    expect(await outcome(commit.submit(named("c"), true))).toBe(error);
    expect(await outcome(commit.submit([], false))).toBe(error);
    await commit.idle();
    expect(disk.groups).toHaveLength(1);
    expect(commit.statistics).toEqual({ batches: 0, groups: 0, syncs: 0 });
  });

  test("more bytes than may be held are refused until there is room", async () => {
    const disk = new SlowDisk();
    const commit = new GroupCommit(disk.write);
    const most = commit.submit(sized("most", HELD_BYTES_MAX - 100), true);
    await disk.began(1);
    const refused = commit.submit(sized("refused", 200), true);
    await expect(refused).rejects.toMatchObject({ code: "OVERLOADED" });
    const small = commit.submit(sized("small", 100), true);
    await expect(commit.submit(named("x"), true)).rejects.toMatchObject({ code: "OVERLOADED" });
    disk.finish();
    await most;
    await disk.began(2);
    disk.finish();
    await small;
    const later = commit.submit(sized("later", 200), true);
    await disk.began(3);
    disk.finish();
    await later;
    expect(disk.groups.flatMap(({ keys }) => keys)).toEqual(["most", "small", "later"]);
  });

  test("a batch that could never be held is an error that says so, and harms no other", async () => {
    const disk = new SlowDisk();
    const commit = new GroupCommit(disk.write);
    const tooLarge = [...sized("most", HELD_BYTES_MAX), ...named("x")];
    expect(() => commit.submit(tooLarge, true)).toThrow(
      new AssertionError(
        `a batch of ${HELD_BYTES_MAX + 17} bytes; ${HELD_BYTES_MAX} fit: split it`,
      ),
    );
    const largest = commit.submit(sized("most", HELD_BYTES_MAX), true);
    await disk.began(1);
    disk.finish();
    await largest;
    expect(disk.groups.map(({ keys }) => keys)).toEqual([["most"]]);
  });

  test("more batches than may wait are refused, empty ones too", async () => {
    const disk = new SlowDisk();
    const commit = new GroupCommit(disk.write);
    const waiting = Array.from({ length: HELD_BATCHES_MAX }, () => commit.submit([], false));
    await expect(commit.submit([], false)).rejects.toMatchObject({ code: "OVERLOADED" });
    await disk.began(1);
    disk.finish();
    await Promise.all(waiting);
    expect(commit.statistics.batches).toBe(HELD_BATCHES_MAX);
  });

  test("idle waits for what was handed over, also while nothing was", async () => {
    const disk = new SlowDisk();
    const commit = new GroupCommit(disk.write);
    await commit.idle();
    let done = 0;
    for (const key of ["a", "b"]) void commit.submit(named(key), true).then(() => (done += 1));
    const idle = commit.idle();
    await disk.began(1);
    disk.finish();
    await idle;
    expect(done).toBe(2);
  });

  test("groups are whole batches in order, whatever is submitted when", async () => {
    const anyBatch = fc.record({
      writes: fc.array(fc.integer({ min: 0, max: GROUP_BYTES_MAX / 2 }), { maxLength: 4 }),
      durable: fc.boolean(),
      turns: fc.integer({ min: 0, max: 2 }),
    });
    const property = fc.asyncProperty(fc.array(anyBatch, { maxLength: 20 }), async (batches) => {
      const written: Write[] = [];
      const sizes: number[] = [];
      const commit = new GroupCommit(async (writes) => {
        await turn();
        written.push(...writes);
        sizes.push(writes.length);
      });
      const submitted: Write[] = [];
      const settled: Promise<void>[] = [];
      const ends = new Set([0]);
      for (const { writes, durable, turns } of batches) {
        const batch = writes.flatMap((bytes) => sized("key", bytes));
        submitted.push(...batch);
        ends.add(submitted.length);
        settled.push(commit.submit(batch, durable));
        for (let count = 0; count < turns; count++) await turn();
      }
      await Promise.all(settled);
      expect(written.length).toBe(submitted.length);
      expect(written.every((write, index) => write === submitted[index])).toBe(true);
      let end = 0;
      for (const size of sizes) {
        end += size;
        expect(ends.has(end)).toBe(true);
      }
    });
    await fc.assert(property, { numRuns: 50 });
  });
});

/** Records what it is given and takes as long as the test says. */
class SlowDisk {
  readonly groups: { keys: string[]; sync: boolean }[] = [];
  #finish: ((error?: Error) => void) | undefined;

  readonly write = (writes: readonly Write[], sync: boolean): Promise<void> => {
    this.groups.push({ keys: writes.map(({ key }) => Buffer.from(key).toString()), sync });
    return new Promise((resolve, reject) => {
      this.#finish = (error) => (error === undefined ? resolve() : reject(error));
    });
  };

  async began(count: number): Promise<void> {
    for (let tries = 0; tries < 100 && this.groups.length < count; tries++) await turn();
    expect(this.groups).toHaveLength(count);
  }

  finish(error?: Error): void {
    expect(this.#finish).toBeDefined();
    this.#finish?.(error);
    this.#finish = undefined;
  }
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function outcome(batch: Promise<void>): Promise<unknown> {
  return batch.then(
    () => "done",
    (error: unknown) => error,
  );
}

function named(...keys: string[]): Write[] {
  return keys.map((key) => ({ type: "delete", key: utf8(key) }));
}

const ZEROS = new Uint8Array(HELD_BYTES_MAX);

/** A batch of exactly so many bytes as the queue counts them, or of as few as one write has. */
function sized(key: string, bytes: number): Write[] {
  const overhead = key.length + 16;
  const value = ZEROS.subarray(0, Math.max(0, bytes - overhead));
  return [{ type: "put", key: utf8(key), value }];
}
