import { describe, expect, test } from "vitest";
import { type OsdId, osdId } from "../../../cluster/base/ids.ts";
import {
  burstCount,
  createPresence,
  noteBursts,
  notePresence,
  type Presence,
} from "../../../monitor/controller/presence.ts";

const OSD = osdId(0);

function listed(registered: readonly (readonly [OsdId, number])[] = []): Presence {
  return { ...createPresence(), isListed: true, registered: new Map(registered) };
}

describe("an OSD is absent", () => {
  const cases: readonly (readonly [string, number | undefined, number | undefined, boolean])[] = [
    ["not while the process that is up is registered", 7, 7, false],
    ["if nobody is registered", undefined, 7, true],
    ["if another process is", 8, 7, true],
    ["not if it is down", undefined, undefined, false],
  ];
  for (const [name, registered, upNonce, isAbsent] of cases) {
    test(name, () => {
      const presence = listed(registered === undefined ? [] : [[OSD, registered]]);
      notePresence(presence, OSD, upNonce, 100);
      expect(presence.absences.has(OSD)).toBe(isAbsent);
      expect([...presence.losses.keys()]).toEqual(isAbsent ? [OSD] : []);
    });
  }

  test("since it was first missed, and no more when it is back", () => {
    const presence = listed();
    notePresence(presence, OSD, 7, 100);
    notePresence(presence, OSD, 7, 900);
    expect(presence.absences.get(OSD)).toEqual({ sinceMs: 100, isInBurst: false });
    presence.registered.set(OSD, 7);
    notePresence(presence, OSD, 7, 1_000);
    expect(presence.absences.size).toBe(0);
  });

  test("not before the registrations are known", () => {
    const presence = createPresence();
    notePresence(presence, OSD, 7, 100);
    expect(presence.absences.size).toBe(0);
  });
});

describe("losses are a burst", () => {
  /** Of `upCount` OSDs that were up, `lost` lose their sessions, `stepMs` apart; how many are in a burst. */
  const burstOf = (lost: number, upCount: number, stepMs = 0, isUp = true): number => {
    const presence = listed();
    for (let osd = 0; osd < lost; osd += 1) {
      const nowMs = 1_000 + osd * stepMs;
      notePresence(presence, osdId(osd), 7, nowMs);
      noteBursts(presence, { upCount, isUp: () => isUp }, nowMs);
    }
    return burstCount(presence);
  };
  const cases: readonly (readonly [number, number, number])[] = [
    [2, 2, 0],
    [3, 3, 3],
    [3, 11, 3],
    [3, 12, 0],
    [4, 12, 4],
    [4, 16, 0],
    [5, 16, 5],
  ];
  for (const [lost, upCount, expected] of cases) {
    test(`${lost} of ${upCount}: ${expected}`, () => expect(burstOf(lost, upCount)).toBe(expected));
  }

  test("within the window", () => {
    expect(burstOf(4, 12, 3_333)).toBe(4);
    expect(burstOf(4, 12, 3_334)).toBe(0);
  });

  test("of those that were up, also if they are down by now", () => {
    expect(burstOf(4, 11, 0, false)).toBe(4);
    expect(burstOf(4, 12, 0, false)).toBe(0);
  });

  test("and stay one for as long as they last", () => {
    const presence = listed();
    const options = { upCount: 4, isUp: () => true };
    for (const osd of [0, 1, 2]) notePresence(presence, osdId(osd), 7, 0);
    noteBursts(presence, options, 0);
    noteBursts(presence, options, 1_000_000);
    expect(burstCount(presence)).toBe(3);
    expect(presence.losses.size).toBe(0);
  });
});
