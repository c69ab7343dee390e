import { describe, expect, test } from "vitest";
import {
  crushItems,
  crushRules,
  itemLines,
  profilesOf,
  ruleReportLines,
} from "../../../cli/crush/crush-items.ts";
import { setDeviceClass } from "../../../crush/builder.ts";
import { addRule } from "../../../crush/rule-builder.ts";
import { LEGACY_TUNABLES, OPTIMAL_TUNABLES } from "../../../crush/tunables.ts";
import { osdMapWorld } from "../../cluster/map/osd-map-world.ts";

const { crush } = osdMapWorld({ racks: 1, hosts: 2, osds: 1 });

describe("items of the CRUSH map", () => {
  test("are all buckets, without shadow trees", () => {
    const classed = setDeviceClass(crush, { device: "osd.0", deviceClass: "ssd" });
    expect(itemLines(crushItems(classed)).join("")).toMatchInlineSnapshot(`
      "ID  TYPE  NAME      WEIGHT  ITEMS
      -1  host  host0    1.00000      1
      -2  host  host1    1.00000      1
      -3  rack  rack0    2.00000      2
      -4  root  default  2.00000      1
      "
    `);
    expect(crushItems(classed)).toEqual(crushItems(crush));
  });

  test("or what one bucket holds", () => {
    expect(crushItems(crush, "host1")).toEqual([{ id: 1, name: "osd.1", type: "osd", weight: 1 }]);
    expect(crushItems(crush, "rack0").map(({ name }) => name)).toEqual(["host0", "host1"]);
    expect(() => crushItems(crush, "hostt1")).toThrow(
      /no bucket "hostt1" \(did you mean host1\?\)/,
    );
  });
});

describe("rules", () => {
  test("are told as their steps", () => {
    const made = addRule(crush, {
      name: "ec",
      type: "erasure",
      root: "default",
      failureDomain: "host",
    });
    expect(ruleReportLines(crushRules(made, "ec")).join("")).toMatchInlineSnapshot(`
      "rule ec (2): erasure, for pools of size 3 to 20
          set_chooseleaf_tries 5
          set_choose_tries 100
          take default
          chooseleaf indep 0 type host
          emit
      "
    `);
    expect(crushRules(made).length).toBe(crushRules(crush).length + 1);
    expect(() => crushRules(made, "ecc")).toThrow(/no rule "ecc" \(did you mean ec\?\)/);
  });
});

test("tunables are those of profiles, or of none", () => {
  expect(profilesOf(OPTIMAL_TUNABLES)).toEqual(["jewel", "optimal", "default"]);
  expect(profilesOf(LEGACY_TUNABLES)).toEqual(["legacy", "argonaut"]);
  expect(profilesOf({ ...OPTIMAL_TUNABLES, chooseTotalTries: 7 })).toEqual([]);
});
