import { afterAll, beforeAll, expect, test } from "vitest";
import { KelpCluster } from "../kelp-cluster.ts";

let cluster: KelpCluster;
beforeAll(async () => {
  cluster = await KelpCluster.start();
}, 30_000);
afterAll(() => cluster.stop());

test("flags are set and taken back, and explained", async () => {
  expect(await cluster.out("flag", "set", "noout", "norebalance")).toMatch(
    /: set noout, norebalance\n$/,
  );
  expect(await cluster.json("flag", "ls")).toEqual(["noout", "norebalance"]);
  expect(await cluster.out("flag", "ls")).toContain(
    "noout         set  no OSD that is down is marked out: its data waits for it\n",
  );
  expect(await cluster.out("flag", "unset", "noout")).toMatch(/: unset noout\n$/);
  expect(await cluster.out("flag", "ls")).toContain("noout         -    ");
  const { err, exitCode } = await cluster.run("flag", "set", "nout");
  expect(exitCode).toBe(2);
  expect(err).toContain("Allowed choices are pause, noup,");
});
