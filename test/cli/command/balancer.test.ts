import { afterAll, beforeAll, expect, test } from "vitest";
import { KelpCluster } from "../kelp-cluster.ts";

let cluster: KelpCluster;
beforeAll(async () => {
  cluster = await KelpCluster.start();
  await cluster.bootOsds(3);
  await cluster.out("pool", "create", "rbd", "16");
}, 30_000);
afterAll(() => cluster.stop());

test("the balancer is turned by a setting, and shows how even the PGs are", async () => {
  expect(await cluster.out("balancer", "off")).toBe("the balancer is off\n");
  await cluster.out("flag", "set", "norebalance");
  const out = await cluster.out("balancer", "status");
  expect(out).toMatch(/^balancer +off \(controller\)\n/);
  expect(out).toContain("norebalance is set: nothing is moved\n");
  expect(out).toMatch(/\nrbd +16 +3 +0 +-0\.0\.\.\+0\.0 +0\.00 +-0\.0\.\.\+0\.0 +0\.00\n$/);
  await cluster.out("config", "set", "controller.a", "balancer", "off");
  expect(await cluster.json("balancer", "on")).toEqual({
    balancer: "on",
    covered: [{ who: "controller.a", name: "balancer", text: "off" }],
  });
  expect(await cluster.json("balancer", "status")).toMatchObject({
    flags: ["norebalance"],
    pools: [{ name: "rbd", osdCount: 3 }],
  });
});
