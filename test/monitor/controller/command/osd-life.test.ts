import { describe, expect, test } from "vitest";
import { epoch, osdId } from "../../../../cluster/base/ids.ts";
import { FULL_SHARE, NEW_OSD, type OsdInfo } from "../../../../cluster/map/osd-info.ts";
import type { OsdMap } from "../../../../cluster/map/osd-map.ts";
import { pgTable } from "../../../../cluster/map/pg-table.ts";
import type { Command } from "../../../../cluster/message/command.ts";
import { OSD_ID_MAX } from "../../../../monitor/controller/command/osd-life.ts";
import { published } from "../../../cluster/map/osd-map-world.ts";
import { already, cleanReports, done, MAP, osds, pg, refusal } from "./desk.ts";

const osd = osdId(3);
const info = (map: OsdMap, id = osd) => map.osds.get(id) as OsdInfo;
const UUID = "00000000-0000-4000-8000-aaaaaaaaaaaa";

/** osd.3 is down, in a map that was published. */
const DOWN = published(MAP, done(MAP, { type: "osdDown", osds: [osd] }).map);
const ENDS = ["osdDestroy", "osdPurge", "osdLost"] as const;
const end = (type: (typeof ENDS)[number], confirm = true): Command => ({ type, osd, confirm });

describe("a new OSD", () => {
  test("gets the lowest free id, is out and has no place yet", () => {
    const made = done(MAP, { type: "osdNew", uuid: UUID });
    expect(made).toMatchObject({ what: "add osd.8", reply: { osd: 8 } });
    expect(info(made.map, osdId(8))).toEqual({ ...NEW_OSD, uuid: UUID });
    expect(made.map.shares.get(osdId(8))).toEqual({ ...FULL_SHARE, weight: 0 });
    expect(made.map.crush).toBe(MAP.crush);
  });

  test("gets the same id when it asks again", () => {
    const made = done(MAP, { type: "osdNew", uuid: UUID });
    for (const asked of [{}, { osd: osdId(8) }]) {
      expect(already(made.map, { type: "osdNew", uuid: UUID, ...asked })).toBe(
        `osd.8 has the uuid ${UUID} already`,
      );
    }
    expect(refusal(made.map, { type: "osdNew", uuid: UUID, osd: osdId(9) })).toEqual({
      code: "MISMATCH",
      message: `the store with the uuid ${UUID} is osd.8, not osd.9`,
    });
  });

  test("gets the id that it asks for, unless another store has it", () => {
    const made = done(MAP, { type: "osdNew", uuid: UUID, osd: osdId(20) });
    expect(made.reply).toEqual({ osd: 20 });
    expect(done(made.map, { type: "osdNew", uuid: "b" }).reply).toEqual({ osd: 8 });
    expect(refusal(MAP, { type: "osdNew", uuid: UUID, osd })).toEqual({
      code: "EXISTS",
      message: "osd.3 belongs to another store; destroy it first",
    });
  });

  test("needs a uuid, and an id within bounds", () => {
    for (const uuid of ["", " ", "x".repeat(65), "a/b"]) {
      expect(refusal(MAP, { type: "osdNew", uuid }).code).toBe("INVALID");
    }
    expect(refusal(MAP, { type: "osdNew", uuid: UUID, osd: osdId(OSD_ID_MAX + 1) }).message).toBe(
      `the ids of OSDs are from 0 to ${OSD_ID_MAX}, not ${OSD_ID_MAX + 1}`,
    );
  });
});

describe("what cannot be undone", () => {
  test("needs an OSD that is down, and was when the last epoch was published", () => {
    for (const type of ENDS) {
      expect(refusal(MAP, end(type))).toMatchObject({ code: "IN_USE" });
      expect(refusal(MAP, end(type)).message).toContain("osd.3 is up; it must be down to be");
      const goesDown = done(MAP, { type: "osdDown", osds: [osd] }).map;
      expect(refusal(goesDown, end(type))).toEqual({
        code: "LATER",
        message: "osd.3 goes down in the epoch that is being made; ask again",
      });
      expect(refusal(MAP, { type, osd: osdId(50), confirm: true }).code).toBe("NOT_FOUND");
    }
  });

  test("needs a confirmation, and says before whether data depends on the OSD", () => {
    const flag = "; add --yes-i-really-mean-it if that is meant";
    for (const type of ENDS) expect(refusal(DOWN, end(type, false)).code).toBe("UNCONFIRMED");
    expect(refusal(DOWN, end("osdDestroy", false)).message).toBe(
      "osd.3 would be destroyed, which cannot be undone; " +
        `this is not safe: of 12 of 12 PGs nothing is known yet${flag}`,
    );
    const out = done(DOWN, { type: "osdOut", osds: [osd] }).map;
    const stats = { reports: () => cleanReports(out) };
    expect(refusal(out, end("osdPurge", false), { stats }).message).toBe(
      `osd.3 would be purged, which cannot be undone; no data depends on it${flag}`,
    );
  });
});

describe("a destroyed OSD", () => {
  const { map: destroyed, what } = done(DOWN, end("osdDestroy"));

  test("keeps its id, its place and its weight, but has no store", () => {
    expect(what).toBe("destroy osd.3");
    expect(info(destroyed)).toMatchObject({ destroyed: true, uuid: "", born: 0, address: "" });
    expect(info(destroyed).downAt).toBe(info(DOWN).downAt);
    expect(destroyed.shares).toEqual(DOWN.shares);
    expect(destroyed.crush).toBe(DOWN.crush);
    expect(already(destroyed, end("osdDestroy"))).toBe("osd.3 is destroyed already");
  });

  test("leaves its id to another store that asks for it", () => {
    const { map } = done(destroyed, { type: "osdNew", uuid: UUID, osd });
    expect(info(map)).toMatchObject({ destroyed: false, uuid: UUID, born: 0, up: false });
    expect(done(destroyed, { type: "osdNew", uuid: UUID }).reply).toEqual({ osd: 8 });
  });
});

describe("a purged OSD", () => {
  test("is in no part of the map any more", () => {
    const upmaps: OsdMap = {
      ...DOWN,
      pgUpmap: pgTable([[pg(1, 0), osds(3, 4, 6)]]),
      pgUpmapItems: pgTable([
        [pg(1, 1), [{ from: osdId(0), to: osdId(3) }]],
        [
          pg(1, 2),
          [
            { from: osdId(3), to: osdId(1) },
            { from: osdId(4), to: osdId(6) },
          ],
        ],
      ]),
    };
    const { map } = done(upmaps, end("osdPurge"));
    expect(map.osds.has(osd)).toBe(false);
    expect(map.shares.has(osd)).toBe(false);
    expect(map.crush.itemNames.has(osd)).toBe(false);
    expect(map.crush.buckets.some((bucket) => bucket?.items.includes(osd))).toBe(false);
    expect(map.pgUpmap).toEqual(pgTable());
    expect(map.pgUpmapItems).toEqual(pgTable([[pg(1, 2), [{ from: osdId(4), to: osdId(6) }]]]));
    expect(refusal(map, end("osdPurge")).code).toBe("NOT_FOUND");
    expect(done(map, { type: "osdNew", uuid: UUID }).reply).toEqual({ osd: 3 });
  });

  test("need not have had a place", () => {
    const made = published(MAP, done(MAP, { type: "osdNew", uuid: UUID }).map);
    const { map } = done(made, { type: "osdPurge", osd: osdId(8), confirm: true });
    expect(map.osds).toEqual(MAP.osds);
  });
});

describe("a lost OSD", () => {
  test("has lost what it had until it went down", () => {
    const { map, what } = done(DOWN, end("osdLost"));
    expect(what).toBe("give osd.3 up as lost");
    expect(info(map)).toEqual({ ...info(DOWN), lostAt: info(DOWN).downAt });
    expect(info(DOWN).downAt).toBe(epoch(2));
    expect(already(map, end("osdLost"))).toBe("osd.3 is lost already");
  });

  test("must have been up once", () => {
    const made = published(MAP, done(MAP, { type: "osdNew", uuid: UUID }).map);
    expect(refusal(made, { type: "osdLost", osd: osdId(8), confirm: true })).toEqual({
      code: "INVALID",
      message: "osd.8 was never up, so it has nothing to lose",
    });
  });
});
