import { describe, expect, test } from "vitest";
import { AssertionError } from "../../../cluster/base/assert.ts";
import { ClusterError } from "../../../cluster/base/error.ts";
import { ConfigReader, strongest } from "../../../cluster/runtime/config-reader.ts";
import type { Entry, SecretFile, Source } from "../../../cluster/runtime/config-sources.ts";
import { duration, integer, Secret, secret } from "../../../cluster/runtime/config-value.ts";

const about = "for this test";
const table = {
  size: integer({ about, default: 3, min: 1, max: 9 }),
  downOutInterval: duration({ about, default: "10m" }),
  clusterKey: secret({ about }),
};

function entry(source: Source, name: string, text: string, where = "here"): Entry {
  return { source, name, text, where };
}

function read(entries: readonly Entry[], readSecret?: (path: string) => SecretFile) {
  const reader = new ConfigReader(table, readSecret);
  const layers = reader.defaults();
  const problems: string[] = [];
  reader.read(entries, layers, problems);
  return { layers, problems };
}

describe("problems say where, what and what to do", () => {
  const closedFile = (): SecretFile => ({ mode: 0o100600, text: "hunter2\n" });
  test.each<[Entry, RegExp]>([
    [entry("file", "size", "10", "kelp.conf:7"), /^kelp\.conf:7: size is "10", expected a whole/],
    [entry("flag", "size", "ten"), /^here: size is "ten", expected .* at least 1, at most 9$/],
    [entry("flag", "siz", "3"), /^here: there is no setting "siz", did you mean --size\?$/],
    [entry("environment", "sizes", "3"), /did you mean KELP_SIZE\?$/],
    [entry("file", "down-out-intervall", "3s"), /did you mean down-out-interval\?$/],
    [entry("file", "banana", "3"), /^here: there is no setting "banana"$/],
    [entry("flag", "cluster-key", "hunter2"), /visible to every user: use --cluster-key-file or K/],
    [entry("file", "cluster-key", "hunter2"), /use .* or KELP_CLUSTER_KEY_FILE$/],
    [entry("central", "cluster-key", "hunter2"), /read by every daemon/],
    [entry("central", "cluster-key-file", "/key"), /read by every daemon/],
    [entry("environment", "cluster-key", ""), /expected a secret that is not empty$/],
  ])("%j", (wrong, problem) => {
    const { layers, problems } = read([wrong], closedFile);
    expect(problems).toEqual([expect.stringMatching(problem)]);
    expect(problems.join()).not.toContain("hunter2");
    expect([...layers.values()].map((own) => strongest(own).source)).not.toContain(wrong.source);
  });

  test("long values are cut", () => {
    const { problems } = read([entry("file", "size", "9".repeat(10_000))]);
    expect(problems[0]?.length).toBeLessThan(250);
  });

  test("all of them are told, and what is right is taken", () => {
    const { layers, problems } = read([
      entry("file", "size", "0"),
      entry("file", "banana", "1"),
      entry("file", "down-out-interval", "1s"),
    ]);
    expect(problems).toHaveLength(2);
    expect(layers.get("downOutInterval")?.get("file")?.value).toBe(1_000);
  });

  test("one source may set a setting once", () => {
    const twice = [entry("file", "size", "4", "f:1"), entry("file", "size", "5", "f:2")];
    const { layers, problems } = read(twice);
    expect(problems).toEqual(["f:2: is set already, by f:1"]);
    expect(layers.get("size")?.get("file")?.value).toBe(4);
    const keyAndFile = [
      entry("environment", "cluster-key", "one", "A"),
      entry("environment", "cluster-key-file", "/key", "B"),
    ];
    expect(read(keyAndFile, closedFile).problems).toEqual(["B: is set already, by A"]);
  });
});

describe("files with secrets", () => {
  const fromFile = entry("flag", "cluster-key-file", "/etc/kelp/key", "--cluster-key-file");

  test.each([0o600, 0o400, 0o640, 0o660])("mode %o is taken", (mode) => {
    const { layers, problems } = read([fromFile], () => ({ mode, text: "hunter2\n" }));
    expect(problems).toEqual([]);
    const given = layers.get("clusterKey")?.get("flag");
    expect(given?.where).toBe("--cluster-key-file (/etc/kelp/key)");
    expect(given?.value instanceof Secret && given.value.reveal()).toBe("hunter2");
  });

  test.each([0o604, 0o602, 0o644, 0o666])("mode %o is refused", (mode) => {
    const { problems } = read([fromFile], () => ({ mode, text: "hunter2\n" }));
    expect(problems).toEqual([expect.stringMatching(/^--cluster-key-file: .*chmod 600 \/etc/)]);
  });

  test("one that is empty or cannot be read is refused", () => {
    const empty = read([fromFile], () => ({ mode: 0o600, text: "\n" }));
    expect(empty.problems).toEqual([expect.stringContaining("not empty")]);
    const missing = read([fromFile], (path) => {
      throw new ClusterError("CONFIG_INVALID", `${path} cannot be read: no such file`);
    });
    expect(missing.problems).toEqual([
      "--cluster-key-file: /etc/kelp/key cannot be read: no such file",
    ]);
  });
});

test.each([
  ["is not camelCase", { "down-out": integer({ about }) }],
  ["collides with another in its flag", { aB: integer({ about }), "a-b": integer({ about }) }],
  ["collides with a secret's file", { key: secret({ about }), keyFile: integer({ about }) }],
])("a table with a name that %s is a bug", (_what, wrong) => {
  expect(() => new ConfigReader(wrong, undefined)).toThrow(AssertionError);
});

test("a near miss counts as known but is no name, another word is neither", () => {
  const reader = new ConfigReader(table, undefined);
  const names = ["size", "cluster-key-file", "siza", "cluster-key-fil", "home", "x"];
  expect(names.map((name) => reader.knows(name))).toEqual([true, true, true, true, false, false]);
  expect(names.map((name) => reader.has(name))).toEqual([true, true, false, false, false, false]);
});
