import { describe, expect, test } from "vitest";
import { osdId } from "../../../cluster/base/ids.ts";
import type { OsdInfo, OsdShare } from "../../../cluster/map/osd-info.ts";
import { type Outs, outsOf } from "../../../monitor/controller/down-out.ts";
import { osdMapWorld } from "../../cluster/map/osd-map-world.ts";
import { MembershipRun } from "./membership-run.ts";

const OPTIONS = { downOutInterval: 600_000, minInRatio: 0.75, downOutSubtreeLimit: "rack" };
const TREE = { racks: 2, hosts: 2, osds: 2 };

interface Case {
  /** By OSD, for how long in seconds. */
  readonly away: Readonly<Record<number, number>>;
  readonly osd?: (osd: number) => Partial<OsdInfo & OsdShare>;
  readonly options?: Partial<typeof OPTIONS>;
  readonly noout?: boolean;
  readonly freeForMs?: number;
  readonly out?: readonly number[];
  readonly brake?: Partial<Outs["brake"]>;
}

function outs(given: Case): Outs {
  const { away, osd = () => ({}), options, noout, freeForMs = Number.POSITIVE_INFINITY } = given;
  const map = osdMapWorld(TREE, { osd: (id) => ({ up: away[id] === undefined, ...osd(id) }) });
  const flags: typeof map.flags = new Set(noout ? ["noout" as const] : []);
  const list = Object.entries(away).map(([id, seconds]) => {
    return { osd: osdId(Number(id)), downForMs: seconds * 1_000, freeForMs };
  });
  return outsOf({ ...map, flags }, list, { ...OPTIONS, ...options });
}

const weighs = (weights: Readonly<Record<number, number>>) => (osd: number) =>
  weights[osd] === undefined ? {} : { weight: weights[osd] };

const CASES: Readonly<Record<string, Case>> = {
  "nobody before the interval": { away: { 0: 599 } },
  "one after it": { away: { 0: 600 }, out: [0] },
  "nobody if the interval is 0": { away: { 0: 9_999 }, options: { downOutInterval: 0 } },
  "nobody under noout, which is told": {
    away: { 0: 600 },
    noout: true,
    brake: { noout: [osdId(0)] },
  },
  "nobody who is out already": { away: { 0: 600 }, osd: weighs({ 0: 0 }) },
  "nobody who is destroyed": {
    away: { 0: 600 },
    osd: (id) => (id === 0 ? { destroyed: true } : {}),
  },
  "nobody who is up in the draft": { away: { 0: 600 }, osd: () => ({ up: true }) },
  "two of eight: a quarter may": { away: { 0: 600, 4: 600 }, out: [0, 4] },
  "no third of eight, and the longest away goes first": {
    away: { 0: 600, 2: 601, 4: 602 },
    out: [4, 2],
    brake: { ratio: [osdId(0)] },
  },
  "nobody where as many are out already": {
    away: { 0: 600 },
    osd: weighs({ 5: 0, 6: 0 }),
    brake: { ratio: [osdId(0)] },
  },
  "new and destroyed ids do not count": {
    away: { 0: 600, 2: 600 },
    osd: (id) => ({
      ...(id === 6 ? { isNew: true } : {}),
      ...(id === 7 ? { destroyed: true } : {}),
    }),
    out: [0],
    brake: { ratio: [osdId(2)] },
  },
  "a whole host": { away: { 0: 600, 1: 600 }, out: [0, 1] },
  "no whole rack": {
    away: { 0: 600, 1: 600, 2: 600, 3: 600 },
    options: { minInRatio: 0 },
    brake: { subtree: [0, 1, 2, 3].map(osdId) },
  },
  "no whole rack, also where only some are due": {
    away: { 0: 600, 1: 600, 2: 5, 3: 5 },
    options: { minInRatio: 0 },
    brake: { subtree: [0, 1].map(osdId) },
  },
  "no whole host if that is the limit": {
    away: { 0: 600, 1: 600, 2: 600 },
    options: { downOutSubtreeLimit: "host" },
    out: [2],
    brake: { subtree: [0, 1].map(osdId) },
  },
  "a whole rack where there is no limit": {
    away: { 0: 600, 1: 600, 2: 600, 3: 600 },
    options: { downOutSubtreeLimit: "none", minInRatio: 0 },
    out: [0, 1, 2, 3],
  },
  "nobody who was held with its rack until lately": { away: { 0: 900 }, freeForMs: 599_999 },
  "somebody who was held long ago": { away: { 0: 900 }, freeForMs: 600_000, out: [0] },
};

describe("marked out is", () => {
  for (const [name, given] of Object.entries(CASES)) {
    test(name, () => {
      const { edit, brake } = outs(given);
      const { out = [] } = given;
      expect(brake).toEqual({ noout: [], ratio: [], subtree: [], ...given.brake });
      if (out.length === 0) expect(edit).toBe(undefined);
      else {
        const names = out.map((osd) => `osd.${osd}`).join(", ");
        expect(edit?.what).toBe(`mark ${names} out: down for 10 min`);
      }
      for (const osd of out) expect(edit?.map.shares.get(osdId(osd))?.weight).toBe(0);
    });
  }

  test("with its weight kept for when it boots", () => {
    const { edit } = outs({ away: { 0: 600 }, osd: weighs({ 0: 77 }) });
    expect(edit?.map.osds.get(osdId(0))).toMatchObject({ weightBeforeOut: 77, up: false });
    expect(edit?.map.osds.get(osdId(1))?.weightBeforeOut).toBe(undefined);
  });
});

describe("over time", () => {
  test("one that is down goes out after ten minutes and comes in as it was", () => {
    const run = new MembershipRun();
    run.takeDown(0);
    run.pass(599_500);
    expect(run.out).toEqual([]);
    expect(run.pass(500)).toEqual(["mark osd.0 out: down for 10 min"]);
    expect(run.out).toEqual([0]);
    run.boot(0);
    expect(run.out).toEqual([]);
    expect(run.info(0).weightBeforeOut).toBe(undefined);
  });

  test("the rest of a rack has a whole interval from when a part of it came back", () => {
    const run = new MembershipRun();
    run.takeDown(0, 1, 2, 3);
    run.pass(700_000);
    expect(run.out).toEqual([]);
    expect(run.facts.outBrake.map(({ osd }) => osd)).toEqual([0, 1, 2, 3]);
    expect(run.facts.outBrake[0]?.why).toBe("all of its rack or of something larger is down");
    run.boot(0);
    run.pass(599_000);
    expect(run.out).toEqual([]);
    run.pass(2_000);
    expect(run.out).toEqual([1, 2, 3]);
  });

  test("under noout nobody goes out, and after it they do", () => {
    const run = new MembershipRun();
    run.setFlags("noout");
    run.takeDown(0);
    run.pass(700_000);
    expect(run.out).toEqual([]);
    run.setFlags();
    run.decide();
    expect(run.out).toEqual([0]);
  });
});
