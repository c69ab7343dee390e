import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { decodeBinary } from "../../crush/binary.ts";
import { compileText } from "../../crush/text.ts";
import { printText, ruleLines } from "../../crush/text-printer.ts";
import type { CrushMap } from "../../crush/types.ts";
import { SAMPLE } from "./map-texts.ts";

const FOLDER = new URL("../golden/crush/", import.meta.url);
const SAMPLE_MAP = compileText(SAMPLE);

describe("a printed map", () => {
  test("is byte for byte what crushtool prints", () => {
    let checked = 0;
    for (const file of readdirSync(FOLDER).filter((name) => name.endsWith(".json"))) {
      const { binB64, decompiledSha256 } = JSON.parse(readFileSync(new URL(file, FOLDER), "utf8"));
      if (binB64 === undefined) continue;
      const text = printText(decodeBinary(Buffer.from(binB64, "base64")));
      expect(createHash("sha256").update(text).digest("hex"), file).toBe(decompiledSha256);
      checked += 1;
    }
    expect(checked).toBeGreaterThan(40);
  });

  test("has what is in it from below up", () => {
    expect(printText(SAMPLE_MAP)).toMatch(/host a \{[^}]*\}\nhost b \{[^}]*\}\nroot default \{/);
  });

  test("says which classes its shadows are of", () => {
    const text = printText(SAMPLE_MAP);
    expect(text).toContain(
      "\tid -1\t\t# do not change unnecessarily\n\tid -6 class hdd\t\t# do not",
    );
    expect(text).toContain("\tstep take default class ssd\n");
    expect(text).not.toContain("~");
  });
});

describe("a map that lacks names or was written by another release", () => {
  const changed: [what: string, map: CrushMap, part: string | RegExp][] = [
    ["a type", { ...SAMPLE_MAP, typeNames: new Map([[2, "root"]]) }, "\ntype1 a {\n"],
    ["the type of devices", { ...SAMPLE_MAP, typeNames: new Map() }, "# types\ntype 0 osd\n"],
    ["a rule", { ...SAMPLE_MAP, ruleNames: new Map() }, "\nrule  {\n\tid 0\n"],
    ["a device", withoutItem(0), "\titem device0 weight 1.000\n"],
    ["a class", { ...SAMPLE_MAP, classNames: new Map() }, "device 0 osd.0\n"],
    [
      "a fitting ruleset",
      { ...SAMPLE_MAP, rules: [{ ruleset: 3, type: 2, minSize: 1, maxSize: 2, steps: [] }] },
      "\tid 0\n\t# WARNING: ruleset 3 != id 0; this will not recompile to the same map\n\ttype 2\n",
    ],
    [
      "steps that are known",
      {
        ...SAMPLE_MAP,
        rules: [
          {
            ruleset: 0,
            type: 1,
            minSize: 1,
            maxSize: 2,
            steps: [
              { op: 0, arg1: 0, arg2: 0 },
              { op: 77, arg1: 0, arg2: 0 },
              { op: 1, arg1: 9, arg2: 0 },
              { op: 4, arg1: 0, arg2: 0 },
            ],
          },
        ],
      },
      "\tstep noop\n\tstep take device9\n\tstep emit\n}",
    ],
  ];

  test.each(changed)("lacks %s", (_, map, part) => {
    expect(printText(map)).toContain(part);
  });

  test("does not print a bucket whose name could not be read back", () => {
    const map = { ...SAMPLE_MAP, itemNames: new Map(SAMPLE_MAP.itemNames).set(-2, "host a") };
    const text = printText(map);
    expect(text).not.toContain("host host a {");
    expect(text).toContain("\titem host a weight 3.000\n");
  });
});

function withoutItem(id: number): CrushMap {
  const itemNames = new Map(SAMPLE_MAP.itemNames);
  itemNames.delete(id);
  return { ...SAMPLE_MAP, itemNames };
}

test("one rule is printed as it stands in the whole", () => {
  const lines = ruleLines(SAMPLE_MAP, 1);
  expect(lines).toHaveLength(10);
  expect(printText(SAMPLE_MAP)).toContain(lines.join("\n"));
  expect(ruleLines(SAMPLE_MAP, 5)).toEqual([]);
});
