import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { KelpCluster } from "../kelp-cluster.ts";

let cluster: KelpCluster;
beforeAll(async () => {
  cluster = await KelpCluster.start();
  await cluster.bootOsds(3);
}, 30_000);
afterAll(() => cluster.stop());

describe("kelp pool", () => {
  test("makes, shows, changes, renames and deletes a pool", async () => {
    expect(await cluster.out("pool", "create", "rbd", "8", "--application", "rbd")).toMatch(
      /^epoch \d+: create pool "rbd" with 8 PGs of size 3\n$/,
    );
    expect(await cluster.out("pool", "ls")).toBe("rbd\n");
    expect(await cluster.json("pool", "ls", "--detail")).toMatchObject([{ name: "rbd", pgNum: 8 }]);
    expect(await cluster.out("pool", "set", "rbd", "min_size", "1")).toContain("set min_size 1");
    expect(await cluster.out("pool", "get", "rbd", "min_size")).toBe("min_size  1\n");
    expect(await cluster.json("pool", "get", "rbd", "min_size")).toEqual({ min_size: 1 });
    expect(await cluster.json("pool", "get", "rbd")).toMatchObject({ name: "rbd", minSize: 1 });
    expect(await cluster.out("pool", "set-quota", "rbd", "--bytes", "10GiB")).toContain(
      "quota_bytes",
    );
    expect(await cluster.out("pool", "ls", "--detail")).toContain("10 GiB\n");
    expect(await cluster.out("pool", "application", "rbd")).toBe("rbd\n");
    expect((await cluster.run("pool", "application", "rbd", "s3")).err).toContain("--yes-i-really");
    await cluster.out("pool", "application", "rbd", "s3", "--yes-i-really-mean-it");
    expect(await cluster.json("pool", "application", "rbd")).toEqual({ application: "s3" });
    await cluster.report();
    expect(await cluster.out("pool", "df")).toMatch(/\nrbd +1 +8 +8\.0 MiB +8 +24 MiB /);
    expect(await cluster.out("pool", "rename", "rbd", "images")).toContain('"rbd" to "images"');
    const typo = await cluster.run("pool", "delete", "image", "image", "--yes-i-really-mean-it");
    expect(typo).toMatchObject({ exitCode: 3, out: "" });
    expect(typo.err).toContain("Did you mean images?");
    expect((await cluster.run("pool", "delete", "images")).err).toContain("give its name twice");
    const asked = await cluster.run("pool", "delete", "images", "images");
    expect(asked.err).toContain("add --yes-i-really-mean-it if that is meant");
    await cluster.out("pool", "delete", "images", "images", "--yes-i-really-mean-it");
    expect(await cluster.json("pool", "ls")).toEqual([]);
  });

  test.each([
    [["set", "x", "sise", "3"], "did you mean size?"],
    [["set", "x", "size", "three"], "A whole number from 0 up is needed."],
    [["set-quota", "x"], "say how much: --bytes 10GiB"],
    [["create", "x", "0"], "A whole number from 1 up is needed."],
    [["get", "x", "size"], 'there is no pool "x"; '],
  ])("%j says what is wrong", async (words, message) => {
    const { err, exitCode, out } = await cluster.run("pool", ...words);
    expect({ out, exitCode: exitCode === 2 || exitCode === 3 }).toEqual({
      out: "",
      exitCode: true,
    });
    expect(err).toContain(message);
  });
});
