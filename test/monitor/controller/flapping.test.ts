import { expect, test } from "vitest";
import { osdId } from "../../../cluster/base/ids.ts";
import { type Flaps, fell, pauseEnd } from "../../../monitor/controller/flapping.ts";

const OPTIONS = { markdownCountMax: 5, markdownPeriod: 600_000 };
const OSD = osdId(3);

/** After downs at these times, how long the pause after the last one is. */
function pauseAfter(downsMs: readonly number[], upForMs = 1_000): number {
  const flaps: Flaps = new Map();
  for (const downMs of downsMs) fell(flaps, { osd: OSD, upForMs }, OPTIONS, downMs);
  const lastMs = downsMs.at(-1) ?? 0;
  expect(pauseEnd(flaps, osdId(4), lastMs)).toBe(undefined);
  return (pauseEnd(flaps, OSD, lastMs) ?? lastMs) - lastMs;
}

const every = (stepMs: number, count: number): number[] =>
  Array.from({ length: count }, (_, index) => 1_000 + index * stepMs);

const CASES: readonly (readonly [string, readonly number[], number])[] = [
  ["no downs", [], 0],
  ["five downs", every(1_000, 5), 0],
  ["six downs", every(1_000, 6), 20_000],
  ["six downs at one time", every(0, 6), 20_000],
  ["seven downs", every(1_000, 7), 40_000],
  ["ten downs", every(1_000, 10), 320_000],
  ["twenty downs", every(1_000, 20), 600_000],
  ["six downs in ten minutes", every(119_999, 6), 20_000],
  ["six downs in more than that", every(120_000, 6), 0],
  ["a seventh, later than the period", [...every(1_000, 6), 900_000], 40_000],
];
for (const [name, downsMs, pauseMs] of CASES) {
  test(`${name}: ${pauseMs / 1000} s of pause`, () => expect(pauseAfter(downsMs)).toBe(pauseMs));
}

test("the pause has an end", () => {
  const flaps: Flaps = new Map();
  for (const downMs of every(0, 6)) fell(flaps, { osd: OSD, upForMs: 0 }, OPTIONS, downMs);
  expect(pauseEnd(flaps, OSD, 20_999)).toBe(21_000);
  expect(pauseEnd(flaps, OSD, 21_000)).toBe(undefined);
});

test("one that stayed up for the period starts anew", () => {
  expect(pauseAfter(every(1_000, 20), 600_000)).toBe(0);
});
