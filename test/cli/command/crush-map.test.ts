import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { decodeBinary } from "../../../crush/binary.ts";
import { printText } from "../../../crush/text-printer.ts";
import { KelpCluster } from "../kelp-cluster.ts";

let cluster: KelpCluster;
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "kelp-crush-map-"));
  cluster = await KelpCluster.start();
  await cluster.bootOsds(3);
}, 30_000);
afterAll(async () => {
  await cluster.stop();
  await rm(folder, { recursive: true });
});

const crush = (...words: string[]): Promise<string> => cluster.out("crush", ...words);
const namesIn = async (bucket: string): Promise<string[]> =>
  (await cluster.json("crush", "ls", bucket)).map(({ name }: { name: string }) => name);

describe("kelp crush, on the cluster's map", () => {
  test("moves buckets about and lists them", async () => {
    expect(await crush("add-bucket", "r1", "rack", "default")).toContain(
      'add rack "r1" to "default"',
    );
    await crush("add-bucket", "r2", "rack");
    await crush("move", "h0", "rack=r1");
    expect(await namesIn("r1")).toEqual(["h0"]);
    await crush("link", "h1", "r1");
    expect(await namesIn("r1")).toEqual(["h0", "h1"]);
    await crush("unlink", "h1", "r1");
    await crush("swap", "r1", "r2");
    expect(await namesIn("default")).toContain("r2");
    expect(await namesIn("default")).not.toContain("r1");
    await crush("rename", "r2", "row2");
    await crush("move", "h0", "root=default");
    await crush("rm", "row2");
    await crush("remove", "r1");
    expect(await crush("ls")).toMatch(/^ ID {2}TYPE {2}NAME +WEIGHT {2}ITEMS\n/);
    expect(await namesIn("default")).toEqual(expect.arrayContaining(["h0", "h1", "h2"]));
  });

  test("weighs and classifies devices", async () => {
    await crush("reweight", "h1", "2");
    expect(await cluster.json("crush", "ls", "h1")).toMatchObject([{ name: "osd.1", weight: 2 }]);
    await crush("rm-device-class", "0", "1");
    expect(await crush("set-device-class", "nvme", "0", "osd.1")).toContain('to "nvme"');
    expect(await cluster.out("osd", "tree")).toMatch(/ 0 {2}nvme /);
    await cluster.out("osd", "new", "cafe", "--id", "7");
    expect(await crush("add", "7", "1.5", "host=h2", "--class", "ssd")).toContain(
      "with weight 1.500",
    );
    await crush("remove", "osd.7");
  });

  test("makes and removes rules", async () => {
    await crush("rule", "create-replicated", "fast", "default", "host", "nvme");
    await crush("rule", "create-erasure", "ec", "default", "host");
    expect(await cluster.json("crush", "rule", "ls")).toEqual(
      expect.arrayContaining(["fast", "ec"]),
    );
    expect(await crush("rule", "dump", "fast")).toContain("    take default class nvme\n");
    await crush("rule", "rm", "fast");
    await crush("rule", "rm", "ec");
    const unknown = await cluster.run("crush", "rule", "create-replicated", "x", "defalt", "host");
    expect(unknown.err).toContain("Did you mean default?");
  });

  test("prints and sets tunables", async () => {
    await crush("tunables", "hammer");
    expect(await crush("tunables")).toMatch(/^profile +hammer\n/);
    expect(await cluster.json("crush", "tunables")).toMatchObject({ profiles: ["hammer"] });
    await crush("tunables", "optimal");
  });

  test("goes out as text or binary, and back in", async () => {
    const [binary, text] = [join(folder, "map"), join(folder, "map.txt")];
    expect(await crush("get-map", "-o", binary)).toBe("");
    await crush("get-map", "-o", text, "--text");
    expect(printText(decodeBinary(await readFile(binary)))).toBe(await readFile(text, "utf8"));
    expect(await crush("get-map", "--text")).toBe(await readFile(text, "utf8"));
    expect(await crush("set-map", binary)).toContain("the CRUSH map is that one already");
    const edited = (await readFile(text, "utf8")).replace("weight 2.000", "weight 3.000");
    await writeFile(text, edited);
    expect(await crush("set-map", text)).toContain("replace the CRUSH map");
    await writeFile(text, "no map");
    expect(await cluster.run("crush", "set-map", text)).toMatchObject({ exitCode: 3 });
    await writeFile(text, "x".repeat(4 << 20));
    const large = await cluster.run("crush", "set-map", text);
    expect(large).toMatchObject({ exitCode: 1, err: expect.stringContaining("crush compile") });
    const missing = await cluster.run("crush", "set-map", join(folder, "nowhere"));
    expect(missing).toMatchObject({ exitCode: 1, err: expect.stringContaining("ENOENT") });
  });

  test("is exported with the whole cluster map", async () => {
    const file = join(folder, "osdmap");
    const { epoch, bytes } = await cluster.json("crush", "export", "--osdmap", file);
    expect(epoch).toBe(cluster.map.epoch);
    expect((await readFile(file)).byteLength).toBe(bytes);
    const nowhere = await cluster.run("crush", "export", "--osdmap", join(folder, "no", "file"));
    expect(nowhere).toMatchObject({ exitCode: 1, err: expect.stringContaining("ENOENT") });
  });
});
