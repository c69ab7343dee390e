import { describe, expect, test } from "vitest";
import { osdReport, osdReportLines } from "../../../cli/osd/osd-report.ts";
import { present } from "../../../cluster/base/assert.ts";
import { epoch, osdId } from "../../../cluster/base/ids.ts";
import { setDeviceClass, unlinkItem } from "../../../crush/builder.ts";
import { osdMapWorld } from "../../cluster/map/osd-map-world.ts";

const MAP = osdMapWorld(
  { racks: 1, hosts: 2, osds: 2 },
  {
    osd: (id) => (id === 2 ? { up: false, weight: 32768, downAt: epoch(7), lostAt: epoch(7) } : {}),
  },
);

describe("osd info", () => {
  test("says all that the map knows, shadow trees left out of where it stands", () => {
    const crush = setDeviceClass(MAP.crush, { device: "osd.2", deviceClass: "ssd" });
    const report = present(osdReport({ ...MAP, crush }, osdId(2)), "osd.2");
    expect(report).toMatchObject({ status: "down", in: true, reweight: 0.5, deviceClass: "ssd" });
    expect(osdReportLines(report).join("")).toMatchInlineSnapshot(`
      "osd               2
      status            down, in
      location          root=default rack=rack0 host=host1
      class             ssd
      crush weight      1.00000
      reweight          0.50000
      primary affinity  1.00000
      fullness          ok
      host              host1
      address           127.0.0.1:6804
      heartbeats        127.0.0.1:6805
      version           0.1.0
      uuid              00000000-0000-4000-8000-000000000002
      born              epoch 1
      up from           epoch 1
      up thru           epoch 1
      down at           epoch 7
      clean             never
      lost at           epoch 7
      "
    `);
  });

  test("says of one without a place how to give it one", () => {
    const crush = unlinkItem(MAP.crush, { item: "osd.0", parent: "host0" });
    const report = present(osdReport({ ...MAP, crush }, osdId(0)), "osd.0");
    expect(report.location).toEqual([]);
    expect(osdReportLines(report)[2]).toBe("location          none: kelp crush add gives it one\n");
  });

  test("of one that is not there is nothing", () => {
    expect(osdReport(MAP, osdId(9))).toBeUndefined();
  });
});
