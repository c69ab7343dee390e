import { describe, expect, test } from "vitest";
import { CONFIG_TABLES } from "../../../cli/config/config-tables.ts";
import {
  coveredBy,
  effectiveSettings,
  kindOf,
  levelsFor,
  settingHelps,
  settingName,
} from "../../../cli/config/effective.ts";

const TABLE = CONFIG_TABLES.controller;
const entry = (who: string, name: string, text: string) => ({ who, name, text });

test.each([
  ["global", ["global"]],
  ["controller", ["global", "controller"]],
  ["controller.a", ["global", "controller", "controller.a"]],
])("%s hears what is said to %j", (who, levels) => expect(levelsFor(who)).toEqual(levels));

test("settings go by their name however it is spelt", () => {
  for (const text of ["down-out-interval", "downOutInterval", "down_out_interval"]) {
    expect(settingName(text)).toBe("down-out-interval");
  }
  expect(kindOf("osd.3")).toBe("osd");
});

describe("what counts", () => {
  const entries = [
    entry("controller.a", "balancer", "off"),
    entry("controller", "balancer", "on"),
    entry("global", "epochs-kept", "7"),
  ];
  const whatCounts = (who: string, name: string): unknown =>
    effectiveSettings(TABLE, entries, who).find((one) => one.name === name);

  test("is what the narrowest says, else the default", () => {
    expect(whatCounts("controller.a", "balancer")).toMatchObject({
      value: "off",
      source: "controller.a",
    });
    expect(whatCounts("controller.b", "balancer")).toMatchObject({
      value: "on",
      source: "controller",
    });
    expect(whatCounts("controller.b", "epochs-kept")).toMatchObject({
      value: "7",
      source: "global",
    });
    expect(whatCounts("controller", "min-in-ratio")).toMatchObject({
      value: "0.75",
      source: "default",
    });
    expect(effectiveSettings(TABLE, [], "controller")).toHaveLength(Object.keys(TABLE).length);
  });

  test("and who does not hear it is told to whoever sets it", () => {
    expect(coveredBy(entries, { who: "global", name: "balancer" })).toEqual(entries.slice(0, 2));
    expect(coveredBy(entries, { who: "controller.a", name: "balancer" })).toEqual([]);
    expect(coveredBy(entries, { who: "controller.b", name: "balancer" })).toEqual([]);
  });
});

test("every setting is explained", () => {
  const helps = settingHelps(CONFIG_TABLES);
  expect(helps).toHaveLength(Object.keys(TABLE).length);
  expect(helps.find(({ name }) => name === "down-out-interval")).toMatchObject({
    kind: "controller",
    default: "10m",
    isRuntime: true,
    expects: expect.stringContaining("a duration"),
  });
});
