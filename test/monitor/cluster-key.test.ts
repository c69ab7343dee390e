import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { CLUSTER_KEY_SIZE } from "../../cluster/wire/handshake.ts";
import { keyOfServers, readClusterKey } from "../../monitor/cluster-key.ts";

const DIGITS = "0123456789abcdef".repeat(4);

let directory: string;
let path: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "kelp-cluster-key-"));
  path = join(directory, "key");
});
afterEach(() => rm(directory, { recursive: true }));

describe("a key in a file", () => {
  test("is 64 hexadecimal digits, whatever space is around them", async () => {
    await writeFile(path, `\n${DIGITS.toUpperCase()} \n`, { mode: 0o600 });
    const key = await readClusterKey(path);
    expect(Buffer.from(key).toString("hex")).toBe(DIGITS);
    expect(key.byteLength).toBe(CLUSTER_KEY_SIZE);
  });

  test.each([
    ["is shorter", DIGITS.slice(1)],
    ["is longer", `${DIGITS}0`],
    ["holds something else", "g".repeat(64)],
    ["is empty", ""],
  ])("that %s is refused with how to make one", async (_, text) => {
    await writeFile(path, text, { mode: 0o600 });
    await expect(readClusterKey(path)).rejects.toMatchObject({
      code: "CONFIG_INVALID",
      message: expect.stringContaining("openssl rand -hex 32"),
    });
  });

  test.each([0o640, 0o604, 0o660])("that others may use (mode %o) is refused", async (mode) => {
    await writeFile(path, DIGITS, { mode: 0o600 });
    await chmod(path, mode);
    await expect(readClusterKey(path)).rejects.toMatchObject({
      code: "CONFIG_INVALID",
      message: expect.stringContaining(`chmod 600 ${path}`),
    });
  });

  test("that is missing is refused with the reason", async () => {
    await expect(readClusterKey(path)).rejects.toMatchObject({
      code: "CONFIG_INVALID",
      message: expect.stringContaining("ENOENT"),
    });
  });
});

describe("a key made from server lines", () => {
  const lines = ["server.1=a:1:2", "server.2=b:1:2", "server.3=c:1:2"];
  const hex = (from: readonly string[]): string => Buffer.from(keyOfServers(from)).toString("hex");

  test("is the same in whatever order they stand", () => {
    expect(hex(lines.toReversed())).toBe(hex(lines));
    expect(keyOfServers(lines)).toHaveLength(CLUSTER_KEY_SIZE);
  });

  test.each([
    ["one is missing", lines.slice(1)],
    ["one is another", [...lines.slice(1), "server.1=a:1:3"]],
    ["two run into one", ["server.1=a:1:2\nserver.2=b:1:2", "server.3=c:1:2"]],
  ])("is another one if %s", (_, others) => {
    expect(hex(others)).not.toBe(hex(lines));
  });
});
