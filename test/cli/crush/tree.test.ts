import { describe, expect, test } from "vitest";
import { treeLines } from "../../../cli/crush/tree.ts";
import { compileText } from "../../../crush/text.ts";
import { SAMPLE } from "../../crush/map-texts.ts";

describe("a tree", () => {
  test("is a table with one item a line", () => {
    expect(treeLines(compileText(SAMPLE), { withShadows: false }).join("")).toBe(`\
ID  CLASS  WEIGHT  TYPE  NAME
-1          5.500  root  default
-2          3.000  host    a
 0  hdd     1.000  osd       osd.0
 1  ssd     2.000  osd       osd.1
-3          2.500  host    b
 2  hdd     1.000  osd       osd.2
 3  ssd     1.500  osd       osd.3
`);
  });

  test("has shadow trees on request", () => {
    const lines = treeLines(compileText(SAMPLE), { withShadows: true });
    expect(lines.filter((line) => line.includes("~"))).toEqual([
      "-9  ssd     3.500  root  default~ssd\n",
      "-7  ssd     2.000  host    a~ssd\n",
      "-8  ssd     1.500  host    b~ssd\n",
      "-6  hdd     2.000  root  default~hdd\n",
      "-4  hdd     1.000  host    a~hdd\n",
      "-5  hdd     1.000  host    b~hdd\n",
    ]);
  });

  test("shows a bucket that stands in two others in full once", () => {
    const map = compileText(`device 0 osd.0 type 1 host type 2 root host a { alg list item osd.0 }
      root r { alg list item a } root s { alg list item a weight 7 }`);
    expect(treeLines(map, { withShadows: false }).join("")).toBe(`\
ID  CLASS  WEIGHT  TYPE  NAME
-3          7.000  root  s
-1          7.000  host    a
 0          1.000  osd       osd.0
-2          1.000  root  r
-1          1.000  host    a (as above)
`);
  });

  test("stays within 80 columns, however deep it is and long its names are", () => {
    const levels = Array.from(
      { length: 90 },
      (_, index) =>
        `host ${"x".repeat(70)}${index} { alg list ${index > 0 ? `item ${"x".repeat(70)}${index - 1}` : ""} }`,
    );
    const lines = treeLines(compileText(`type 1 host ${levels.join("\n")}`), {
      withShadows: false,
    });
    expect(lines).toHaveLength(91);
    expect(lines.filter((line) => line.trimEnd().length > 80)).toEqual([]);
  });

  test("grows with the number of buckets, not with the number of ways to them", () => {
    const levels = Array.from(
      { length: 60 },
      (_, index) =>
        `host h${index} { alg list ${index > 0 ? `item h${index - 1} item h${index - 1}` : ""} }`,
    );
    const map = compileText(`type 1 host ${levels.join("\n")}`);
    expect(treeLines(map, { withShadows: false }).length).toBeLessThan(200);
  });
});
