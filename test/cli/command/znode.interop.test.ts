/** The command as a process, with a real server of Apache ZooKeeper. */
import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { APACHE_ZOOKEEPER, ApacheZooKeeper } from "../../support/apache-zookeeper.ts";
import { interopTool } from "../../support/interop.ts";

const BIN = fileURLToPath(new URL("../../../dist/cli/main.js", import.meta.url));

interopTool(APACHE_ZOOKEEPER)("with Apache ZooKeeper", () => {
  let server: ApacheZooKeeper;
  beforeAll(async () => {
    server = await ApacheZooKeeper.start(1);
  }, 90_000);
  afterAll(() => server?.stop(), 30_000);

  function znode(
    words: readonly string[],
    input?: Uint8Array,
  ): { status: number | null; out: Buffer; err: string } {
    const [name = "", ...rest] = words;
    const args = [BIN, "znode", name, "--server", server.connectString, ...rest];
    const run = spawnSync(process.execPath, args, { input });
    return { status: run.status, out: run.stdout, err: run.stderr.toString() };
  }

  test("data go through pipes as they are", () => {
    const data = randomBytes(100_000);
    expect(znode(["create", "/a/b", "-", "--parents"], data)).toMatchObject({ status: 0, err: "" });
    expect(znode(["get", "/a/b"]).out.equals(data)).toBe(true);
    const tree = znode(["tree", "/a"]);
    expect(tree.out.toString()).toBe("/a\n└─ b\n\n2 nodes\n");
    expect(znode(["delete", "/a"])).toMatchObject({
      status: 1,
      err: "kelp: delete /a: NOTEMPTY: the node has children; delete them first\n",
    });
    expect(znode(["deleteall", "/a"]).out.toString()).toBe("deleted 2 nodes\n");
  });

  test("ACLs bind those who have not authenticated", () => {
    const auth = ["--auth", "digest:ann:secret"];
    expect(znode(["create", "/mine", "x", "--acl", "auth::cdrwa", ...auth]).status).toBe(0);
    expect(znode(["get", "/mine"]).err).toContain("NOAUTH");
    expect(znode(["get", "/mine", ...auth]).out.toString()).toBe("x");
    expect(znode(["acl", "/mine", ...auth]).out.toString()).toMatch(/^digest:ann:.{28}:cdrwa\n$/);
  });
});
