import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { treeIdentity } from "../../../cluster/coordination/identity.ts";
import { createKeyFile, readClusterKey } from "../../../cluster/coordination/key-file.ts";
import { KelpCommand, type Outcome } from "../kelp-command.ts";

let kelp: KelpCommand;
let directory: string;
let keyFile: string;
beforeEach(async () => {
  kelp = await KelpCommand.start();
  directory = await mkdtemp(join(tmpdir(), "kelp-cluster-command-"));
  keyFile = join(directory, "key");
});
afterEach(async () => {
  await kelp.stop();
  await rm(directory, { recursive: true });
});

const cluster = (name: string, ...words: string[]): Promise<Outcome> =>
  kelp.run("cluster", name, "--coordinator", kelp.address, "--key-file", keyFile, ...words);

describe("kelp cluster init", () => {
  test("makes the key and the cluster, and says what to do next", async () => {
    const { out, err, exitCode } = await cluster("init");
    expect({ err, exitCode }).toEqual({ err: "", exitCode: 0 });
    expect(out).toMatch(/^cluster {3}[0-9a-f-]{36}\n/);
    expect(out).toContain(`key file  ${keyFile}, made just now\n`);
    expect(out).toContain(`export KELP_COORDINATOR=${kelp.address}\n`);
    expect(out).toContain(`export KELP_KEY_FILE=${keyFile}\n`);
    expect((await stat(keyFile)).mode & 0o777).toBe(0o600);
    const { acl } = treeIdentity(await readClusterKey(keyFile));
    expect(kelp.server.nodes.get("/kelp/cluster")?.acl).toEqual(acl);
    expect(out).not.toContain((await readFile(keyFile, "utf8")).trim());
  });

  test("takes a key that is there, also of an attempt that failed", async () => {
    const key = await createKeyFile(keyFile);
    const { out, exitCode } = await cluster("init", "--json");
    expect(exitCode).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ keyFile, isNewKey: false, format: 1 });
    expect(Buffer.from(await readClusterKey(keyFile)).equals(key)).toBe(true);
  });

  test("refuses where there is a cluster, with its key or without, and makes no key", async () => {
    await cluster("init");
    const { zxid } = kelp.server;
    for (const file of [keyFile, join(directory, "another")]) {
      keyFile = file;
      const { out, err, exitCode } = await cluster("init");
      expect({ out, exitCode }).toEqual({ out: "", exitCode: 1 });
      expect(err).toContain("there is a cluster at");
      expect(err).toContain("--coordinator host:port/node");
    }
    expect(existsSync(keyFile)).toBe(false);
    expect([...kelp.server.nodes.values()].every(({ mzxid }) => mzxid <= zxid)).toBe(true);
  });

  test("refuses a key that others may read, or that is none, before it connects", async () => {
    await writeFile(keyFile, "x", { mode: 0o644 });
    const { err, exitCode } = await cluster("init");
    expect(exitCode).toBe(1);
    expect(err).toContain(`chmod 600 ${keyFile}`);
    expect(kelp.server.helloCount).toBe(0);
  });

  test("makes no key where nobody answers", async () => {
    await kelp.stop();
    const { err, exitCode } = await cluster("init");
    expect(exitCode).toBe(1);
    expect(err).toContain("--coordinator host:port");
    expect(existsSync(keyFile)).toBe(false);
  }, 20_000);
});

describe("kelp cluster info", () => {
  test("says which cluster it is", async () => {
    const made = JSON.parse((await cluster("init", "--json")).out);
    const { out, exitCode } = await cluster("info");
    expect(exitCode).toBe(0);
    expect(out).toBe(
      [
        `cluster  ${made.id}`,
        `at       ${kelp.address}`,
        `created  ${new Date(made.createdMs).toISOString()}`,
        "format   1",
        "epoch    0",
        "",
      ].join("\n"),
    );
    const json = JSON.parse((await cluster("info", "--json")).out);
    expect(json).toEqual({
      id: made.id,
      createdMs: made.createdMs,
      format: 1,
      coordinator: kelp.address,
      epoch: 0,
      checkpoint: 0,
    });
  });

  test("says what is missing", async () => {
    const { err, exitCode } = await kelp.run("cluster", "info");
    expect(exitCode).toBe(2);
    expect(err).toMatch(/^kelp: say where the coordinator is/);
    await createKeyFile(keyFile);
    expect((await cluster("info")).err).toContain("make one with kelp cluster init");
  });
});
