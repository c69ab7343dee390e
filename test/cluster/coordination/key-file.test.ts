import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createKeyFile, readClusterKey } from "../../../cluster/coordination/key-file.ts";
import { CLUSTER_KEY_SIZE } from "../../../cluster/wire/handshake.ts";

const DIGITS = "0123456789abcdef".repeat(4);

let directory: string;
let path: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "kelp-key-file-"));
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

describe("a new key file", () => {
  test("has 64 digits and a line break, is its owner's alone, and can be read", async () => {
    const key = await createKeyFile(path);
    expect(await readFile(path, "utf8")).toMatch(/^[0-9a-f]{64}\n$/);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(Buffer.from(await readClusterKey(path)).equals(key)).toBe(true);
    expect(await readdir(directory)).toEqual(["key"]);
  });

  test("is another one each time", async () => {
    const keys = await Promise.all([createKeyFile(path), createKeyFile(`${path}2`)]);
    expect(Buffer.from(keys[0]).equals(keys[1])).toBe(false);
  });

  test("takes nobody's place", async () => {
    await writeFile(path, "precious");
    await expect(createKeyFile(path)).rejects.toMatchObject({
      code: "CONFIG_INVALID",
      message: expect.stringContaining("never overwritten"),
    });
    expect(await readFile(path, "utf8")).toBe("precious");
    expect(await readdir(directory)).toEqual(["key"]);
  });

  test("is made once of two attempts at a time", async () => {
    const attempts = await Promise.allSettled([createKeyFile(path), createKeyFile(path)]);
    expect(attempts.map(({ status }) => status).toSorted()).toEqual(["fulfilled", "rejected"]);
    const made = attempts.find((attempt) => attempt.status === "fulfilled")?.value;
    expect(Buffer.from(made ?? []).equals(await readClusterKey(path))).toBe(true);
  });

  test("that cannot be written says why", async () => {
    await expect(createKeyFile(join(directory, "none", "key"))).rejects.toMatchObject({
      code: "CONFIG_INVALID",
      message: expect.stringContaining("ENOENT"),
    });
  });
});
