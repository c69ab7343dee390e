import { describe, expect, test } from "vitest";
import { epochReport, epochReportLines } from "../../../cli/epochs/epoch-report.ts";
import { present } from "../../../cluster/base/assert.ts";
import { epoch } from "../../../cluster/base/ids.ts";
import type { EpochRecord } from "../../../cluster/map/epoch-record.ts";
import type { OsdMap } from "../../../cluster/map/osd-map.ts";
import { deltaOf, editOf } from "../../../cluster/map/osd-map-delta.ts";
import { inverseOf } from "../../../cluster/map/undo.ts";
import { osdMapWorld } from "../../cluster/map/osd-map-world.ts";
import { withOsd, withPool, withShare } from "../../monitor/controller/board-world.ts";

const MAP = osdMapWorld({ racks: 1, hosts: 2, osds: 1 }, { pools: [{ pgNum: 4 }] });

function reportOf(edited: OsdMap, { isKept = true, all = false } = {}): string {
  const { changes, map } = present(editOf(MAP, edited), "a change");
  const record: EpochRecord = {
    epoch: map.epoch,
    wallMs: 1_795_621_749_000,
    controller: "controller.a",
    causes: [{ author: "root@admin", what: "change something" }],
    requests: ["cli-1"],
    rows: deltaOf(changes),
    digest: map.digest,
  };
  const undo = isKept ? { epoch: map.epoch, inverse: inverseOf(changes) } : undefined;
  return epochReportLines(epochReport(record, undo), { all }).join("");
}

describe("epochs show", () => {
  test("tells of what people asked for what it was, and of facts what they are", () => {
    const edited = withOsd(withShare(MAP, 1, { weight: 0 }), 1, { up: false, downAt: epoch(2) });
    expect(reportOf(edited)).toMatchInlineSnapshot(`
      "epoch    2
      when     2026-11-25 15:49:09 UTC, by controller.a
      what     change something (root@admin)
      inverse  kept, of 1 row

      = osd 1
          uuid 00000000-0000-4000-8000-000000000001, born 1, nonce 1001, up false
          address 127.0.0.1:6802, heartbeatAddress 127.0.0.1:6803, host host1
          version 0.1.0, upFrom 1, upThru 1, downAt 2, destroyed false, fullness ok
          isNew false
      ~ weight of osd 1
          weight: 1 -> 0
      "
    `);
  });

  test("tells what came and what went", () => {
    const edited = {
      ...withPool(MAP, 2),
      flags: new Set(["noout"] as const),
      poolSettings: new Map(),
    };
    expect(reportOf(edited)).toMatchInlineSnapshot(`
      "epoch    2
      when     2026-11-25 15:49:09 UTC, by controller.a
      what     change something (root@admin)
      inverse  kept, of 2 rows

      = pool 2
          created 1, type replicated, pgNum 8, pgpNum 8, hashpspool true, objectHash 2
          isQuotaFull false
      - settings of pool 1
          name pool1, size 3, minSize 2, rule 0, nodelete false, quotaBytes 0
          quotaObjects 0
      + flag noout
          set true
      "
    `);
  });

  test("says when the inverse is not kept, or is of nothing", () => {
    expect(reportOf(withShare(MAP, 1, { weight: 0 }), { isKept: false })).toContain(
      "inverse  not kept any more\n\n= weight of osd 1\n    weight 0, primaryAffinity 1\n",
    );
    expect(reportOf(withOsd(MAP, 1, { up: false }))).toContain("nothing that anybody asked for");
  });

  test("is short where there are very many rows, unless all are wanted", () => {
    const seeds = new Map(Array.from({ length: 100 }, (_, seed) => [seed, epoch(2)] as const));
    const [pool] = MAP.pools.keys();
    const edited = { ...MAP, creating: new Map([[present(pool, "a pool"), seeds]]) };
    expect(reportOf(edited)).toContain("  and 95 more of creation of PG: --all shows them\n");
    expect(reportOf(edited, { all: true }).match(/creation of PG/g)).toHaveLength(100);
  });
});
