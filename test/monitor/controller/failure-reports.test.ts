import { describe, expect, test } from "vitest";
import { epoch, osdId } from "../../../cluster/base/ids.ts";
import {
  type FailureMessage,
  type FailureReports,
  forgetOldReports,
  forgetReportsOf,
  REPORT_LASTS_MS,
  REPORTERS_MAX,
  SILENT_MS_MAX,
  takeReport,
  takeReportBack,
} from "../../../monitor/controller/failure-reports.ts";
import { osdMapWorld } from "../../cluster/map/osd-map-world.ts";

const map = osdMapWorld(
  { racks: 1, hosts: 1, osds: REPORTERS_MAX + 4 },
  { osd: (osd) => ({ up: osd !== 1 }) },
);

const message = (given: Partial<FailureMessage> = {}): FailureMessage => ({
  reporter: osdId(2),
  osd: osdId(0),
  upFrom: epoch(1),
  kind: "silent",
  silentMs: 6_000,
  ...given,
});

const reportersOf = (reports: FailureReports, osd: number): number[] => [
  ...(reports.get(osdId(osd))?.keys() ?? []),
];

describe("a report is not taken", () => {
  const cases: readonly (readonly [string, Partial<FailureMessage>, string])[] = [
    ["of itself", { reporter: osdId(0) }, "INVALID"],
    ["by one that is down", { reporter: osdId(1) }, "MISMATCH"],
    ["by one that there is not", { reporter: osdId(999) }, "MISMATCH"],
    ["of one that is down", { osd: osdId(1) }, "MISMATCH"],
    ["of one that there is not", { osd: osdId(999) }, "MISMATCH"],
    ["of another incarnation", { upFrom: epoch(2) }, "MISMATCH"],
  ];
  for (const [name, given, code] of cases) {
    test(name, () => {
      const reports: FailureReports = new Map();
      expect(takeReport(reports, map, message(given), 0)).toMatchObject({ code });
      expect(takeReportBack(reports, map, message(given))).toMatchObject({ code });
      expect(reports.size).toBe(0);
    });
  }
});

describe("a report", () => {
  test("counts the silence from before it came, within bounds", () => {
    const reports: FailureReports = new Map();
    takeReport(reports, map, message(), 10_000);
    expect(reports.get(osdId(0))?.get(osdId(2))).toEqual({
      kind: "silent",
      sinceMs: 4_000,
      saidMs: 10_000,
    });
    takeReport(reports, map, message({ silentMs: Number.MAX_SAFE_INTEGER }), 10_000);
    expect(reports.get(osdId(0))?.get(osdId(2))?.sinceMs).toBe(10_000 - SILENT_MS_MAX);
  });

  test("takes the place of an earlier one of the same reporter", () => {
    const reports: FailureReports = new Map();
    takeReport(reports, map, message(), 0);
    takeReport(reports, map, message({ kind: "refused" }), 0);
    expect(reports.get(osdId(0))?.get(osdId(2))?.kind).toBe("refused");
    expect(reportersOf(reports, 0)).toEqual([2]);
  });

  test("is gone when it is taken back", () => {
    const reports: FailureReports = new Map();
    takeReport(reports, map, message(), 0);
    takeReport(reports, map, message({ reporter: osdId(3) }), 0);
    takeReportBack(reports, map, message());
    expect(reportersOf(reports, 0)).toEqual([3]);
    takeReportBack(reports, map, message({ reporter: osdId(3) }));
    expect(reports.size).toBe(0);
    expect(takeReportBack(reports, map, message())).toBe(undefined);
  });

  test("is one of so many at most; who is among them may renew it", () => {
    const reports: FailureReports = new Map();
    for (let reporter = 2; reporter < map.osds.size; reporter += 1) {
      expect(takeReport(reports, map, message({ reporter: osdId(reporter) }), 0)).toBe(undefined);
    }
    expect(reportersOf(reports, 0)).toHaveLength(REPORTERS_MAX);
    takeReport(reports, map, message({ kind: "refused" }), 0);
    expect(reports.get(osdId(0))?.get(osdId(2))?.kind).toBe("refused");
  });
});

test("a report that is not repeated is forgotten", () => {
  const reports: FailureReports = new Map();
  takeReport(reports, map, message(), 0);
  takeReport(reports, map, message({ reporter: osdId(3) }), 10_000);
  forgetOldReports(reports, REPORT_LASTS_MS);
  expect(reportersOf(reports, 0)).toEqual([2, 3]);
  forgetOldReports(reports, REPORT_LASTS_MS + 1);
  expect(reportersOf(reports, 0)).toEqual([3]);
  forgetOldReports(reports, 10_000 + REPORT_LASTS_MS + 1);
  expect(reports.size).toBe(0);
});

test("with an incarnation end the reports about it and by it", () => {
  const reports: FailureReports = new Map();
  takeReport(reports, map, message(), 0);
  takeReport(reports, map, message({ reporter: osdId(3) }), 0);
  takeReport(reports, map, message({ osd: osdId(2), reporter: osdId(3) }), 0);
  forgetReportsOf(reports, osdId(2));
  expect(reportersOf(reports, 0)).toEqual([3]);
  expect(reportersOf(reports, 2)).toEqual([]);
  expect(reports.size).toBe(1);
});
