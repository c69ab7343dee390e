import { describe, expect, test } from "vitest";
import { type Change, changesOf } from "../../../bench/placement/change.ts";
import { type Cluster, clusterOf, WHOLE } from "../../../bench/placement/cluster.ts";
import { buildMap, RULE_ID, type Topology } from "../../../bench/placement/topology.ts";
import { setDeviceClass } from "../../../crush/builder.ts";
import { addRule } from "../../../crush/rule-builder.ts";
import { bucketOf } from "../../../crush/types.ts";
import { problemOf } from "../../../crush/validate.ts";

const TOPOLOGY: Topology = {
  racks: 2,
  hosts: 3,
  osds: 4,
  weights: "uneven",
  domain: "host",
  seed: 3,
};

function cluster(topology: Partial<Topology> = {}): Cluster {
  return clusterOf(buildMap({ ...TOPOLOGY, ...topology }), { ruleId: RULE_ID, replicas: 2 });
}

function change(changes: readonly Change[], name: string): Change {
  const found = changes.find((each) => each.name === name);
  if (found === undefined) throw new Error(`no change is called ${name}`);
  return found;
}

/** "id:weight", of devices that take data. */
function taking({ devices }: Cluster): string[] {
  return devices.filter(({ weight }) => weight > 0).map(({ id, weight }) => `${id}:${weight}`);
}

describe("changes", () => {
  const before = cluster();
  const changes = changesOf(before, 1);

  test("happen at every level of the tree, from devices up", () => {
    expect(changes.map(({ name }) => name)).toEqual(
      ["osd", "host", "rack"].flatMap((level) =>
        ["added", "removed", "marked out", "reweighted"].map((kind) => `${level} ${kind}`),
      ),
    );
  });

  test("do not happen to what is the only one of its level", () => {
    const levels = changesOf(cluster({ racks: 1, hosts: 2 }), 1).map(({ name }) => name);
    expect(levels.some((name) => name.startsWith("rack"))).toBe(false);
    expect(levels.some((name) => name.startsWith("host"))).toBe(true);
  });

  test("are decided by the seed", () => {
    const removed = (seed: number): string =>
      taking(change(changesOf(before, seed), "osd removed").apply(before)).join();
    expect(removed(4)).toBe(removed(4));
    expect(new Set([1, 2, 3, 4, 5].map(removed)).size).toBeGreaterThan(1);
  });

  test.each([
    ["osd", 1],
    ["host", 4],
    ["rack", 12],
  ])("of one %s change %d devices", (level, count) => {
    const apply = (kind: string): Cluster => change(changes, `${level} ${kind}`).apply(before);
    const old = taking(before);
    const kept = taking(apply("removed"));
    const gone = old.filter((device) => !kept.includes(device));
    expect(gone).toHaveLength(count);
    expect(taking(apply("marked out"))).toEqual(kept);

    const more = taking(apply("added"));
    expect(more.slice(0, old.length)).toEqual(old);
    expect(more.slice(old.length).map(weightOf)).toEqual(gone.map(weightOf));

    const halved = taking(apply("reweighted"));
    expect(halved.filter((device) => old.includes(device))).toEqual(kept);
    for (const device of gone) {
      expect(halved).toContain(`${device.split(":")[0]}:${weightOf(device) / 2}`);
    }
  });

  test("leave a valid map whose buckets weigh what they hold", () => {
    for (const each of changes) {
      const { map, devices, deviceWeights } = each.apply(before);
      expect(problemOf(map), each.name).toBeUndefined();
      if (each.kind === "marked out") continue;
      const held = devices.reduce((sum, { weight }) => sum + weight, 0);
      expect(bucketOf(map, idOfRoot(map.itemNames))?.weight, each.name).toBe(held);
      expect(deviceWeights.length).toBe(map.maxDevices);
      expect(deviceWeights.every((weight) => weight === WHOLE)).toBe(true);
    }
  });

  test("happen to the devices of the rule's class", () => {
    let { map } = before;
    for (let id = 0; id < 24; id++) {
      const deviceClass = id % 2 === 0 ? "ssd" : "hdd";
      map = setDeviceClass(map, { device: `osd.${id}`, deviceClass });
    }
    const names = { name: "fast", root: "default", failureDomain: "host" } as const;
    map = addRule(map, { ...names, deviceClass: "ssd", type: "replicated" });
    const fast = clusterOf(map, { ruleId: 1, replicas: 2 });
    const count = (name: string): number =>
      taking(change(changesOf(fast, 1), name).apply(fast)).length;
    expect(taking(fast)).toHaveLength(12);
    expect(count("osd removed")).toBe(11);
    expect(count("host added")).toBe(14);
    expect(count("rack marked out")).toBe(6);
  });
});

function weightOf(device: string): number {
  return Number(device.split(":")[1]);
}

function idOfRoot(names: ReadonlyMap<number, string>): number {
  return [...names].find(([, name]) => name === "default")?.[0] ?? 0;
}
