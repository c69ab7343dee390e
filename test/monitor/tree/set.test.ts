import { expect, test } from "vitest";
import { type Acl, OPEN_ACL } from "../../../cluster/zookeeper/acl.ts";
import { VERSION } from "../../../monitor/tree/znode.ts";
import { World } from "./world.ts";

const only = (perms: number): readonly Acl[] => [{ perms, id: { scheme: "world", id: "anyone" } }];

function populated() {
  const world = new World();
  const client = world.connect();
  world.create(client, "/a");
  world.create(client, "/read", { acl: only(1) });
  world.create(client, "/write", { acl: only(2) });
  return { world, client };
}

test.each([
  ["", -1, "BADARGUMENTS"],
  ["/a/", -1, "BADARGUMENTS"],
  ["/none", 5, "NONODE"],
  ["/read", 5, "NOAUTH"],
  ["/a", 1, "BADVERSION"],
  ["/a", -2, "BADVERSION"],
  ["/a", 0, "OK"],
  ["/a", -1, "OK"],
  ["/", -1, "OK"],
])("setData of %j at version %i is %s", (path, version, error) => {
  const { world, client } = populated();
  expect(world.set(client, path, "x", version).error).toBe(error);
});

test("setData changes version, mzxid and mtime, and answers with the stat", () => {
  const { world, client } = populated();
  const before = world.stat(client, "/a");
  const { response, outcome } = world.set(client, "/a", "hello");
  const { zxid, triggers } = outcome;
  const changed = { version: 1, mzxid: zxid, mtime: world.wallMs, dataLength: 5 };
  expect(response?.stat).toEqual({ ...before, ...changed });
  expect(world.stat(client, "/a")).toEqual(response?.stat);
  expect(triggers).toEqual([{ type: "nodeDataChanged", path: "/a", zxid, acl: OPEN_ACL }]);
});

test("null data has the length 0 and stays null", () => {
  const { world, client } = populated();
  const { response } = world.write(client, "setData", { path: "/a", data: undefined, version: -1 });
  expect(response?.stat.dataLength).toBe(0);
  expect(world.read(client, "getData", { path: "/a", watch: false }).fields?.data).toBeUndefined();
});

test("a version goes on below zero after its maximum", () => {
  const { world, client } = populated();
  const id = world.tree.znodes.find("/a") ?? 0;
  world.tree.znodes.setInt(id, VERSION, 2 ** 31 - 1);
  expect(world.set(client, "/a", "x", 2 ** 31 - 1).response?.stat.version).toBe(-(2 ** 31));
  expect(world.set(client, "/a", "x", -(2 ** 31)).response?.stat.version).toBe(1 - 2 ** 31);
});

test.each([
  ["/a/", only(31), -1, "BADARGUMENTS"],
  ["/none", [], -1, "INVALIDACL"],
  ["/none", only(31), -1, "NONODE"],
  ["/write", only(31), 7, "NOAUTH"],
  ["/a", only(31), 7, "BADVERSION"],
  ["/a", only(1), 0, "OK"],
  ["/", only(31), -1, "OK"],
])("setACL of %j to %j at version %i is %s", (path, acl, version, error) => {
  const { world, client } = populated();
  expect(world.write(client, "setACL", { path, acl, version }).error).toBe(error);
});

test("setACL changes the aversion alone, and fires nothing", () => {
  const { world, client } = populated();
  const before = world.stat(client, "/a");
  const set = world.write(client, "setACL", { path: "/a", acl: only(17), version: 0 });
  expect(set.response?.stat).toEqual({ ...before, aversion: 1 });
  expect(set.outcome.triggers).toEqual([]);
  expect(world.set(client, "/a", "x").error).toBe("NOAUTH");
});

test.each([
  ["/a/", -1, "BADARGUMENTS"],
  ["/none", -1, "NONODE"],
  ["/write", 0, "NOAUTH"],
  ["/a", 1, "BADVERSION"],
  // A server of Apache ZooKeeper 3.8 breaks the connection here.
  ["/a", 0, "OK"],
])("check of %j at version %i is %s", (path, version, error) => {
  const { world, client } = populated();
  const before = world.zxid;
  expect(world.write(client, "check", { path, version }).error).toBe(error);
  expect(world.zxid).toBe(before + 1);
});
