import { beforeEach, describe, expect, test } from "vitest";
import { peerName } from "../../../cluster/base/ids.ts";
import {
  type CentralEntry,
  checkEntry,
  levelsOf,
  listCentral,
  removeCentral,
  setCentral,
} from "../../../cluster/coordination/central-config.ts";
import { defineConfig } from "../../../cluster/runtime/config.ts";
import { duration, integer, secret } from "../../../cluster/runtime/config-value.ts";
import type { ZooKeeperClient } from "../../../cluster/zookeeper/client.ts";
import { ACL, MapWorld } from "./map-world.ts";

const TABLES = {
  osd: defineConfig({
    grace: duration({ about: "a", default: "5s", min: "1s", runtime: true }),
    maxBackfills: integer({ about: "a", default: 1, runtime: true }),
    apiToken: secret({ about: "a" }),
  }),
  gateway: defineConfig({
    grace: duration({ about: "a", default: "5s", max: "1m", runtime: true }),
    streams: integer({ about: "a", default: 1 }),
  }),
};

let world: MapWorld;
let client: ZooKeeperClient;
beforeEach(async () => {
  world = await MapWorld.start();
  client = world.tree();
});

const entry = (line: string): CentralEntry => {
  const [who = "", name = "", text = ""] = line.split(" ");
  return { who, name, text };
};
const set = (line: string): Promise<void> => world.until(setCentral(client, TABLES, entry(line)));
const listed = async (of?: string): Promise<string[]> => {
  const entries = await world.until(listCentral(client, of));
  return entries.map(({ who, name, text }) => `${who} ${name} ${text}`);
};

test("a daemon goes by what all, its kind and itself were told", () => {
  expect(levelsOf(peerName("osd.3"))).toEqual(["global", "osd", "osd.3"]);
});

describe("an entry", () => {
  test.each([
    "global grace 30s",
    "osd grace 2s",
    "osd.3 max-backfills 4",
    "gateway.a streams 4",
    "global streams 4",
    "global max-backfills 4",
  ])("%s is one", (line) => {
    checkEntry(TABLES, entry(line));
  });

  test.each([
    ["osd grace 10", /grace is "10", expected a duration/],
    ["osd.3 grace 0s", /at least 1s/],
    ["gateway grace 2m", /at most 1m/],
    // Of each kind that knows it the bounds count.
    ["global grace 2m", /at most 1m/],
    ["global grace 1ms", /at least 1s/],
    ["gateway max-backfills 4", /no setting "max-backfills"/],
    ["global max-backfils 4", /did you mean max-backfills\?/],
    ["osd api-token hunter2", /read by every daemon/],
    ["mds grace 5s", /"mds" is nobody who can be configured; write global, osd, gateway or/],
    ["mds.0 grace 5s", /nobody/],
    ["osd. grace 5s", /nobody/],
    ["../osd grace 5s", /nobody/],
    ["osd toString 5s", /no setting "toString"/],
    ["constructor grace 5s", /nobody/],
  ])("%s is refused", (line, message) => {
    expect(() => checkEntry(TABLES, entry(line))).toThrow(message);
  });

  test("that is refused changes nothing", async () => {
    const { zxid } = world.server;
    await expect(set("osd grace 10")).rejects.toMatchObject({ code: "CONFIG_INVALID" });
    expect(world.server.zxid).toBe(zxid);
  });
});

describe("the central configuration", () => {
  test("has what was set last, until it is removed", async () => {
    expect(await listed()).toEqual([]);
    await set("osd grace 7s");
    await set("osd.3 grace 8s");
    await set("osd grace 9s");
    await set("global streams 3");
    expect(await listed()).toEqual(["global streams 3", "osd grace 9s", "osd.3 grace 8s"]);
    expect(await listed("osd")).toEqual(["osd grace 9s"]);
    expect(world.server.nodes.get("/kelp/config/osd.3/grace")?.acl).toEqual(ACL);
    expect(await world.until(removeCentral(client, entry("osd grace")))).toBe(true);
    expect(await world.until(removeCentral(client, entry("osd grace")))).toBe(false);
    expect(await world.until(removeCentral(client, { who: "a/b", name: "c" }))).toBe(false);
    expect(await listed()).toEqual(["global streams 3", "osd.3 grace 8s"]);
  });

  test.each(["losesRequest", "losesReply"] as const)(
    "is set although a connection %s",
    async (loses) => {
      const left = new Map([
        ["create2", 2],
        ["setData", 1],
      ]);
      world.server[loses] = ({ op }) => {
        const count = left.get(op) ?? 0;
        left.set(op, count - 1);
        return count > 0;
      };
      await set("osd grace 7s");
      await set("osd grace 8s");
      expect(await listed()).toEqual(["osd grace 8s"]);
    },
  );
});
