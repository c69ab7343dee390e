import { expect, test } from "vitest";
import { osdId } from "../../../cluster/base/ids.ts";
import { type Graces, graceOf, lengthenGrace } from "../../../monitor/controller/grace.ts";

const OPTIONS = { heartbeatGrace: 5_000, heartbeatGraceMax: 20_000 };
const OSD = osdId(3);
const HOUR = 3_600_000;

/** Times of wrong reports, when the grace is asked for, and what it is. */
const CASES: readonly (readonly [string, readonly number[], number, number])[] = [
  ["is the usual one at first", [], 0, 5_000],
  ["is twice as long after a wrong report", [0], 0, 10_000],
  ["is four times as long after two", [0, 0], 0, 20_000],
  ["is never longer than the most", [0, 0, 0, 0], 0, 20_000],
  ["is half-way back after half an hour", [0], HOUR / 2, 7_500],
  ["is the usual one after an hour", [0], HOUR, 5_000],
  ["is never shorter than that", [0], 9 * HOUR, 5_000],
  ["takes longer from further away", [0, 0], HOUR, 15_000],
  ["doubles what is left of it", [0, HOUR / 2], HOUR / 2, 15_000],
];

for (const [name, wrongAtMs, nowMs, expected] of CASES) {
  test(`grace ${name}`, () => {
    const graces: Graces = new Map();
    for (const atMs of wrongAtMs) lengthenGrace(graces, OSD, OPTIONS, atMs);
    expect(graceOf(graces, OSD, OPTIONS, nowMs)).toBe(expected);
    expect(graceOf(graces, osdId(4), OPTIONS, nowMs)).toBe(5_000);
  });
}

test("settings that were changed since bound it", () => {
  const graces: Graces = new Map();
  lengthenGrace(graces, OSD, OPTIONS, 0);
  lengthenGrace(graces, OSD, OPTIONS, 0);
  expect(graceOf(graces, OSD, { ...OPTIONS, heartbeatGraceMax: 8_000 }, 0)).toBe(8_000);
  expect(
    graceOf(graces, OSD, { ...OPTIONS, heartbeatGrace: 9_000, heartbeatGraceMax: 8_000 }, 0),
  ).toBe(9_000);
});
