import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { pairsOf } from "../../../cli/command/upmap.ts";
import { present } from "../../../cluster/base/assert.ts";
import { placementOf } from "../../../cluster/map/osd-map-placement.ts";
import { parsePgId } from "../../../cluster/map/pg-id.ts";
import { KelpCluster } from "../kelp-cluster.ts";

describe("pairs of OSDs", () => {
  test.each([
    [["3:7"], [[3, 7]]],
    [
      ["osd.3:osd.7", "4:8"],
      [
        [3, 7],
        [4, 8],
      ],
    ],
    [
      ["3", "7", "4", "8"],
      [
        [3, 7],
        [4, 8],
      ],
    ],
  ])("%j", (words, pairs) => {
    expect(pairsOf(words).map(({ from, to }) => [from, to])).toEqual(pairs);
  });

  test.each([[["3"]], [["3:"]], [["3:4:5"]], [["3", "4", "5"]], [["3:x"]]])(
    "%j are none",
    (words) => {
      expect(() => pairsOf(words)).toThrow(/as 3:7|as 3 or osd\.3/);
    },
  );
});

test("a PG has no more than a pool's size may be", () => {
  expect(() => pairsOf(Array.from({ length: 65 }, (_, osd) => `${osd}:${osd + 100}`))).toThrow(
    "A PG is on at most 64 OSDs.",
  );
});

describe("kelp upmap", () => {
  let cluster: KelpCluster;
  beforeAll(async () => {
    cluster = await KelpCluster.start();
    await cluster.bootOsds(4);
    await cluster.out("pool", "create", "p", "4");
  }, 30_000);
  afterAll(() => cluster.stop());
  const rowOf = (): readonly number[] =>
    placementOf(cluster.map).pgToUp(present(parsePgId("1.0"), "PG 1.0")).osds;

  test("puts a PG elsewhere and back", async () => {
    const before = [...rowOf()];
    const [first = -1] = before;
    const other = [0, 1, 2, 3].find((osd) => !before.includes(osd)) ?? -1;
    await cluster.out("upmap", "pg-upmap-items", "1.0", `${first}:${other}`);
    expect(rowOf()).toContain(other);
    expect(await cluster.out("upmap", "ls")).toBe(
      `PG   UPMAP\n1.0  osd.${first} -> osd.${other}\n`,
    );
    await cluster.out("upmap", "rm", "1.0");
    expect(rowOf()).toEqual(before);
    const wanted = [other, ...before.slice(1)].map(String);
    await cluster.out("upmap", "pg-upmap", "1.0", ...wanted);
    expect(await cluster.json("upmap", "ls")).toEqual({
      rows: [{ pg: "1.0", osds: wanted.map(Number) }],
      items: [],
    });
    await cluster.out("upmap", "rm", "1.0", "--row");
    expect(rowOf()).toEqual(before);
    const wrong = await cluster.run("upmap", "pg-upmap-items", "1.0", "3");
    expect(wrong).toMatchObject({ exitCode: 2, err: expect.stringContaining("as 3:7") });
  });
});
