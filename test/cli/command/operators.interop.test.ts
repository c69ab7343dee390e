/** What an operator types, as processes, in a cluster of processes: on Kelp's monitors and on Apache ZooKeeper. */
import { spawn, spawnSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";
import { present } from "../../../cluster/base/assert.ts";
import { eachServer } from "../../interop/zookeeper/each-server.ts";
import { Daemon } from "../../monitor/cluster/daemon.ts";

const DIST = new URL("../../../dist/", import.meta.url);
const KELP = fileURLToPath(new URL("cli/main.js", DIST));
const STUB = fileURLToPath(new URL("test/support/osd-stub-process.js", DIST));
const SESSION = ["--session-timeout", "4s"];
const TEST_MS = 120_000;

interface Ended {
  readonly status: number | null;
  readonly out: string;
  readonly err: string;
}

eachServer({ name: "operators", size: 1, tools: [] }, (ensemble) => {
  let directory = "";
  const daemons = new Map<string, Daemon>();
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "kelp-operators-"));
  });
  afterEach(async () => {
    await Promise.all([...daemons.values()].map((daemon) => daemon.end("SIGKILL")));
    daemons.clear();
    rmSync(directory, { recursive: true });
  });

  const place = (): Readonly<Record<string, string>> => ({
    KELP_COORDINATOR: ensemble().addresses,
    KELP_KEY_FILE: join(directory, "key"),
  });

  function kelp(...words: readonly string[]): Ended {
    const run = spawnSync(process.execPath, [KELP, ...words], {
      encoding: "utf8",
      env: { ...process.env, ...place() },
    });
    return { status: run.status, out: run.stdout, err: run.stderr };
  }

  function json<T>(...words: readonly string[]): T {
    const { out, err } = kelp(...words, "--json");
    expect(err).toBe("");
    return JSON.parse(out);
  }

  async function startDaemon(
    name: string,
    script: string,
    words: readonly string[],
  ): Promise<Daemon> {
    const daemon = new Daemon(script, words, { ...place(), STUB_SESSION_TIMEOUT_MS: "4000" });
    daemons.set(name, daemon);
    await daemon.line(/asked at| up$/);
    return daemon;
  }

  test("a cluster is looked at and changed, also while its controllers go", {
    timeout: TEST_MS,
  }, async () => {
    expect(kelp("cluster", "init")).toMatchObject({ status: 0 });
    const nobody = kelp("status", "--timeout", "500ms");
    expect(nobody).toMatchObject({ status: 75, out: expect.stringContaining("none answers") });
    for (const name of ["a", "b"]) {
      await startDaemon(`controller.${name}`, KELP, ["controller", "--name", name, ...SESSION]);
    }
    const { KELP_COORDINATOR: servers = "", KELP_KEY_FILE: key = "" } = place();
    for (const host of ["h0", "h1", "h2"]) {
      await startDaemon(host, STUB, [servers, key, randomUUID(), host]);
    }
    expect(kelp("status").out).toMatch(/osds: {8}3: 3 up/);
    expect(kelp("osd", "tree").out.match(/ osd\.\d +up /g)).toHaveLength(3);
    expect(kelp("pool", "create", "rbd", "8")).toMatchObject({ status: 0, err: "" });
    expect(kelp("pg", "map", "--pool", "rbd", "--object", "x").out).toMatch(
      /^acting {2}\[\d,\d,\d\]/m,
    );
    expect(kelp("pool", "delete", "rbdd", "rbdd")).toMatchObject({
      status: 3,
      out: "",
      err: expect.stringContaining("Did you mean rbd?"),
    });
    expect(kelp("config", "set", "controller", "pool-delete-allowed", "true").status).toBe(0);

    const { controller } = json<{ controller: { name: string } }>("status");
    await present(daemons.get(controller.name), controller.name).end("SIGKILL");
    expect(kelp("osd", "out", "2", "--timeout", "60s")).toMatchObject({ status: 0, err: "" });
    const epochs = json<{ causes: { what: string }[]; controller: string }[]>(
      "epochs",
      "-n",
      "100",
    );
    const outs = epochs.filter(({ causes }) =>
      causes.some(({ what }) => what === "mark osd.2 out"),
    );
    expect(outs.map((epoch) => epoch.controller)).not.toEqual([controller.name]);
    expect(outs).toHaveLength(1);

    const follower = spawn(process.execPath, [KELP, "log", "--follow"], {
      env: { ...process.env, ...place() },
      stdio: ["ignore", "pipe", "inherit"],
    });
    let told = "";
    let isFlagSet = false;
    for await (const chunk of follower.stdout) {
      told += chunk;
      // What it prints first is what was there before; it follows from then on.
      if (!isFlagSet) expect(kelp("flag", "set", "noout").status).toBe(0);
      isFlagSet = true;
      if (/ {2}info {3}set noout\n/.test(told)) follower.kill("SIGINT");
    }
    expect(follower.exitCode ?? (await once(follower, "exit"))[0]).toBe(130);
  });
});
