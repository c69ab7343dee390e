import { expect, test } from "vitest";
import { healthLines, summaryLines } from "../../../cli/status/health-lines.ts";
import { healthCheck } from "../../../monitor/controller/health-codes.ts";

const DOWN = healthCheck("OSD_DOWN", {
  summary: "1 osd down",
  count: 1,
  details: ["osd.3 is down"],
});
const FULL = healthCheck("OSD_FULL", { summary: "1 full osd", count: 1, details: [] });
const FLAGS = healthCheck("OSDMAP_FLAGS", { summary: "noout set", count: 1, details: [] });
const REPORT = { status: "HEALTH_ERR" as const, checks: [DOWN, { ...FLAGS, isMuted: true }, FULL] };

test("the worst comes first and what is muted last", () => {
  expect(healthLines(REPORT, { detail: false }).join("")).toBe(
    [
      "HEALTH_ERR (1 muted)",
      "OSD_FULL: 1 full osd",
      "OSD_DOWN: 1 osd down",
      "(muted) OSDMAP_FLAGS: noout set",
      "",
    ].join("\n"),
  );
  expect(summaryLines(REPORT)).toEqual([
    "1 full osd (OSD_FULL)",
    "1 osd down (OSD_DOWN)",
    "1 muted: kelp health shows them",
  ]);
});

test("with detail each says what it means, what is concerned, and what helps", () => {
  const lines = healthLines({ status: "HEALTH_WARN", checks: [DOWN] }, { detail: true });
  expect(lines.join("")).toMatchInlineSnapshot(`
    "HEALTH_WARN
    OSD_DOWN: 1 osd down
        OSDs that should hold data are not running or cannot be reached.
        - osd.3 is down
        > kelp osd tree
    "
  `);
});

test("all well is a word, in green", () => {
  const paint = (style: string, text: string): string => `${style}:${text}`;
  const lines = healthLines({ status: "HEALTH_OK", checks: [] }, { detail: true, paint });
  expect(lines).toEqual(["good:HEALTH_OK\n"]);
});

test("no line of an explanation is too long, and none is lost", () => {
  const explanation = Array.from({ length: 60 }, (_, at) => `word${at}`).join(" ");
  const check = { ...DOWN, explanation };
  const lines = healthLines({ status: "HEALTH_WARN", checks: [check] }, { detail: true });
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80);
  const prose = lines.filter((line) => line.includes("word")).map((line) => line.trim());
  expect(prose.join(" ")).toBe(explanation);
});
