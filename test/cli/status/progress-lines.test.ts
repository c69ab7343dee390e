import { expect, test } from "vitest";
import { progressLines } from "../../../cli/status/progress-lines.ts";
import type { ProgressEvent } from "../../../cluster/message/query.ts";

const EVENT: ProgressEvent = {
  id: "1",
  title: "osd.3 marked out",
  startedAgoMs: 125_000,
  unit: "copies",
  done: 1_000,
  total: 4_000,
  grown: 0,
  fraction: 0.25,
  perSecond: 10,
  etaMs: 300_000,
};

test.each([
  ["with an end in sight", {}, "[######------------------]  25.0%  1,000/4,000 copies, 5m left"],
  [
    "too young to tell",
    { etaMs: undefined },
    "[######------------------]  25.0%  1,000/4,000 copies",
  ],
  [
    "that stands still",
    { etaMs: undefined, perSecond: 0, unit: "pgs" as const },
    "[######------------------]  25.0%  1,000/4,000 PGs, nothing moves at present",
  ],
  [
    "without a total",
    { done: 0, total: 0, fraction: 1 },
    "[########################]   100%  0/0 copies, 5m left",
  ],
])("an event %s", (_, given, bar) => {
  expect(progressLines([{ ...EVENT, ...given }])).toEqual([
    "osd.3 marked out (for 2m 5s)\n",
    `  ${bar}\n`,
  ]);
});

test("what is done comes last, with how long it took", () => {
  const done = { ...EVENT, title: "pool made", finishedAgoMs: 65_000, done: 4_000, fraction: 1 };
  const lines = progressLines([done, EVENT]);
  expect(lines[0]).toBe("osd.3 marked out (for 2m 5s)\n");
  expect(lines.slice(2)).toEqual([
    "pool made (took 1m, done 1m 5s ago)\n",
    "  [########################]   100%  4,000/4,000 copies\n",
  ]);
});
