import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { isClusterError } from "../../../cluster/base/error.ts";
import {
  centralEntries,
  environmentEntries,
  fileEntries,
  flagEntries,
  readConfigFile,
  readSecretFile,
} from "../../../cluster/runtime/config-sources.ts";

test("every source says where to look", () => {
  expect(flagEntries({ "log-level": "info" })).toEqual([
    { source: "flag", name: "log-level", text: "info", where: "--log-level" },
  ]);
  expect(environmentEntries({ KELP_LOG_LEVEL: "info" })).toEqual([
    { source: "environment", name: "log-level", text: "info", where: "KELP_LOG_LEVEL" },
  ]);
  expect(centralEntries({ "log-level": "info" })).toEqual([
    {
      source: "central",
      name: "log-level",
      text: "info",
      where: "central configuration, log-level",
    },
  ]);
});

test("variables of others and empty ones are no settings", () => {
  const environment = { PATH: "/bin", KELP_SIZE: "", KELP_LISTEN: undefined, XKELP_SIZE: "1" };
  expect(environmentEntries(environment)).toEqual([]);
});

describe("lines of a file", () => {
  // The line, then the entry's name and text, or the problem.
  test.each([
    ["size = 1GiB", ["size", "1GiB"]],
    ["size=1GiB", ["size", "1GiB"]],
    ["  size =   1GiB  ", ["size", "1GiB"]],
    ["motto = a = b # c", ["motto", "a = b # c"]],
    ["motto =", ["motto", ""]],
    ["# size = 1GiB", []],
    ["   ", []],
    ["size", 'kelp.conf:2: expected a line "name = value"'],
    ["= 1", 'kelp.conf:2: expected a line "name = value"'],
  ])("%j", (line, expected) => {
    const problems: string[] = [];
    const entries = fileEntries({ path: "kelp.conf", text: `# first\r\n${line}\n` }, problems);
    if (typeof expected === "string") expect(problems).toEqual([expected]);
    else expect(entries.flatMap(({ name, text }) => [name, text])).toEqual(expected);
    expect(entries.every(({ where }) => where === "kelp.conf:2")).toBe(true);
  });
});

describe("files", () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "kelp-config-"));
  });
  afterEach(() => {
    rmSync(directory, { recursive: true });
  });

  test("are read with their path, and a secret's with its mode", () => {
    const path = join(directory, "key");
    writeFileSync(path, "hunter2\n");
    chmodSync(path, 0o640);
    expect(readConfigFile(path)).toEqual({ path, text: "hunter2\n" });
    const { mode, text } = readSecretFile(path);
    expect(mode & 0o777).toBe(0o640);
    expect(text).toBe("hunter2\n");
  });

  test.each([
    ["is missing", "missing", () => {}],
    ["is a directory", ".", () => {}],
    ["is huge", "huge", (path: string) => writeFileSync(path, new Uint8Array((1 << 20) + 1))],
  ])("one that %s is refused by its path", (_what, name, prepare) => {
    const path = join(directory, name);
    prepare(path);
    for (const read of [readConfigFile, readSecretFile]) {
      const error = thrownBy(() => read(path));
      expect(isClusterError(error, "CONFIG_INVALID")).toBe(true);
      expect(String(error)).toContain(path);
    }
  });
});

function thrownBy(action: () => unknown): unknown {
  try {
    action();
  } catch (error) {
    return error;
  }
  return undefined;
}
