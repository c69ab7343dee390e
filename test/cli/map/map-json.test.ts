import { expect, test } from "vitest";
import { mapJson } from "../../../cli/map/map-json.ts";
import { osdId, poolId } from "../../../cluster/base/ids.ts";
import { pgTable } from "../../../cluster/map/pg-table.ts";
import { osdMapWorld } from "../../cluster/map/osd-map-world.ts";

test("the map as JSON has all of its parts, with names and plain numbers", () => {
  const pg = { pool: poolId(1), seed: 10 };
  const map = osdMapWorld(
    { racks: 1, hosts: 2, osds: 1 },
    {
      pools: [{ pgNum: 16, name: "rbd" }],
      osd: (id) => (id === 1 ? { weight: 32768 } : {}),
      edit: (made) => ({ ...made, pgTemp: pgTable([[pg, [osdId(1)]]]) }),
    },
  );
  const json = JSON.parse(JSON.stringify(mapJson(map)));
  expect(json).toMatchObject({
    epoch: 1,
    digest: expect.stringMatching(/^[0-9a-f]{16}$/),
    osds: [{ osd: 0 }, { osd: 1, reweight: 0.5, up: true }],
    pools: [{ name: "rbd", pgNum: 16 }],
    pgTemp: [{ pg: "1.a", osds: [1] }],
  });
  expect(json.crush.devices).toHaveLength(2);
  expect(json.crush.buckets[0]).toMatchObject({ name: "host0", items: [{ id: 0, weight: 1 }] });
  expect(json.crush.rules[0].steps[0]).toBe("take default");
});
