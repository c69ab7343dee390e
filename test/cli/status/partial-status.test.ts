import { expect, test } from "vitest";
import { partialStatus, partialStatusLines } from "../../../cli/status/partial-status.ts";
import { osdMapWorld } from "../../cluster/map/osd-map-world.ts";

test("without a controller, what the map has is told and nothing else", () => {
  const map = osdMapWorld(
    { racks: 1, hosts: 3, osds: 1 },
    {
      pools: [{ pgNum: 8 }, { pgNum: 1 }],
      osd: (id) => [{ up: false }, { weight: 0 }][id] ?? {},
      edit: (made) => ({ ...made, flags: new Set(["noout"] as const) }),
    },
  );
  const status = partialStatus(map, "an-id");
  expect(status.osds).toEqual({ count: 3, up: 2, in: 2 });
  expect(partialStatusLines(status).join("")).toMatchInlineSnapshot(`
    "id          an-id
    epoch       1
    controller  none answers: what follows is the last map
    osds        3: 2 up, 2 in
    pools       2 pools, 9 PGs
    flags       noout
    "
  `);
});
