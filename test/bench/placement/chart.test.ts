import { describe, expect, test } from "vitest";
import {
  balanceChart,
  escapeHtml,
  movementChart,
  rateChart,
  tallestBar,
  toneOf,
} from "../../../bench/placement/chart.ts";
import type { SchemeFigures } from "../../../bench/placement/report.ts";
import { sampleReport } from "./report-sample.ts";

const BALANCE = {
  stddev: 1,
  min: 0,
  max: 2,
  histogram: { span: 0.5, counts: [3, 5, 4, 9] },
};
const CHANCE = { mean: 10, stddev: 1, loadStddev: 0.1, min: 0.8, max: 1.2 };

function count(text: string, part: string): number {
  return text.split(part).length - 1;
}

/** Every number of an attribute, so that none is missing or infinite. */
function coordinates(svg: string): number[] {
  return [...svg.matchAll(/ (?:x|y|x1|x2|y1|y2|cx|cy|width|height)="([^"]*)"/g)].map(([, text]) =>
    text === "" ? Number.NaN : Number(text),
  );
}

describe("the chart of a balance", () => {
  const chart = balanceChart(BALANCE, CHANCE, 8);

  test("has a bar for each filled bin, and says what the ends of its scale are", () => {
    expect(count(chart, '<rect class="bar"')).toBe(4);
    expect(chart).toContain("50.0 % to 75.0 % of the fair share: 3 devices");
    expect(chart).toContain("125 % to 150 % of the fair share: 9 devices");
    expect(chart).toContain(">50 %</text>");
    expect(chart).toContain(">150 %</text>");
  });

  test("keeps what is too tall for it within the panel", () => {
    expect(coordinates(chart).filter((value) => value < 0)).toEqual([]);
  });

  test("scales its bars by the tallest between the ends, or by the line", () => {
    const scheme: SchemeFigures = { name: "a", about: "", balance: BALANCE, changes: [] };
    const failed: SchemeFigures = { name: "b", about: "", changes: [] };
    expect(tallestBar([scheme, failed], { ...CHANCE, loadStddev: 1000 })).toBe(5);
    // 21 devices in bins of 25 %, a tenth of deviation: the line has its top at 21.
    expect(tallestBar([scheme, failed], CHANCE)).toBeCloseTo(20.94, 2);
    expect(tallestBar([], CHANCE)).toBe(1);
  });
});

describe("the chart of a movement", () => {
  const changes = [
    { name: "osd added", least: 0.001 },
    { name: "host added", least: 0.01 },
    { name: "nothing", least: 0 },
  ];
  const scheme: SchemeFigures = {
    name: "a",
    about: "",
    changes: [{ name: "osd added", moved: 0.003 }, { name: "host added" }, { name: "", moved: 1 }],
  };
  const chart = movementChart(scheme, changes);

  test("has a tick for each change and a dot where the scheme can express it", () => {
    expect(count(chart, 'class="least"')).toBe(3);
    expect(count(chart, 'class="dot')).toBe(2);
    expect(chart).toContain(">3.00</text>");
    expect(chart).toContain(">–</text>");
    expect(chart).toContain(">∞</text>");
  });

  test.each([
    [1, 1, "good"],
    [1.25, 1, "good"],
    [1.9, 1, "fair"],
    [2.1, 1, "poor"],
    [0, 0, "good"],
    [0.1, 0, "poor"],
  ] as const)("%d moved where %d must is %s", (moved, least, tone) => {
    expect(toneOf(moved, least)).toBe(tone);
  });
});

test("charts have no coordinates that are no numbers", () => {
  const report = sampleReport();
  const charts = report.schemes.flatMap((scheme) => [
    movementChart(scheme, report.changes),
    ...(scheme.balance === undefined ? [] : [balanceChart(scheme.balance, report.chance, 5)]),
  ]);
  for (const chart of [...charts, rateChart(report)]) {
    expect(coordinates(chart).filter((value) => !Number.isFinite(value))).toEqual([]);
    expect(coordinates(chart).length).toBeGreaterThan(10);
  }
});

test("text cannot become markup", () => {
  expect(escapeHtml(`<a href="x">&`)).toBe("&lt;a href=&quot;x&quot;>&amp;");
});
