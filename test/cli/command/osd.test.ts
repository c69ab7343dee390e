import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { KelpCluster } from "../kelp-cluster.ts";

let cluster: KelpCluster;
beforeAll(async () => {
  cluster = await KelpCluster.start();
  await cluster.bootOsds(3);
  await cluster.report();
}, 30_000);
afterAll(() => cluster.stop());

describe("kelp osd", () => {
  test("tree draws who stands where, and how they are", async () => {
    expect(await cluster.out("osd", "tree")).toMatchInlineSnapshot(`
      " ID  CLASS   WEIGHT  TYPE NAME     STATUS  REWEIGHT  PRI-AFF
       -1         0.02939  root default
       -2         0.00980    host h0
        0  hdd    0.00980      osd.0     up       1.00000  1.00000
       -5         0.00980    host h1
        1  ssd    0.00980      osd.1     up       1.00000  1.00000
      -10         0.00980    host h2
        2  hdd    0.00980      osd.2     up       1.00000  1.00000
      "
    `);
    const { nodes, stray } = await cluster.json("osd", "tree", "up");
    expect(nodes).toHaveLength(7);
    expect(stray).toEqual([]);
  });

  test("ls, info and df say what is known", async () => {
    expect(await cluster.out("osd", "ls")).toBe("0\n1\n2\n");
    expect(await cluster.json("osd", "ls", "down")).toEqual([]);
    expect(await cluster.out("osd", "info", "osd.1")).toContain(
      "location          root=default host=h1\n",
    );
    expect(await cluster.json("osd", "info", "1")).toMatchObject({
      osd: 1,
      status: "up",
      host: "h1",
    });
    expect(await cluster.run("osd", "info", "9")).toMatchObject({ exitCode: 3 });
    expect(await cluster.out("osd", "df")).toContain(
      " 1  ssd     0.010     1.000  10 GiB  1.0 GiB  9.0 GiB  10.0%  1.00    0  up\n",
    );
    expect((await cluster.json("osd", "df")).rows).toHaveLength(3);
  });

  test("marks and weights OSDs, by whichever of their names", async () => {
    expect(await cluster.out("osd", "out", "0", "osd.1")).toMatch(
      /^epoch \d+: mark osd\.0, osd\.1 out\n$/,
    );
    expect(await cluster.out("osd", "in", "0,1")).toMatch(/mark osd\.0, osd\.1 in\n$/);
    expect(await cluster.out("osd", "reweight", "0", "0.5")).toContain("reweight osd.0 to 0.5");
    expect(await cluster.out("osd", "primary-affinity", "0", "0")).toContain("osd.0 to 0");
    expect(await cluster.out("osd", "crush-reweight", "0", "2")).toContain(
      '"osd.0" the CRUSH weight 2.000',
    );
    expect(await cluster.out("osd", "tree")).toContain("osd.0     up       0.50000  0.00000\n");
    expect(await cluster.out("osd", "in", "0", "1", "2")).toContain("are in already");
    await cluster.out("osd", "reweight", "0", "1");
  });

  test("answers whether OSDs are needed, with an exit code", async () => {
    expect(await cluster.out("osd", "ok-to-stop", "0", "1")).toContain(
      "osd.0, osd.1 are ok to stop",
    );
    expect(await cluster.json("osd", "safe-to-destroy", "2")).toMatchObject({
      found: { safeToDestroy: [2] },
    });
    expect(await cluster.run("osd", "ok-to-stop", "8")).toMatchObject({ exitCode: 3, out: "" });
  });

  test("takes an id through its life, and asks before what cannot be undone", async () => {
    expect((await cluster.json("osd", "new")).found).toEqual({ osd: 3 });
    expect(await cluster.out("osd", "new", "cafe", "--id", "5")).toContain("add osd.5");
    const asked = await cluster.run("osd", "purge", "5");
    expect(asked).toMatchObject({ exitCode: 3, out: "" });
    expect(asked.err).toContain("add --yes-i-really-mean-it if that is meant");
    expect(await cluster.out("osd", "destroy", "3", "--yes-i-really-mean-it")).toContain(
      "destroy osd.3",
    );
    expect(await cluster.out("osd", "purge", "5", "--yes-i-really-mean-it")).toContain(
      "purge osd.5",
    );
    expect((await cluster.run("osd", "lost", "3")).err).toContain("was never up");
    expect((await cluster.run("osd", "destroy", "0")).err).toContain("is up; it must be down");
    await cluster.out("osd", "purge", "3", "--yes-i-really-mean-it");
  });

  test("set-ratios prints and sets when OSDs count as full", async () => {
    expect(await cluster.out("osd", "set-ratios")).toBe(
      "nearfull      0.85\nbackfillfull  0.9\nfull          0.95\n",
    );
    expect(await cluster.out("osd", "set-ratios", "--nearfull", "0.8")).toContain("nearfull 0.8,");
    expect((await cluster.run("osd", "set-ratios", "--full", "0.5")).err).toContain(
      "it must be 0 <",
    );
    expect(await cluster.json("osd", "set-ratios")).toEqual({
      nearfull: 0.8,
      backfillfull: 0.9,
      full: 0.95,
    });
  });

  test("marks down what then comes back by itself", async () => {
    expect(await cluster.out("osd", "down", "2")).toContain("mark osd.2 down");
  });

  test.each([
    [["osd", "out"], "missing required argument 'osds'"],
    [["osd", "out", "x"], "An OSD is named by its id, as 3 or osd.3."],
    [["osd", "tree", "upp"], "Allowed choices are up, down, in, out, destroyed"],
    [["osd", "reweight", "1", "-1"], "A number from 0 up is needed"],
    [["osd", "tre"], "Did you mean tree?"],
  ])("%j is wrong usage", async (words, message) => {
    const { err, exitCode } = await cluster.run(...words);
    expect(exitCode).toBe(2);
    expect(err).toContain(message);
  });
});
