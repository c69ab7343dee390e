import { describe, expect, test } from "vitest";
import { ClusterError } from "../../../../cluster/base/error.ts";
import { isPassing, persistently, unless } from "../../../../cluster/zookeeper/recipe/retry.ts";
import { ZooKeeperError } from "../../../../cluster/zookeeper/zookeeper-error.ts";
import { ClientWorld } from "../client-world.ts";

const LOST = new ClusterError("CONNECTION_LOST", "x");
const FULL = new ClusterError("OVERLOADED", "x");
const GONE = new ZooKeeperError("NONODE", { operation: "delete", path: "/a" });

describe("what may pass", () => {
  test.each<[Error, boolean]>([
    [LOST, true],
    [FULL, true],
    [new ZooKeeperError("THROTTLEDOP", { operation: "sync" }), true],
    [new ZooKeeperError("SESSIONMOVED", { operation: "sync" }), true],
    [new ClusterError("UNREACHABLE", "x"), false],
    [new ZooKeeperError("SESSIONEXPIRED", { operation: "sync" }), false],
    [GONE, false],
    [new TypeError("x"), false],
  ])("%s: %s", (error, passes) => {
    expect(isPassing(error)).toBe(passes);
  });
});

describe("trying persistently", () => {
  test("goes on until it is done, and waits where there is too much to do", async () => {
    const world = new ClientWorld();
    const client = world.client();
    const failures = [LOST, FULL, FULL];
    const startMs = world.scheduler.nowMs;
    const done = persistently(client, async () => {
      const failure = failures.shift();
      if (failure !== undefined) throw failure;
      return "done";
    });
    expect(await world.until(done)).toBe("done");
    expect(world.scheduler.nowMs - startMs).toBeGreaterThanOrEqual(400);
  });

  test("ends with what does not pass", async () => {
    const client = new ClientWorld().client();
    await expect(persistently(client, () => Promise.reject(GONE))).rejects.toBe(GONE);
  });
});

test("one code may be expected, others are not", async () => {
  expect(await unless("NONODE", Promise.resolve(7))).toBe(7);
  expect(await unless("NONODE", Promise.reject(GONE))).toBeUndefined();
  await expect(unless("NODEEXISTS", Promise.reject(GONE))).rejects.toBe(GONE);
});
