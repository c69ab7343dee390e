import { afterAll, beforeAll, expect, test } from "vitest";
import { KelpCluster } from "../kelp-cluster.ts";

let cluster: KelpCluster;
beforeAll(async () => {
  cluster = await KelpCluster.start();
}, 30_000);
afterAll(() => cluster.stop());

test("the map is printed for programs, with the digest that was published", async () => {
  await cluster.out("flag", "set", "noout");
  expect(await cluster.out("map", "epoch")).toBe("2\n");
  const { epoch, digest } = await cluster.json("map", "epoch");
  expect(BigInt(`0x${digest}`)).toBe(cluster.map.digest);
  expect(await cluster.json("map", "dump")).toMatchObject({ epoch, digest, osds: [] });
});
