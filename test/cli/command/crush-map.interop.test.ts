/** What `kelp crush export` writes, as Ceph's own osdmaptool understands it. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { placementOf } from "../../../cluster/map/osd-map-placement.ts";
import { interopTool } from "../../support/interop.ts";
import { CLUSTER_ID, KelpCluster } from "../kelp-cluster.ts";

interopTool({ command: "osdmaptool", debianPackage: "ceph-base" })("an exported map", () => {
  let cluster: KelpCluster;
  let folder: string;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "kelp-export-"));
    cluster = await KelpCluster.start();
    await cluster.bootOsds(4);
    await cluster.out("pool", "create", "rbd", "32", "--application", "rbd");
    await cluster.out("osd", "out", "3");
    await cluster.out("flag", "set", "noout");
    await cluster.out("crush", "export", "--osdmap", join(folder, "osdmap"));
  }, 30_000);
  afterAll(async () => {
    await cluster.stop();
    rmSync(folder, { recursive: true });
  });

  const osdmaptool = (...words: string[]): string =>
    execFileSync("osdmaptool", [join(folder, "osdmap"), ...words], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    });

  test("is printed with what it has", () => {
    const printed = osdmaptool("--print");
    expect(printed).toContain(`fsid ${CLUSTER_ID}\n`);
    expect(printed).toContain(`epoch ${cluster.map.epoch}\n`);
    expect(printed).toMatch(/^flags .*noout/m);
    expect(printed).toMatch(/^pool 1 'rbd' replicated size 3 min_size 2 .* pg_num 32 /m);
    expect(printed).toMatch(/^osd\.0 up {3}in {2}weight 1 /m);
    expect(printed).toMatch(/^osd\.3 up {3}out weight 0 /m);
  });

  test("places every PG where kelp pg map says", async () => {
    const dumped = osdmaptool("--test-map-pgs-dump", "--pool", "1");
    const rows = [...dumped.matchAll(/^1\.([0-9a-f]+)\t\[([\d,]*)\]/gm)];
    expect(rows).toHaveLength(32);
    for (const [, seed = "", osds = ""] of rows) {
      const pg = {
        pool: [...cluster.map.pools.keys()][0] ?? (0 as never),
        seed: Number.parseInt(seed, 16),
      };
      expect(placementOf(cluster.map).pgToUp(pg).osds.join()).toBe(osds);
    }
    const mapping = await cluster.json("pg", "map", "1.1f");
    expect(mapping.up.osds.join()).toBe(rows.find(([, seed]) => seed === "1f")?.[2]);
  });
});
