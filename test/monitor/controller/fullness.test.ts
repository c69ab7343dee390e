import { expect, test } from "vitest";
import type { Fullness } from "../../../cluster/map/osd-info.ts";
import { fullnessAt } from "../../../monitor/controller/fullness.ts";

const RATIOS = { nearfull: 0.85, backfillfull: 0.9, full: 0.95 };

const CASES: readonly (readonly [Fullness, number, Fullness])[] = [
  ["ok", 0, "ok"],
  ["ok", 0.8499, "ok"],
  ["ok", 0.85, "nearfull"],
  ["ok", 0.9, "backfillfull"],
  ["ok", 0.95, "full"],
  ["ok", 1.2, "full"],
  ["nearfull", 0.8401, "nearfull"],
  ["nearfull", 0.8399, "ok"],
  ["nearfull", 0.8999, "nearfull"],
  ["full", 0.9401, "full"],
  ["full", 0.9399, "backfillfull"],
  ["full", 0.8901, "backfillfull"],
  ["full", 0.885, "nearfull"],
  ["full", 0.1, "ok"],
];
for (const [before, used, after] of CASES) {
  test(`${used} used was ${before} and is ${after}`, () => {
    expect(fullnessAt(used, RATIOS, before)).toBe(after);
  });
}
