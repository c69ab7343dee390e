import { expect, test } from "vitest";
import { HEALTH_DETAILS_MAX } from "../../../cluster/message/query.ts";
import { HEALTH_CODES, healthCheck } from "../../../monitor/controller/health-codes.ts";

const lines = (count: number): string[] => Array.from({ length: count }, (_, at) => `osd.${at}`);

test.each([
  [HEALTH_DETAILS_MAX, HEALTH_DETAILS_MAX, undefined],
  [HEALTH_DETAILS_MAX + 1, HEALTH_DETAILS_MAX + 1, "and 1 more"],
  [HEALTH_DETAILS_MAX + 30, HEALTH_DETAILS_MAX + 1, "and 30 more"],
])("of %i details %i lines are shown", (count, shown, last) => {
  const { details } = healthCheck("OSD_DOWN", { summary: "", count, details: lines(count) });
  expect(details.length).toBe(shown);
  expect(details.at(-1)).toBe(last ?? `osd.${count - 1}`);
});

test("details that were never made are counted", () => {
  const finding = { summary: "", count: 9, details: lines(3), detailCount: 9 };
  expect(healthCheck("PG_DEGRADED", finding).details.at(-1)).toBe("and 6 more");
});

test("every code is explained by sentences", () => {
  for (const { explanation } of Object.values(HEALTH_CODES))
    expect(explanation).toMatch(/^[A-Z].*\.$/);
});
