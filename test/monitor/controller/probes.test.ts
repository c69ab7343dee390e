import { describe, expect, test } from "vitest";
import { type OsdId, osdId } from "../../../cluster/base/ids.ts";
import {
  askDue,
  findingOf,
  OPEN_PROBES_MAX,
  type ProbeResult,
  type Probes,
  takeResult,
} from "../../../monitor/controller/probes.ts";

const OSD = osdId(0);
const only = new Set([OSD]);

function suspects(count: number): Set<OsdId> {
  return new Set(Array.from({ length: count }, (_, osd) => osdId(osd)));
}

describe("after questions a second apart and their results, the finding is", () => {
  const silentFor = (forMs: number) => ({ type: "silent", forMs });
  const cases: readonly (readonly [readonly ProbeResult[], object | undefined])[] = [
    [[], undefined],
    [["answered"], undefined],
    [["refused"], { type: "refused" }],
    [["silent"], silentFor(1_000)],
    [["silent", "silent", "silent"], silentFor(3_000)],
    [["silent", "answered"], undefined],
    [["silent", "answered", "silent"], silentFor(1_000)],
    [["refused", "answered"], undefined],
    [["refused", "silent"], silentFor(1_000)],
    [["silent", "refused"], { type: "refused" }],
  ];
  for (const [results, expected] of cases) {
    test(`${results.join(", ") || "none"}: ${JSON.stringify(expected)}`, () => {
      const probes: Probes = new Map();
      let nowMs = 0;
      for (const result of results) {
        expect(askDue(probes, only, nowMs)).toEqual([OSD]);
        expect(takeResult(probes, OSD, result)).toBe(true);
        nowMs += 1_000;
      }
      expect(findingOf(probes, OSD, nowMs)).toEqual(expected);
    });
  }
});

test("an open question is not asked again before it must be lost", () => {
  const probes: Probes = new Map();
  askDue(probes, only, 0);
  expect(askDue(probes, only, 14_999)).toEqual([]);
  expect(askDue(probes, only, 15_000)).toEqual([OSD]);
});

test("a result that nobody waits for counts for nothing", () => {
  const probes: Probes = new Map();
  expect(takeResult(probes, OSD, "refused")).toBe(false);
  askDue(probes, only, 0);
  takeResult(probes, OSD, "answered");
  expect(takeResult(probes, OSD, "refused")).toBe(false);
  expect(findingOf(probes, OSD, 0)).toBe(undefined);
});

test("who is suspect no more is forgotten", () => {
  const probes: Probes = new Map();
  askDue(probes, only, 0);
  takeResult(probes, OSD, "refused");
  askDue(probes, new Set(), 100);
  expect(findingOf(probes, OSD, 100)).toBe(undefined);
});

test("so many are open at most, and the others have their turn first", () => {
  const probes: Probes = new Map();
  const all = suspects(OPEN_PROBES_MAX + 2);
  const first = askDue(probes, all, 0);
  expect(first).toHaveLength(OPEN_PROBES_MAX);
  expect(askDue(probes, all, 1_000)).toEqual([]);
  for (const osd of first) takeResult(probes, osd, "silent");
  const second = askDue(probes, all, 1_000);
  expect(second.slice(0, 2)).toEqual([OPEN_PROBES_MAX, OPEN_PROBES_MAX + 1]);
  expect(second).toHaveLength(OPEN_PROBES_MAX);
});
