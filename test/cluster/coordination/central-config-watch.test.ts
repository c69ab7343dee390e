import fc from "fast-check";
import { beforeEach, describe, expect, test } from "vitest";
import { utf8 } from "../../../cluster/base/bytes.ts";
import { peerName } from "../../../cluster/base/ids.ts";
import { setCentral } from "../../../cluster/coordination/central-config.ts";
import {
  CentralConfigWatch,
  LevelMerge,
} from "../../../cluster/coordination/central-config-watch.ts";
import { type Config, defineConfig, loadConfig } from "../../../cluster/runtime/config.ts";
import { duration, integer } from "../../../cluster/runtime/config-value.ts";
import type { ZooKeeperClient } from "../../../cluster/zookeeper/client.ts";
import { MapWorld } from "./map-world.ts";

const TABLE = defineConfig({
  grace: duration({ about: "a", default: "5s", min: "1s", runtime: true }),
  maxBackfills: integer({ about: "a", default: 1, runtime: true }),
  cacheSize: integer({ about: "a", default: 1 }),
});
const OTHERS = defineConfig({ streams: integer({ about: "a", default: 1 }) });

let world: MapWorld;
let client: ZooKeeperClient;
let config: Config<typeof TABLE>;
let updates: string[];
let watch: CentralConfigWatch<typeof TABLE>;
beforeEach(async () => {
  world = await MapWorld.start();
  client = world.tree();
  config = loadConfig(TABLE, {});
  updates = [];
  const info = (message: string): number => world.logged.push(`info: ${message}`);
  watch = new CentralConfigWatch({
    client: world.tree(),
    daemon: peerName("osd.3"),
    table: TABLE,
    config,
    log: { ...world.log, info },
    onUpdate: ({ changes }) =>
      updates.push(changes.map(({ name, to }) => `${name}=${to}`).join(" ")),
    onFailure: (error) => updates.push(String(error)),
  });
  await world.untilTrue(() => updates.length > 0);
});

const set = (who: string, name: string, text: string): Promise<void> =>
  world.until(setCentral(client, { osd: TABLE, gateway: OTHERS }, { who, name, text }));
const write = (who: string, name: string, text: string): void => {
  if (!world.server.nodes.has(`/kelp/config/${who}`))
    world.server.change(`/kelp/config/${who}`, utf8(""));
  world.server.change(`/kelp/config/${who}/${name}`, utf8(text));
};

describe("a daemon", () => {
  test("takes a change of what concerns it without a restart, the narrowest of all", async () => {
    const graces: number[] = [];
    config.onChange("grace", (graceMs) => graces.push(graceMs));
    await set("global", "grace", "6s");
    await world.untilTrue(() => graces.length === 1);
    await set("osd.3", "grace", "8s");
    await world.untilTrue(() => graces.length === 2);
    await set("osd", "grace", "7s");
    await set("osd.4", "grace", "9s");
    await world.pass(500);
    expect(graces).toEqual([6_000, 8_000]);
    world.server.change("/kelp/config/osd.3/grace", undefined);
    await world.untilTrue(() => graces.length === 3);
    world.server.change("/kelp/config/osd/grace", undefined);
    world.server.change("/kelp/config/global/grace", undefined);
    await world.untilTrue(() => config.get("grace") === 5_000);
    expect(graces.slice(0, 3)).toEqual([6_000, 8_000, 7_000]);
  });

  test("keeps what it had instead of what its table refuses, and its log says so", async () => {
    write("osd", "grace", "6s");
    await world.untilTrue(() => config.get("grace") === 6_000);
    world.logged.length = 0;
    write("osd", "grace", "fast");
    write("osd", "max-backfills", "3");
    await world.untilTrue(() => config.get("maxBackfills") === 3);
    expect(config.get("grace")).toBe(6_000);
    expect(world.logged).toContain(
      'warn: ignored in the central configuration of osd: central configuration, grace: grace is "fast", ' +
        'expected a duration such as "250ms" or "10m", at least 1s',
    );
    expect(world.logged).toContain("info: max-backfills = 3 (was 1)");
  });

  test("says the same about an entry once", async () => {
    write("osd", "grace", "fast");
    await world.untilTrue(() => world.logged.length > 0);
    write("osd", "max-backfills", "3");
    await world.untilTrue(() => config.get("maxBackfills") === 3);
    expect(world.logged.filter((line) => line.startsWith("warn"))).toHaveLength(1);
  });

  test("does not mind what is meant for others", async () => {
    await set("global", "streams", "4");
    await set("osd", "max-backfills", "2");
    await world.untilTrue(() => config.get("maxBackfills") === 2);
    expect(world.logged.filter((line) => line.startsWith("warn"))).toEqual([]);
  });

  test("is told what waits for a restart", async () => {
    await set("osd", "cache-size", "9");
    await world.untilTrue(() => updates.includes("cache-size=9"));
    expect(config.get("cacheSize")).toBe(1);
    expect(world.logged).toContain("info: cache-size = 9 (was 1) takes effect after a restart");
  });

  test("follows in a new session, and no more once it is stopped", async () => {
    await world.until(client.connected());
    for (const id of world.server.sessionIds) if (id !== client.sessionId) world.server.expire(id);
    await set("osd", "grace", "6s");
    await world.untilTrue(() => config.get("grace") === 6_000);
    await world.until(watch.stop());
    await set("osd", "grace", "7s");
    await world.pass(1000);
    expect(config.get("grace")).toBe(6_000);
  });
});

test("levels merge as one list of all that was accepted would, the last one counting", () => {
  const texts = fc.dictionary(fc.constantFrom("a", "b", "c"), fc.constantFrom("1", "2", "bad"));
  const updatesOf = fc.array(fc.tuple(fc.nat({ max: 2 }), texts), { maxLength: 12 });
  fc.assert(
    fc.property(updatesOf, (all) => {
      const merge = new LevelMerge(3, (_, text) => (text === "bad" ? "no" : undefined));
      const twin: Record<string, string>[] = [{}, {}, {}];
      for (const [level, wanted] of all) {
        const problems = merge.update(level, new Map(Object.entries(wanted)));
        expect(problems).toHaveLength(
          Object.values(wanted).filter((text) => text === "bad").length,
        );
        const before = twin[level] ?? {};
        const now: Record<string, string> = {};
        for (const [name, text] of Object.entries(wanted)) {
          if (text !== "bad") now[name] = text;
          else if (before[name] !== undefined) now[name] = before[name];
        }
        twin[level] = now;
        expect(merge.merged).toEqual({ ...twin[0], ...twin[1], ...twin[2] });
      }
    }),
  );
});
