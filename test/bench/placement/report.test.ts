import { describe, expect, test } from "vitest";
import { movementNoise } from "../../../bench/placement/report.ts";
import { sampleReport } from "./report-sample.ts";

describe("a report", () => {
  const report = sampleReport();

  test("knows how few replicas its smallest change moves", () => {
    const changes = [
      { name: "osd added", least: 0.01 },
      { name: "host added", least: 0.04 },
      { name: "nothing", least: 0 },
    ];
    // 600 PGs of 2 replicas: twelve of them.
    expect(movementNoise({ ...report, changes })).toBeCloseTo(1 / Math.sqrt(12), 12);
    expect(movementNoise({ ...report, changes: [] })).toBe(0);
  });
});
