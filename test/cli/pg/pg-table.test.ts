import { expect, test } from "vitest";
import { pgJson, pgLines } from "../../../cli/pg/pg-table.ts";
import { epoch, poolId } from "../../../cluster/base/ids.ts";
import { pgState } from "../../../cluster/map/pg-state.ts";
import type { PgRow } from "../../../cluster/message/query.ts";
import { NONE } from "../../../crush/types.ts";

const ROW: PgRow = {
  pg: { pool: poolId(1), seed: 0x2f },
  state: pgState("active", "clean"),
  up: [1, 2, 3],
  upPrimary: 1,
  acting: [1, 2, 3],
  actingPrimary: 1,
  objects: 1234,
  bytes: 5 * 2 ** 30,
  degraded: 0,
  misplaced: 0,
  unfound: 0,
  scrubErrors: 0,
  reportEpoch: epoch(9),
  sequence: 1,
  lastClean: epoch(9),
  troubleMs: {},
};

test("PGs are rows with where they are and how", () => {
  const rows: PgRow[] = [
    ROW,
    {
      ...ROW,
      state: pgState("active", "undersized", "degraded"),
      up: [NONE, 2, 3],
      upPrimary: 2,
      actingPrimary: 3,
      degraded: 17,
      unfound: 2,
      troubleMs: { unclean: 125_000 },
    },
    { ...ROW, state: 0, up: [], acting: [], upPrimary: undefined, actingPrimary: undefined },
  ];
  expect(pgLines(rows).join("")).toMatchInlineSnapshot(`
    "PG      OBJECTS     BYTES  DEGR  MISPL  UP         ACTING     STATE
    1.2f      1,234   5.0 GiB     0      0  [1,2,3]    [1,2,3]    active+clean
    1.2f      1,234   5.0 GiB    17      0  [-,2,3]    [1,2,3]p3  active+degraded+undersized (2 unfound)
    1.2f      1,234   5.0 GiB     0      0  []         []         unknown
    "
  `);
  expect(
    pgLines(rows, { trouble: "unclean", withoutTitles: true }).join(""),
  ).toMatchInlineSnapshot(`
    "1.2f      1,234   5.0 GiB     0      0  [1,2,3]    [1,2,3]          -  active+clean
    1.2f      1,234   5.0 GiB    17      0  [-,2,3]    [1,2,3]p3    2m 5s  active+degraded+undersized (2 unfound)
    1.2f      1,234   5.0 GiB     0      0  []         []               -  unknown
    "
  `);
});

test("what is good, doubtful or bad is painted so", () => {
  const paint = (style: string, text: string): string => `<${style}:${text}>`;
  const states = [ROW.state, pgState("active", "degraded"), pgState("peering"), 0];
  const lines = pgLines(
    states.map((state) => ({ ...ROW, state })),
    { paint, withoutTitles: true },
  );
  expect(lines.map((line) => line.trim().split("  ").at(-1))).toEqual([
    "active+clean",
    "<warning:active+degraded>",
    "<bad:peering>",
    "<bad:unknown>",
  ]);
});

test("JSON has words for ids and states", () => {
  expect(pgJson(ROW)).toMatchObject({ pg: "1.2f", state: "active+clean", objects: 1234 });
});
