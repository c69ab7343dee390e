import { beforeEach, describe, expect, test } from "vitest";
import { present } from "../../../cluster/base/assert.ts";
import { utf8 } from "../../../cluster/base/bytes.ts";
import {
  ClusterLogFollower,
  ClusterLogWriter,
  EVENTS_MAX,
  readClusterLog,
} from "../../../cluster/coordination/cluster-log.ts";
import type { ZooKeeperClient } from "../../../cluster/zookeeper/client.ts";
import { ACL, type Controller, MapWorld } from "./map-world.ts";

let world: MapWorld;
let controller: Controller;
let writer: ClusterLogWriter;
beforeEach(async () => {
  world = await MapWorld.start();
  controller = await world.controller();
  writer = writerOf(controller);
});

function writerOf({ client, election }: Controller): ClusterLogWriter {
  const check = present(election.check(), "it leads");
  return new ClusterLogWriter({ client, check, acl: ACL, log: world.log });
}

function say(text: string, to = writer): void {
  to.append({ wallMs: 1, level: "info", text });
}

async function sayMany(count: number, first = 1): Promise<void> {
  for (let index = 0; index < count; index++) {
    say(`event ${first + index}`);
    if (index % 150 === 149) await world.until(writer.flushed());
  }
  await world.until(writer.flushed());
}

async function newest(count: number, client: ZooKeeperClient = world.tree()): Promise<string[]> {
  const events = await world.until(readClusterLog(client, count));
  return events.map(({ number, text }) => `${number} ${text}`);
}

describe("the cluster log", () => {
  test("has what was appended, in order, several in a node", async () => {
    expect(await newest(5)).toEqual([]);
    say("a");
    say("b");
    await world.until(writer.flushed());
    say("c");
    await world.until(writer.flushed());
    expect(world.server.children("/kelp/event")).toEqual(["1.2", "3.1"]);
    expect(world.server.nodes.get("/kelp/event/1.2")?.acl).toEqual(ACL);
    expect(await newest(5)).toEqual(["1 a", "2 b", "3 c"]);
    expect(await newest(2)).toEqual(["2 b", "3 c"]);
  });

  test("keeps a thousand, the newest", async () => {
    await sayMany(2_350);
    const all = await newest(10_000);
    expect(all.length).toBeLessThanOrEqual(EVENTS_MAX);
    expect(all.length).toBeGreaterThan(EVENTS_MAX - 100);
    expect(all.at(-1)).toBe("2350 event 2350");
    expect(all[0]).toBe(`${2351 - all.length} event ${2351 - all.length}`);
  });

  test.each(["losesRequest", "losesReply"] as const)(
    "has each event once although a connection %s",
    async (loses) => {
      let left = 3;
      world.server[loses] = ({ op }) => op === "multi" && left-- > 0;
      for (const text of ["a", "b", "c"]) {
        say(text);
        await world.until(writer.flushed());
      }
      expect(await newest(9)).toEqual(["1 a", "2 b", "3 c"]);
    },
  );

  test("is not written by one that was deposed, and goes on with the next", async () => {
    say("a");
    await world.until(writer.flushed());
    await world.depose(controller);
    const second = await world.controller();
    say("late");
    await world.until(writer.flushed());
    const next = writerOf(second);
    say("b", next);
    await world.until(next.flushed());
    expect(await newest(9)).toEqual(["1 a", "2 b"]);
  });

  test("drops the oldest of what comes too fast, and says so", async () => {
    world.gateOf(controller.client).close();
    for (let index = 1; index <= EVENTS_MAX + 250; index++) say(`event ${index}`);
    world.gateOf(controller.client).open();
    await world.until(writer.flushed());
    expect((await newest(1))[0]).toMatch(/event 1250$/);
    expect(world.logged).toContainEqual(expect.stringMatching(/^warn: \d+ events came too fast/));
  });

  test("loses nothing that came while it wrote, nor what comes right after", async () => {
    say("a");
    await Promise.resolve();
    await Promise.resolve();
    world.gateOf(controller.client).close();
    for (let index = 1; index <= EVENTS_MAX; index++) say(`event ${index}`);
    world.gateOf(controller.client).open();
    const written = writer.flushed().then(() => {
      say("last");
    });
    await world.until(written);
    await world.until(writer.flushed());
    const texts = (await newest(9_999)).map((line) => line.replace(/^\d+ /, ""));
    expect(texts.at(-1)).toBe("last");
    expect(texts.slice(-EVENTS_MAX + 100, -1)).toEqual(
      Array.from({ length: EVENTS_MAX - 101 }, (_, index) => `event ${index + 102}`),
    );
  });

  test("takes a time with fractions", async () => {
    writer.append({ wallMs: 1.5, level: "warn", text: "a" });
    await world.until(writer.flushed());
    expect(await newest(1)).toEqual(["1 a"]);
  });

  test("cuts a long text, and no character in half", async () => {
    say(`${"x".repeat(499)}\u{1F600}`);
    await world.until(writer.flushed());
    const [event] = await world.until(readClusterLog(world.tree(), 1));
    expect(event?.text).toBe(`${"x".repeat(499)}\ufffd`);
  });

  test("goes on when somebody has been at its nodes", async () => {
    await sayMany(1_000);
    world.server.change("/kelp/event/1.100", undefined);
    const oldest = present(world.server.children("/kelp/event")[0], "a node");
    world.server.change(`/kelp/event/${oldest}`, undefined);
    world.server.change("/kelp/event/foreign", utf8("x"));
    await sayMany(300, 1_001);
    expect((await newest(1))[0]).toBe("1300 event 1300");
  });

  test("leaves out what cannot be read", async () => {
    say("a");
    await world.until(writer.flushed());
    say("b");
    await world.until(writer.flushed());
    world.server.change("/kelp/event/1.1", utf8("?"));
    expect(await newest(9)).toEqual(["2 b"]);
  });
});

describe("a follower", () => {
  function follow(from?: number): {
    told: string[];
    client: ZooKeeperClient;
    follower: ClusterLogFollower;
  } {
    const told: string[] = [];
    const client = world.tree();
    const follower = new ClusterLogFollower({
      client,
      ...(from === undefined ? {} : { from }),
      onEvents: (events) => told.push(...events.map(({ number, text }) => `${number} ${text}`)),
      onFailure: (error) => told.push(String(error)),
    });
    return { told, client, follower };
  }

  test("is told what happens from now on, once and in order", async () => {
    await sayMany(3);
    const { told, follower } = follow();
    await world.pass(100);
    await sayMany(250, 4);
    await world.untilTrue(() => told.length === 250);
    expect(told[0]).toBe("4 event 4");
    expect(told.at(-1)).toBe("253 event 253");
    await world.until(follower.stop());
    await sayMany(1, 254);
    await world.pass(100);
    expect(told).toHaveLength(250);
  });

  test("is told from a number on, also within a node", async () => {
    await sayMany(5);
    const { told } = follow(4);
    await world.untilTrue(() => told.length === 2);
    expect(told).toEqual(["4 event 4", "5 event 5"]);
  });

  test("misses nothing while it is cut off or its session expires", async () => {
    const { told, client } = follow(1);
    await sayMany(1);
    await world.untilTrue(() => told.length === 1);
    world.gateOf(client).close();
    await sayMany(2, 2);
    world.server.expire(client.sessionId);
    world.gateOf(client).open();
    await world.untilTrue(() => told.length === 3);
    expect(told).toEqual(["1 event 1", "2 event 2", "3 event 3"]);
  });
});
