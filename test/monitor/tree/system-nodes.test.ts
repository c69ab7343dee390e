import { expect, test } from "vitest";
import { isSystemPath } from "../../../monitor/tree/system-nodes.ts";
import { World } from "./world.ts";

const ZERO = {
  czxid: 0,
  mzxid: 0,
  pzxid: 0,
  ctime: 0,
  mtime: 0,
  version: 0,
  ephemeralOwner: 0n,
  dataLength: 0,
};

test.each([
  ["/", { cversion: -1, aversion: 0, numChildren: 1 }],
  ["/zookeeper", { cversion: -2, aversion: 0, numChildren: 2 }],
  ["/zookeeper/quota", { cversion: 0, aversion: 0, numChildren: 0 }],
  ["/zookeeper/config", { cversion: 0, aversion: -1, numChildren: 0 }],
])("%s of a fresh tree is that of a fresh ZooKeeper", (path, fields) => {
  const world = new World();
  world.batch();
  const { tree } = world;
  const client = { session: 1, server: 1, connection: 1, sequence: 0, identities: [] };
  expect(world.stat(client, path)).toEqual({ ...ZERO, ...fields });
  expect(isSystemPath(path)).toBe(true);
  const perms = path === "/zookeeper/config" ? 1 : 31;
  expect(world.read(client, "getACL", { path }).fields?.acl).toEqual([
    { perms, id: { scheme: "world", id: "anyone" } },
  ]);
  expect(tree.znodes.count).toBe(4);
});

test("the configuration is written as ZooKeeper's servers do, and fires what waits for it", () => {
  const world = new World();
  const client = world.connect();
  const config = Buffer.from("server.1=a:1:2:participant\nversion=0");
  const outcome = world.settings({ config });
  expect(outcome.triggers).toMatchObject([{ type: "nodeDataChanged", path: "/zookeeper/config" }]);
  const { fields } = world.read(client, "getData", { path: "/zookeeper/config", watch: false });
  expect(Buffer.from(fields?.data ?? []).equals(config)).toBe(true);
  expect(fields?.stat).toMatchObject({ version: -1, mzxid: 0, mtime: world.wallMs });
  expect(world.settings({ config, skipAcl: true }).triggers).toEqual([]);
});

test("nobody but an administrator writes to it", () => {
  const world = new World();
  const client = world.connect();
  expect(world.set(client, "/zookeeper/config", "x").error).toBe("NOAUTH");
  client.identities = [{ scheme: "super", id: "" }];
  expect(world.set(client, "/zookeeper/config", "x").error).toBe("OK");
});
