import { describe, expect, test } from "vitest";
import { diffLines, movedLines } from "../../../cli/crush/diff.ts";
import { addDevice, renameItem, reweightItem, setDeviceClass } from "../../../crush/builder.ts";
import { addRule, removeRule } from "../../../crush/rule-builder.ts";
import { compileText } from "../../../crush/text.ts";
import type { CrushMap } from "../../../crush/types.ts";
import { SAMPLE } from "../../crush/map-texts.ts";

const MAP = compileText(SAMPLE);
const ONE = 0x10000;

/** The sample with a piece of its text replaced. */
function changed(from: string, to: string): CrushMap {
  return compileText(SAMPLE.replace(from, to));
}

describe("the difference of two maps", () => {
  test("is nothing where they are equal", () => {
    expect(diffLines(MAP, compileText(SAMPLE))).toEqual([]);
  });

  const device = { id: 9, name: "osd.9", weight: ONE, parent: "a", deviceClass: "hdd" };
  const rule = { name: "new", root: "default", failureDomain: "host", type: "replicated" } as const;

  test.each<[CrushMap, string[]]>([
    [changed("total_tries 50", "total_tries 51"), ["tunable choose_total_tries: 50 -> 51"]],
    [changed("type 1 host", "type 1 host\ntype 5 room"), ["type 5 room: added"]],
    [
      addDevice(MAP, device),
      [
        "device 9 osd.9: added",
        "device 9 osd.9: class none -> hdd",
        "bucket -1 default: a weight 3.000 -> 4.000",
        "bucket -2 a: + osd.9 weight 1.000",
      ],
    ],
    [
      reweightItem(MAP, { item: "osd.3", weight: ONE }),
      ["bucket -1 default: b weight 2.500 -> 2.000", "bucket -3 b: osd.3 weight 1.500 -> 1.000"],
    ],
    [
      setDeviceClass(MAP, { device: "osd.0", deviceClass: "ssd" }),
      ["device 0 osd.0: class hdd -> ssd"],
    ],
    [renameItem(MAP, { from: "a", to: "z" }), ["bucket -2 a: renamed to z"]],
    [
      changed("alg straw2", "alg list hash 1"),
      ["bucket -2 a: alg straw2 -> list", "bucket -2 a: hash 0 -> 1"],
    ],
    [changed("host a", "root a"), ["bucket -2 a: type host -> root"]],
    [removeRule(MAP, "all"), ["rule 0 all: removed"]],
    [addRule(MAP, rule), ["rule 2 new: added"]],
    [
      compileText(`${SAMPLE}choose_args 18446744073709551615 { } choose_args 3 { }`),
      ["choose_args 3: added", "choose_args (default): added"],
    ],
  ])("%# is told", (after, lines) => {
    expect(diffLines(MAP, after)).toEqual(lines.map((line) => `${line}\n`));
  });

  test("is told the other way round too", () => {
    expect(diffLines(addDevice(MAP, device), MAP)).toContain("bucket -2 a: - osd.9 weight 1.000\n");
    expect(diffLines(addRule(MAP, rule), MAP)).toEqual(["rule 2 new: removed\n"]);
  });

  test("of two rules is told by their texts", () => {
    const lines = diffLines(MAP, changed("max_size 10", "max_size 9"));
    expect(lines[0]).toBe("rule 0 all: changed\n");
    expect(lines).toContain("  - max_size 10\n");
    expect(lines).toContain("  + max_size 9\n");
  });

  test("of choose_args is told by bucket", () => {
    const args = (weight: number): CrushMap =>
      compileText(`${SAMPLE}choose_args 1 { { bucket_id -2 weight_set [ [ 1 ${weight} ] ] } }`);
    expect(diffLines(args(1), args(2))).toEqual(["choose_args 1: bucket a changed\n"]);
  });
});

describe("the share of replicas that move", () => {
  const options = { x: { min: 0, max: 999 }, numRep: 2 };

  test("is none between equal maps", () => {
    expect([...movedLines(MAP, MAP, options)]).toEqual([
      "rule 0 (all): 0 of 2000 replicas move (0.00 %)\n",
      "rule 1 (fast): 0 of 2000 replicas move (0.00 %)\n",
    ]);
  });

  test("is small for a small change, and only of rules in both", () => {
    const after = removeRule(reweightItem(MAP, { item: "osd.3", weight: ONE }), "fast");
    const [line = "", ...others] = movedLines(MAP, after, options);
    expect(others).toEqual([]);
    const share = Number(/\((\d+\.\d+) %\)/.exec(line)?.[1]);
    expect(share).toBeGreaterThan(0);
    expect(share).toBeLessThan(20);
  });
});
