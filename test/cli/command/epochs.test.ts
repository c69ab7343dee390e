import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { KelpCluster } from "../kelp-cluster.ts";

let cluster: KelpCluster;
beforeAll(async () => {
  cluster = await KelpCluster.start();
  for (const flag of ["noout", "noin", "noup"]) await cluster.out("flag", "set", flag);
}, 30_000);
afterAll(() => cluster.stop());

describe("kelp epochs", () => {
  test("lists the last, or those from one on", async () => {
    expect(await cluster.out("epochs", "-n", "2")).toMatch(
      /^EPOCH {2}WHEN \(UTC\) +WHO +WHAT\n {4}3 {2}\d{4}-.* set noin\n {4}4 {2}.* set noup\n$/,
    );
    const from = await cluster.json("epochs", "--from", "0", "-n", "2");
    expect(from.map(({ epoch }: { epoch: number }) => epoch)).toEqual([1, 2]);
    expect(from[1].causes[0].what).toBe("set noout");
  });

  test("shows one in full", async () => {
    const out = await cluster.out("epochs", "show", "2");
    expect(out).toContain("what     set noout (");
    expect(out).toContain("inverse  kept, of 1 row\n\n+ flag noout\n    set true\n");
    expect(await cluster.json("epochs", "show", "2")).toMatchObject({
      epoch: 2,
      rows: [{ what: "flag noout", isIntent: true, before: null, after: { set: true } }],
    });
    const { err, exitCode } = await cluster.run("epochs", "show", "99");
    expect(exitCode).toBe(3);
    expect(err).toContain("there is no epoch 99 to show: the newest is 4");
  });
});
