import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command } from "commander";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import {
  type CoordinatorFlags,
  placeOf,
  takesCoordinator,
  withTree,
} from "../../cli/coordinator.ts";
import { createKeyFile } from "../../cluster/coordination/key-file.ts";
import { KelpCommand } from "./kelp-command.ts";

let kelp: KelpCommand;
let directory: string;
beforeEach(async () => {
  kelp = await KelpCommand.start();
  directory = await mkdtemp(join(tmpdir(), "kelp-coordinator-"));
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await kelp.stop();
  await rm(directory, { recursive: true });
});

async function flagsOf(...words: string[]): Promise<CoordinatorFlags> {
  let flags: CoordinatorFlags = {};
  const command = takesCoordinator(new Command("x")).action((options: CoordinatorFlags) => {
    flags = options;
  });
  await command.parseAsync(words, { from: "user" });
  return flags;
}

describe("where the cluster is", () => {
  test("is said by flags, else by the environment", async () => {
    vi.stubEnv("KELP_COORDINATOR", "b:2181");
    vi.stubEnv("KELP_KEY_FILE", "/b");
    expect(placeOf(await flagsOf())).toEqual({ coordinator: "b:2181", keyFile: "/b" });
    expect(placeOf(await flagsOf("--coordinator", "a:2181", "--key-file", "/a"))).toEqual({
      coordinator: "a:2181",
      keyFile: "/a",
    });
  });

  test.each([
    [
      {},
      /--coordinator .* or KELP_COORDINATOR\n {2}and which key .*--key-file PATH, or KELP_KEY_FILE/,
    ],
    [{ keyFile: "/a" }, /^say where the coordinator is: --coordinator .*KELP_COORDINATOR$/],
    [
      { coordinator: "a:1", keyFile: "" },
      /^say which key it has: --key-file PATH, or KELP_KEY_FILE$/,
    ],
  ])("is asked for if it is not said: %o", (flags, message) => {
    expect(() => placeOf(flags)).toThrow(message);
    expect(() => placeOf(flags)).toThrow(expect.objectContaining({ exitCode: 2 }));
  });
});

describe("a command in a cluster", () => {
  const keyFile = (): string => join(directory, "key");

  test("has a session there, which ends with it", async () => {
    const flags = { coordinator: kelp.address, keyFile: keyFile() };
    await kelp.run("cluster", "init", "--coordinator", kelp.address, "--key-file", keyFile());
    const seen = await withTree(flags, async ({ client, cluster }) => {
      expect(kelp.server.sessionIds).toEqual([client.sessionId]);
      return cluster.format;
    });
    expect(seen).toBe(1);
    expect(kelp.server.sessionIds).toEqual([]);
  });

  test("is told that there is none, and how to make one", async () => {
    await createKeyFile(keyFile());
    const flags = { coordinator: kelp.address, keyFile: keyFile() };
    await expect(withTree(flags, async () => {})).rejects.toThrow(
      /^there is no cluster at .*; make one with kelp cluster init$/,
    );
  });

  test("is told that the key file is not there", async () => {
    const flags = { coordinator: kelp.address, keyFile: keyFile() };
    await expect(withTree(flags, async () => {})).rejects.toMatchObject({
      code: "CONFIG_INVALID",
      message: expect.stringContaining("ENOENT"),
    });
  });

  test("is told that nobody answers, and by which flag to name who does", async () => {
    await createKeyFile(keyFile());
    const { address } = kelp;
    await kelp.stop();
    const flags = { coordinator: address, keyFile: keyFile() };
    await expect(withTree(flags, async () => {})).rejects.toThrow(
      /no ZooKeeper or Kelp monitor answers at .*\n.*--coordinator host:port/,
    );
  }, 20_000);
});
