import { afterAll, beforeAll, expect, test } from "vitest";
import { placeOf } from "../../cli/coordinator.ts";
import { withMap } from "../../cli/newest-map.ts";
import { KelpCluster } from "./kelp-cluster.ts";

let cluster: KelpCluster;
beforeAll(async () => {
  cluster = await KelpCluster.start();
}, 30_000);
afterAll(() => cluster.stop());

test("a command sees what the one before it did, and needs no controller to look", async () => {
  await cluster.out("flag", "set", "noout");
  const place = placeOf({ coordinator: cluster.kelp.address, keyFile: cluster.keyFile });
  const [flags, id] = await withMap(place, async (map, { cluster: of }) => [map.flags, of.id]);
  expect([...(flags as Set<string>)]).toEqual(["noout"]);
  expect(id).toBe("6b1d1a0e-93a5-4f0c-8f0e-2d9c3c1b7a55");
});
