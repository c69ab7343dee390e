import { afterAll, beforeAll, expect, test } from "vitest";
import { KelpCluster } from "../kelp-cluster.ts";

let cluster: KelpCluster;
beforeAll(async () => {
  cluster = await KelpCluster.start();
}, 30_000);
afterAll(() => cluster.stop());

test("clients are shut out for a while", async () => {
  expect(await cluster.out("blocklist", "add", "10.0.0.7:1", "--for", "2h")).toContain(
    "for 7200 s",
  );
  await cluster.out("blocklist", "add", "10.0.0.8:1");
  expect(await cluster.out("blocklist", "ls")).toMatch(
    /^ADDRESS {5}STILL FOR\n10\.0\.0\.8:1 {2}59m \d+s\n10\.0\.0\.7:1 {2}1h 59m\n$/,
  );
  expect(await cluster.json("blocklist", "ls")).toMatchObject([{ address: "10.0.0.8:1" }, {}]);
  expect(await cluster.out("blocklist", "rm", "10.0.0.8:1")).toContain("take 10.0.0.8:1 off");
  expect(await cluster.json("blocklist", "ls")).toHaveLength(1);
});
