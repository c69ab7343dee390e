import { describe, expect, test } from "vitest";
import { epoch, type OsdId, osdId } from "../../../../cluster/base/ids.ts";
import type { OsdInfo } from "../../../../cluster/map/osd-info.ts";
import type { OsdMap } from "../../../../cluster/map/osd-map.ts";
import type { Command } from "../../../../cluster/message/command.ts";
import { already, done, MAP, osds, refusal } from "./desk.ts";

const ONE = 0x10000;
const ids: OsdId[] = osds(3);
const [osd] = osds(3) as [OsdId];

function withInfo(map: OsdMap, changes: Partial<OsdInfo>): OsdMap {
  const info = map.osds.get(osd) as OsdInfo;
  return { ...map, osds: new Map(map.osds).set(osd, { ...info, ...changes }) };
}

const share = (map: OsdMap) => map.shares.get(osd);
const info = (map: OsdMap) => map.osds.get(osd);

describe("a mark", () => {
  test("is made once, and then is there already", () => {
    const cases: [Command, string, string][] = [
      [{ type: "osdOut", osds: ids }, "mark osd.3 out", "osd.3 is out already"],
      [{ type: "osdDown", osds: ids }, "mark osd.3 down", "osd.3 is down already"],
      [
        { type: "osdReweight", osd, weight: 0.5 },
        "reweight osd.3 to 0.5",
        "osd.3 is of weight 0.5 already",
      ],
      [
        { type: "osdPrimaryAffinity", osd, affinity: 0 },
        "set the primary affinity of osd.3 to 0",
        "osd.3 is of primary affinity 0 already",
      ],
    ];
    for (const [command, what, again] of cases) {
      const marked = done(MAP, command);
      expect(marked.what).toBe(what);
      expect(marked.map).not.toBe(MAP);
      expect(already(marked.map, command)).toBe(again);
    }
    expect(already(MAP, { type: "osdIn", osds: osds(3, 4) })).toBe("osd.3, osd.4 are in already");
  });

  test("is of all OSDs that are named, or of none", () => {
    const { map, what } = done(MAP, { type: "osdOut", osds: osds(1, 2, 1) });
    expect(what).toBe("mark osd.1, osd.2 out");
    expect([...map.shares].filter(([, { weight }]) => weight === 0).map(([id]) => id)).toEqual([
      1, 2,
    ]);
    expect(refusal(MAP, { type: "osdOut", osds: osds(1, 77) })).toEqual({
      code: "NOT_FOUND",
      message: "there is no osd.77; OSDs: osd.0, osd.1, osd.2, osd.3, osd.4, osd.5, osd.6, osd.7",
    });
    expect(refusal(MAP, { type: "osdOut", osds: [] }).message).toBe("no OSD is named");
  });

  test("of down is a fact of the epoch that is being made, and keeps the nonce", () => {
    const { map } = done(MAP, { type: "osdDown", osds: ids });
    expect(info(map)).toEqual({ ...info(MAP), up: false, downAt: epoch(MAP.epoch + 1) });
    expect(map.shares).toEqual(MAP.shares);
  });

  test("of down waits while the OSD comes up in the epoch that is being made", () => {
    const booting = withInfo(MAP, { upFrom: epoch(MAP.epoch + 1) });
    expect(refusal(booting, { type: "osdDown", osds: ids })).toEqual({
      code: "LATER",
      message: "osd.3 comes up in the epoch that is being made; ask again",
    });
  });
});

describe("the weight of an OSD", () => {
  test("that was marked out for being down comes back when an operator marks it in", () => {
    const out = done(MAP, { type: "osdOut", osds: ids }).map;
    const kept = withInfo(out, { weightBeforeOut: ONE / 4 });
    const { map } = done(kept, { type: "osdIn", osds: ids });
    expect(share(map)?.weight).toBe(ONE / 4);
    expect(info(map)?.weightBeforeOut).toBeUndefined();
  });

  test("is all of it when it was an operator who marked it out", () => {
    const out = done(MAP, { type: "osdOut", osds: ids }).map;
    expect(share(done(out, { type: "osdIn", osds: ids }).map)?.weight).toBe(ONE);
  });

  test("is the operator's from then on, so that a boot does not change it", () => {
    const waits = withInfo(done(MAP, { type: "osdOut", osds: ids }).map, {
      weightBeforeOut: ONE,
      isNew: true,
    });
    const { map } = done(waits, { type: "osdOut", osds: ids });
    expect(info(map)).toMatchObject({ weightBeforeOut: undefined, isNew: false });
    expect(share(map)?.weight).toBe(0);
  });

  test("is cut off to 16 binary digits as Ceph does", () => {
    const weighs = (weight: number) =>
      share(done(MAP, { type: "osdReweight", osd, weight }).map)?.weight;
    expect([0, 0.3, 0.99999, 0.5].map(weighs)).toEqual([0, 19660, 65535, 32768]);
  });

  test("and its affinity are from 0 to 1", () => {
    for (const value of [-0.1, 1.01, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(refusal(MAP, { type: "osdReweight", osd, weight: value })).toEqual({
        code: "INVALID",
        message: `a weight is from 0 to 1, not ${value}`,
      });
      const affinity = refusal(MAP, { type: "osdPrimaryAffinity", osd, affinity: value });
      expect(affinity.message).toBe(`a primary affinity is from 0 to 1, not ${value}`);
    }
    expect(refusal(MAP, { type: "osdReweight", osd: osdId(99), weight: 1 }).code).toBe("NOT_FOUND");
  });
});
