/** The command as a process, as an operator begins a cluster with it on servers that are there. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";
import { eachServer } from "../../interop/zookeeper/each-server.ts";

const BIN = fileURLToPath(new URL("../../../dist/cli/main.js", import.meta.url));

eachServer({ name: "kelp cluster", size: 1, tools: [] }, (ensemble) => {
  let directory = "";
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "kelp-cluster-process-"));
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  function kelp(
    words: readonly string[],
    keyFile = join(directory, "key"),
  ): { status: number | null; out: string; err: string } {
    const place = { KELP_COORDINATOR: ensemble().addresses, KELP_KEY_FILE: keyFile };
    const run = spawnSync(process.execPath, [BIN, ...words], {
      encoding: "utf8",
      env: { ...process.env, ...place },
    });
    return { status: run.status, out: run.stdout, err: run.stderr };
  }

  test("a cluster is made once, and found by its key alone", () => {
    const made = kelp(["cluster", "init", "--json"]);
    expect(made).toMatchObject({ status: 0, err: "" });
    const { id } = JSON.parse(made.out);
    expect(kelp(["cluster", "info"]).out).toContain(`cluster  ${id}\n`);
    const again = kelp(["cluster", "init"]);
    expect(again).toMatchObject({ status: 1, out: "" });
    expect(again.err).toContain("there is a cluster at");
    const other = join(directory, "other");
    writeFileSync(other, "0".repeat(64), { mode: 0o600 });
    const stranger = kelp(["cluster", "info"], other);
    expect(stranger).toMatchObject({ status: 1, out: "" });
    expect(stranger.err).toContain("closed to this key; name that cluster's key file");
    const listing = kelp(["znode", "ls", "/kelp", "--server", ensemble().addresses]);
    expect(listing.err).toContain("NOAUTH");
  });
});
