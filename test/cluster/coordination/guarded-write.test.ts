import { beforeEach, describe, expect, test } from "vitest";
import { utf8 } from "../../../cluster/base/bytes.ts";
import {
  type GuardedResult,
  guardedWrite,
  type Mandate,
} from "../../../cluster/coordination/guarded-write.ts";
import type { ZooKeeperClient } from "../../../cluster/zookeeper/client.ts";
import { MapWorld } from "./map-world.ts";

const OPS = [{ type: "setData", path: "/kelp/osd", data: utf8("x"), version: 0 }] as const;

let world: MapWorld;
let client: ZooKeeperClient;
let mandate: Mandate;
beforeEach(async () => {
  world = await MapWorld.start();
  client = world.tree();
  const created = client.create("/kelp/controller/me", utf8(""), { mode: "EPHEMERAL" });
  await world.until(created);
  mandate = { client, check: { type: "check", path: "/kelp/controller/me", version: -1 } };
});

const written = (): boolean => world.server.nodes.get("/kelp/osd")?.version === 1;
const isDone = async (): Promise<boolean> => (await client.getData("/kelp/osd")).stat.version === 1;
const write = (options: Partial<Mandate> = {}): Promise<GuardedResult> =>
  world.until(guardedWrite({ ...mandate, ...options }, OPS, isDone), 120_000);

/** The connection ends at so many multis, before or after they were carried out. */
function lose(when: "losesRequest" | "losesReply", times: number): void {
  let left = times;
  world.server[when] = ({ op }) => op === "multi" && left-- > 0;
}

describe("a guarded write", () => {
  test("is carried out, with the results of its operations", async () => {
    expect(await write()).toMatchObject({ type: "done", results: [{ type: "setData" }] });
    expect(written()).toBe(true);
  });

  test.each([1, 3])("that %i times did not arrive is made again", async (times) => {
    lose("losesRequest", times);
    expect(await write()).toMatchObject({ type: "done" });
    expect(written()).toBe(true);
  });

  test("whose answer is lost is found, and not made again", async () => {
    lose("losesReply", 1);
    expect(await write()).toEqual({ type: "done", results: undefined });
    expect(world.server.log.filter((line) => line === "multi")).toHaveLength(1);
  });

  test("that arrived late, after one that repeats it was sent, counts as done", async () => {
    let count = 0;
    world.server.losesRequest = ({ op }) => {
      if (op !== "multi") return false;
      count += 1;
      // The second attempt finds what the first has done at last.
      if (count === 2) world.server.change("/kelp/osd", utf8("x"));
      return count === 1;
    };
    expect(await write()).toEqual({ type: "done", results: undefined });
  });

  test("is not carried out once the check fails", async () => {
    world.server.change("/kelp/controller/me", undefined);
    expect(await write()).toEqual({ type: "deposed" });
    expect(written()).toBe(false);
  });

  test("that was carried out before the session expired is known to be done by a client that renews", async () => {
    world.server.losesReply = ({ op }) => {
      if (op === "multi") world.server.isUnwilling = true;
      return op === "multi";
    };
    const result = guardedWrite(mandate, OPS, isDone);
    await world.untilTrue(written);
    await world.pass(100);
    world.server.expire(client.sessionId);
    world.server.isUnwilling = false;
    expect(await world.until(result)).toEqual({ type: "done", results: undefined });
  });

  test("that never arrived before the session expired is not made in the next session", async () => {
    world.server.losesRequest = ({ op }) => {
      if (op === "multi") world.server.isUnwilling = true;
      return op === "multi";
    };
    const result = guardedWrite(mandate, OPS, isDone);
    await world.untilTrue(() => client.status === "disconnected");
    world.server.expire(client.sessionId);
    world.server.losesRequest = () => false;
    world.server.isUnwilling = false;
    expect(await world.until(result)).toEqual({ type: "deposed" });
    expect(written()).toBe(false);
  });

  test("that a server refuses throws, and so says which part", async () => {
    world.server.change("/kelp/osd", utf8("other"));
    world.server.change("/kelp/osd", utf8("other"));
    await expect(write()).rejects.toMatchObject({ code: "BADVERSION", failed: { index: 1 } });
  });

  test("waits while there is no server, for longer than a request does", async () => {
    world.server.isUnwilling = true;
    world.server.cut();
    const result = guardedWrite(mandate, OPS, isDone);
    await world.pass(45_000);
    expect(written()).toBe(false);
    world.server.isUnwilling = false;
    expect(await world.until(result)).toMatchObject({ type: "done" });
  });

  test("ends when nobody waits for it any more", async () => {
    const nobody = new AbortController();
    world.server.isUnwilling = true;
    world.server.cut();
    const result = guardedWrite({ ...mandate, signal: nobody.signal }, OPS, isDone);
    await world.pass(5_000);
    nobody.abort();
    expect(await world.until(result)).toEqual({ type: "deposed" });
  });
});
