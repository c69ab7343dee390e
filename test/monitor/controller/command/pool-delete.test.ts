import { expect, test } from "vitest";
import { osdId, poolId } from "../../../../cluster/base/ids.ts";
import type { OsdMap } from "../../../../cluster/map/osd-map.ts";
import { nextEpoch } from "../../../../cluster/map/osd-map-delta.ts";
import { pgTable } from "../../../../cluster/map/pg-table.ts";
import type { CommandOf } from "../../../../cluster/message/command.ts";
import { contextOf, done, MAP, osds, pg, refusal } from "./desk.ts";

const context = { settings: { ...contextOf().settings, poolDeleteAllowed: true } };
const command = (given: Partial<CommandOf<"poolDelete">> = {}): CommandOf<"poolDelete"> => ({
  type: "poolDelete",
  name: "rbd",
  nameAgain: "rbd",
  confirm: true,
  ...given,
});

test("a pool goes with all rows of its PGs, and those of other pools stay", () => {
  const both = <T>(value: T) =>
    pgTable([
      [pg(1, 0), value],
      [pg(2, 0), value],
    ]);
  const args = new Map([[-1, { weightSets: [], ids: [] }]]);
  const full: OsdMap = {
    ...MAP,
    pgUpmap: both(osds(0, 2)),
    pgUpmapItems: both([{ from: osdId(0), to: osdId(1) }]),
    pgTemp: both(osds(0, 2)),
    primaryTemp: both(osdId(0)),
    creating: both(nextEpoch(MAP)),
    crush: {
      ...MAP.crush,
      chooseArgs: new Map([
        [1, args],
        [2, args],
      ]),
    },
  };
  const { map, what } = done(full, command(), context);
  expect(what).toBe('delete pool "rbd"');
  const { pools, poolSettings, pgUpmap, pgUpmapItems, pgTemp, primaryTemp, creating } = map;
  for (const table of [pools, poolSettings, pgUpmap, pgUpmapItems, pgTemp, primaryTemp, creating]) {
    expect([...table.keys()]).toEqual([poolId(2)]);
  }
  expect([...map.crush.chooseArgs.keys()]).toEqual([2]);
  expect(map.poolIdMax).toBe(2);
});

test("a pool stays unless everything says that it may go", () => {
  const flagged = done(MAP, { type: "poolSet", name: "rbd", nodelete: true, confirm: false }).map;
  const cases: [OsdMap, Partial<CommandOf<"poolDelete">>, string, string][] = [
    [MAP, { name: "x" }, "NOT_FOUND", 'there is no pool "x"; pools: rbd, data'],
    [flagged, {}, "FORBIDDEN", 'pool "rbd" has nodelete set; take that away first'],
    [
      MAP,
      { nameAgain: "data" },
      "INVALID",
      'to delete pool "rbd", give its name twice; the second is "data"',
    ],
    [
      MAP,
      { nameAgain: "" },
      "INVALID",
      'to delete pool "rbd", give its name twice; the second is missing',
    ],
    [
      MAP,
      { confirm: false },
      "UNCONFIRMED",
      'all that is in pool "rbd" would be gone for ever; add --yes-i-really-mean-it if that is meant',
    ],
  ];
  for (const [map, given, code, message] of cases) {
    expect(refusal(map, command(given), context)).toEqual({ code, message });
  }
  expect(refusal(MAP, command())).toEqual({
    code: "FORBIDDEN",
    message: "pools cannot be deleted here; set pool-delete-allowed to true first",
  });
});
