import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { KelpCluster } from "../kelp-cluster.ts";

let cluster: KelpCluster;
beforeAll(async () => {
  cluster = await KelpCluster.start();
  await cluster.bootOsds(3);
  await cluster.out("pool", "create", "rbd", "32");
  await cluster.out("pool", "create", "big", "128", "--size", "1", "--yes-i-really-mean-it");
  await cluster.report();
}, 30_000);
afterAll(() => cluster.stop());

describe("kelp pg", () => {
  test("map explains a PG and an object", async () => {
    expect(await cluster.out("pg", "map", "1.1f")).toContain("pg      1.1f of pool rbd\n");
    const found = await cluster.json("pg", "map", "--pool", "rbd", "--object", "photo.jpg");
    expect(found).toMatchObject({ object: "photo.jpg", pool: "rbd" });
    expect((await cluster.json("pg", "map", found.pg)).acting).toEqual(found.acting);
  });

  test("ls lists those that are chosen", async () => {
    const all = await cluster.out("pg", "ls");
    expect(all.split("\n")).toHaveLength(1 + 160 + 1);
    expect(all.match(/active\+clean/g)).toHaveLength(160);
    expect(await cluster.json("pg", "ls", "--pool", "rbd")).toHaveLength(32);
    expect(await cluster.json("pg", "ls", "--pool", "rbd", "--osd", "osd.1")).toHaveLength(32);
    expect(await cluster.json("pg", "ls", "--state", "degraded")).toEqual([]);
    expect(await cluster.json("pg", "ls", "--stuck", "inactive")).toEqual([]);
    expect(await cluster.out("pg", "ls", "--stuck", "unclean")).toMatch(/^PG .* FOR {2}STATE\n$/);
  });

  test("dump is one document, however many pages it takes", async () => {
    await cluster.out("config", "set", "controller", "pgs-per-osd-max", "2000");
    const dumped = await cluster.json("pg", "dump");
    expect(dumped.pgs).toHaveLength(160);
    expect(dumped.pools).toHaveLength(2);
    expect(dumped.osds.rows).toHaveLength(3);
    expect(await cluster.out("pg", "dump")).toBe(await cluster.out("pg", "ls"));
  });

  test("clear-temp is for repair", async () => {
    expect(await cluster.out("pg", "clear-temp", "1.0")).toContain(
      "PG 1.0 has no temporary acting set",
    );
  });

  test.each([
    [["map"], 2, "name a PG, or --pool POOL --object NAME"],
    [["map", "1.0", "--object", "x"], 2, "name a PG"],
    [["map", "x"], 2, "A PG is its pool's id and its seed in hex"],
    [["map", "7.0"], 3, "there is no PG 7.0"],
    [["ls", "--pool", "rdb"], 3, 'there is no pool "rdb"'],
    [["ls", "--stuck", "here"], 2, "Allowed choices are inactive, unclean, undersized, stale"],
  ])("%j is refused", async (words, exitCode, message) => {
    const outcome = await cluster.run("pg", ...words);
    expect(outcome).toMatchObject({ exitCode, out: "" });
    expect(outcome.err).toContain(message);
  });
});
