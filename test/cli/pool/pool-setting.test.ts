import { describe, expect, test } from "vitest";
import { poolList } from "../../../cli/pool/pool-list.ts";
import {
  POOL_SETTINGS,
  poolFields,
  poolSetting,
  SETTABLE,
  settingHelp,
} from "../../../cli/pool/pool-setting.ts";
import { present } from "../../../cluster/base/assert.ts";
import { osdMapWorld } from "../../cluster/map/osd-map-world.ts";

describe("a setting of a pool", () => {
  test.each([
    ["size", "3", { size: 3 }],
    ["min_size", "2", { minSize: 2 }],
    ["min-size", "2", { minSize: 2 }],
    ["crush_rule", "ssd", { rule: "ssd" }],
    ["rule", "ssd", { rule: "ssd" }],
    ["application", "s3", { application: "s3" }],
    ["nodelete", "1", { nodelete: true }],
    ["quota_bytes", "10GiB", { quotaBytes: 10 * 2 ** 30 }],
    ["quota_objects", "0", { quotaObjects: 0 }],
  ])("%s takes %s", (name, text, change) => expect(poolSetting(name).parse(text)).toEqual(change));

  test.each([
    ["sise", "3", /no setting "sise" \(did you mean size\?\)/],
    ["constructor", "3", /no setting "constructor"/],
    ["pg_num", "64", /fixed when the pool is created/],
    ["size", "three", /whole number/],
    ["quota_bytes", "10GB", /a size such as/],
  ])("%s does not take %s", (name, text, message) => {
    expect(() => poolSetting(name).parse(text)).toThrow(message);
  });
});

test("all settings are printed, or one", () => {
  const map = osdMapWorld({ racks: 1, hosts: 3, osds: 1 }, { pools: [{ pgNum: 32 }] });
  const pool = present(poolList(map)[0], "the pool");
  expect(poolFields(pool, undefined).map(([name]) => name)).toEqual(Object.keys(POOL_SETTINGS));
  expect(poolFields(pool, "pg_num")).toEqual([["pg_num", "32"]]);
  expect(poolFields({ ...pool, rule: undefined }, "crush_rule")).toEqual([["crush_rule", "none"]]);
});

test("help names all that can be set, and nothing else", () => {
  expect(
    settingHelp()
      .split("\n")
      .slice(2)
      .map((line) => line.trim().split(" ")[0]),
  ).toEqual(SETTABLE);
  expect(SETTABLE).not.toContain("pg_num");
});
