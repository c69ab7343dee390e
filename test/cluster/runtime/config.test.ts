import { inspect } from "node:util";
import fc from "fast-check";
import { describe, expect, expectTypeOf, test } from "vitest";
import { AssertionError } from "../../../cluster/base/assert.ts";
import { isClusterError } from "../../../cluster/base/error.ts";
import { defineConfig, loadConfig } from "../../../cluster/runtime/config.ts";
import { type ConfigSources, SOURCES } from "../../../cluster/runtime/config-sources.ts";
import {
  address,
  choice,
  duration,
  integer,
  list,
  type Secret,
  secret,
  text,
} from "../../../cluster/runtime/config-value.ts";

const table = defineConfig({
  listen: address({ about: "where clients connect", default: "127.0.0.1:6800" }),
  monitors: list(address, { about: "who keeps the map", default: ["a:2181"] }),
  downOutInterval: duration({
    about: "how long an OSD may be down before its data moves",
    default: "10m",
    min: "1s",
    runtime: true,
  }),
  size: integer({ about: "copies of an object", default: 3, min: 1, max: 9, runtime: true }),
  queue: choice({ about: "who goes first", of: ["fifo", "mclock"], default: "mclock" }),
  motto: text({ about: "shown at login", runtime: true }),
  clusterKey: secret({ about: "proves membership" }),
});

function refusal(sources: ConfigSources): string {
  try {
    loadConfig(table, sources);
  } catch (error) {
    if (isClusterError(error, "CONFIG_INVALID")) return error.message;
    throw error;
  }
  return "";
}

test("the types of the values follow from the table", () => {
  const config = loadConfig(table, {});
  expectTypeOf(config.get("size")).toEqualTypeOf<number>();
  expectTypeOf(config.get("queue")).toEqualTypeOf<"fifo" | "mclock">();
  expectTypeOf(config.get("motto")).toEqualTypeOf<string | undefined>();
  expectTypeOf(config.values.monitors).toEqualTypeOf<readonly string[]>();
  expectTypeOf(config.values.clusterKey).toEqualTypeOf<Secret | undefined>();
  expect(config.values).toEqual({
    listen: "127.0.0.1:6800",
    monitors: ["a:2181"],
    downOutInterval: 600_000,
    size: 3,
    queue: "mclock",
    motto: undefined,
    clusterKey: undefined,
  });
});

describe("the strongest source wins", () => {
  const layers = {
    flag: { flags: { size: "4" } },
    environment: { environment: { KELP_SIZE: "5" } },
    central: { central: { size: "6" } },
    file: { file: { path: "kelp.conf", text: "\nsize = 7" } },
    default: {},
  } satisfies Record<(typeof SOURCES)[number], ConfigSources>;
  const expected = {
    flag: { value: 4, where: "--size" },
    environment: { value: 5, where: "KELP_SIZE" },
    central: { value: 6, where: "central configuration, size" },
    file: { value: 7, where: "kelp.conf:2" },
    default: { value: 3, where: "default" },
  };
  test.each(SOURCES)("%s, over all that are weaker", (source) => {
    const weaker = SOURCES.slice(SOURCES.indexOf(source)).map((name) => layers[name]);
    const config = loadConfig(table, Object.assign({}, ...weaker));
    expect(config.get("size")).toBe(expected[source].value);
    expect(config.sourceOf("size")).toEqual({ source, where: expected[source].where });
  });
});

test("everything wrong is told at once, each with its place", () => {
  const message = refusal({
    flags: { sise: "3", listen: "nowhere" },
    environment: { KELP_QUEUE: "lifo", KELP_SIZEE: "3" },
    file: { path: "/etc/kelp.conf", text: "size = 0\nqueue\nsize = 3" },
  });
  expect(message.split("\n")).toEqual([
    '/etc/kelp.conf:2: expected a line "name = value"',
    '/etc/kelp.conf:1: size is "0", expected a whole number, at least 1, at most 9',
    'KELP_QUEUE: queue is "lifo", expected one of fifo, mclock',
    'KELP_SIZEE: there is no setting "sizee", did you mean KELP_SIZE?',
    '--sise: there is no setting "sise", did you mean --size?',
    expect.stringMatching(/^--listen: listen is "nowhere", expected an address/),
  ]);
});

test("a variable of somebody else with our prefix, and a bad central entry, are warnings", () => {
  const config = loadConfig(table, {
    environment: { KELP_HOME: "/srv", KELP_SIZE: "4" },
    central: { size: "99", "from-the-future": "1" },
  });
  expect(config.get("size")).toBe(4);
  expect(config.warnings).toEqual([
    expect.stringMatching(/^central configuration, size: size is "99"/),
    expect.stringContaining("from-the-future"),
    expect.stringMatching(/^KELP_HOME: .* ignored$/),
  ]);
});

test("a row explains each setting, in the order of the table", () => {
  const config = loadConfig(table, { flags: { "down-out-interval": "90s" } });
  const rows = config.explain();
  expect(rows.map(({ name }) => name).slice(0, 3)).toEqual([
    "listen",
    "monitors",
    "down-out-interval",
  ]);
  expect(rows[2]).toEqual({
    name: "down-out-interval",
    value: "90s",
    source: "flag",
    where: "--down-out-interval",
    default: "10m",
    expects: 'a duration such as "250ms" or "10m", at least 1s',
    isRuntime: true,
    about: "how long an OSD may be down before its data moves",
  });
});

test("a secret is there for the program and masked everywhere else", () => {
  const config = loadConfig(table, { environment: { KELP_CLUSTER_KEY: "hunter2" } });
  expect(config.get("clusterKey")?.reveal()).toBe("hunter2");
  expect(config.explain().at(-1)?.value).toBe("[secret]");
  const shown = [
    JSON.stringify([config, config.values, config.explain()]),
    inspect([config, config.values, config.explain()], { depth: 9, showHidden: true }),
    `${config} ${config.values.clusterKey}`,
  ];
  expect(shown.join()).not.toContain("hunter2");
});

describe("central changes", () => {
  test("of what can change take effect at once and are told to who listens", () => {
    const config = loadConfig(table, {});
    const seen: unknown[] = [];
    const stop = config.onChange("size", (size) => {
      // All values are in place before the first listener runs.
      seen.push([size, config.get("downOutInterval")]);
    });
    expect(config.updateCentral({ size: "5", "down-out-interval": "1h" }).changes).toEqual([
      expect.objectContaining({ name: "down-out-interval", from: "10m", to: "1h", effect: "now" }),
      expect.objectContaining({ name: "size", from: "3", to: "5", effect: "now" }),
    ]);
    config.updateCentral({ size: "5" });
    expect(seen).toEqual([[5, 3_600_000]]);
    expect(config.get("downOutInterval")).toBe(600_000);
    stop();
    config.updateCentral({});
    expect(config.get("size")).toBe(3);
    expect(seen).toHaveLength(1);
  });

  test("of what cannot change are told, shown and kept for the restart", () => {
    const config = loadConfig(table, {});
    expect(config.updateCentral({ queue: "fifo" }).changes).toEqual([
      {
        name: "queue",
        from: "mclock",
        to: "fifo",
        effect: "restart",
        message: "queue = fifo (was mclock) takes effect after a restart",
      },
    ]);
    expect(config.get("queue")).toBe("mclock");
    const row = config.explain().find(({ name }) => name === "queue");
    expect(row).toMatchObject({ value: "mclock", source: "default", afterRestart: "fifo" });
    expect(config.updateCentral({ queue: "fifo" }).changes).toEqual([]);
    expect(config.updateCentral({}).changes).toEqual([]);
    expect(config.explain().every((each) => each.afterRestart === undefined)).toBe(true);
  });

  test("of what a stronger source sets are told to have no effect", () => {
    const config = loadConfig(table, { flags: { size: "4" } });
    expect(config.updateCentral({ size: "5" }).changes).toEqual([
      expect.objectContaining({
        effect: "overridden",
        message: "central configuration, size has no effect: --size is stronger",
      }),
    ]);
    expect(config.sourceOf("size").source).toBe("flag");
  });

  test("to the same value change only where it comes from", () => {
    const config = loadConfig(table, {});
    expect(config.updateCentral({ size: "3", queue: "mclock" }).changes).toEqual([]);
    expect(config.sourceOf("size").source).toBe("central");
    expect(config.sourceOf("queue").source).toBe("central");
  });

  test("from unset to an empty text are changes", () => {
    const config = loadConfig(table, {});
    expect(config.updateCentral({ motto: "" }).changes).toHaveLength(1);
    expect(config.get("motto")).toBe("");
    expect(config.updateCentral({}).changes).toHaveLength(1);
    expect(config.get("motto")).toBeUndefined();
  });

  test.each([
    ["a value out of range", { motto: "new", size: "10" }],
    ["a bad value beside an unknown name", { motto: "new", size: "ten", sizes: "4" }],
    ["a secret", { motto: "new", "cluster-key-file": "/key" }],
  ])("with %s change nothing", (_what, entries) => {
    const config = loadConfig(table, { central: { motto: "old" } });
    const before = config.explain();
    expect(() => config.updateCentral(entries)).toThrow(/central configuration, /);
    expect(config.explain()).toEqual(before);
  });

  test("with a name that only a newer version knows pass it over, as at start", () => {
    const central = { "from-the-future": "1", sizes: "4", motto: "new" };
    const config = loadConfig(table, {});
    const { changes, warnings } = config.updateCentral(central);
    expect(changes).toEqual([expect.objectContaining({ name: "motto", to: "new", effect: "now" })]);
    expect(config.get("motto")).toBe("new");
    expect(warnings).toEqual([
      'central configuration, from-the-future: there is no setting "from-the-future"',
      'central configuration, sizes: there is no setting "sizes", did you mean size?',
    ]);
    expect(loadConfig(table, { central }).warnings).toEqual(warnings);
  });

  test("cannot be listened for where they never happen", () => {
    const config = loadConfig(table, {});
    expect(() => config.onChange("queue", () => {})).toThrow(AssertionError);
  });

  test("in any order end where a fresh start with the last of them would", () => {
    const entries = fc.record(
      {
        size: fc.constantFrom("3", "4", "5"),
        motto: fc.constantFrom("", "a", "b"),
        queue: fc.constantFrom("fifo", "mclock"),
        "from-the-future": fc.constant("1"),
      },
      { requiredKeys: [] },
    );
    const flags = fc.constantFrom({}, { size: "4" }, { queue: "fifo" });
    fc.assert(
      fc.property(fc.array(entries, { minLength: 1 }), flags, (updates, fixed) => {
        const config = loadConfig(table, { flags: fixed });
        const started = config.get("queue");
        const told: { size: unknown; motto: unknown } = { ...config.values };
        config.onChange("size", (value) => Object.assign(told, { size: value }));
        config.onChange("motto", (value) => Object.assign(told, { motto: value }));
        for (const update of updates) config.updateCentral(update);
        const fresh = loadConfig(table, { flags: fixed, central: updates.at(-1) ?? {} });
        expect(config.values).toEqual({ ...fresh.values, queue: started });
        expect([told.size, told.motto]).toEqual([fresh.get("size"), fresh.get("motto")]);
        const afterRestart = config.explain().map((row) => row.afterRestart ?? row.value);
        expect(afterRestart).toEqual(fresh.explain().map(({ value }) => value));
      }),
    );
  });
});
