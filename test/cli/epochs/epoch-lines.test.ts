import { expect, test } from "vitest";
import { epochJson, epochLines } from "../../../cli/epochs/epoch-lines.ts";
import { epoch } from "../../../cluster/base/ids.ts";
import type { EpochRecord } from "../../../cluster/map/epoch-record.ts";

const RECORD: EpochRecord = {
  epoch: epoch(9),
  wallMs: 1_795_621_749_000,
  controller: "controller.a",
  causes: [
    { author: "root@admin", what: "mark osd.3 out" },
    { author: "osd.4", what: "mark osd.4 up" },
  ],
  requests: [],
  rows: [],
  digest: 2n ** 60n,
};

test("an epoch has a line for each of its causes", () => {
  const bare = { ...RECORD, epoch: epoch(10), causes: [] };
  expect(epochLines([RECORD, bare]).join("")).toBe(
    [
      "EPOCH  WHEN (UTC)           WHO           WHAT",
      "    9  2026-11-25 15:49:09  root@admin    mark osd.3 out",
      "                            osd.4         mark osd.4 up",
      "   10  2026-11-25 15:49:09  controller.a  -",
      "",
    ].join("\n"),
  );
});

test("JSON counts the rows", () => {
  expect(epochJson(RECORD)).toMatchObject({ epoch: 9, rowCount: 0, causes: RECORD.causes });
});
