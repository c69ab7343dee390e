import { describe, expect, test } from "vitest";
import { OPEN_ACL } from "../../../cluster/zookeeper/acl.ts";
import { reapable } from "../../../monitor/tree/delete.ts";
import { createFields, nameOf, World } from "./world.ts";

function populated() {
  const world = new World({ settings: { extendedTypes: true } });
  const client = world.connect();
  world.create(client, "/a");
  world.create(client, "/a/b");
  world.create(client, "/closed", { acl: [{ perms: 1, id: { scheme: "world", id: "anyone" } }] });
  return { world, client };
}

test.each([
  ["/", -1, "BADARGUMENTS"],
  ["/zookeeper", -1, "BADARGUMENTS"],
  ["/zookeeper/quota", -1, "BADARGUMENTS"],
  ["/zookeeper/config", 0, "BADARGUMENTS"],
  ["a", -1, "BADARGUMENTS"],
  ["", -1, "BADARGUMENTS"],
  ["/none/x", -1, "NONODE"],
  ["/closed/x", -1, "NOAUTH"],
  ["/none", -1, "NONODE"],
  ["/a/", -1, "NONODE"],
  ["//a", -1, "NONODE"],
  ["/a", 7, "BADVERSION"],
  ["/a", 0, "NOTEMPTY"],
  ["/a/b", 0, "OK"],
  ["/a/b", -1, "OK"],
])("ZooKeeper answers the deletion of %j at version %i with %s", (path, version, error) => {
  const { world, client } = populated();
  expect(world.delete(client, path, version).error).toBe(error);
});

test("a deletion changes the parent's pzxid, and its cversion as clients see it", () => {
  const { world, client } = populated();
  const { outcome } = world.delete(client, "/a/b");
  const { zxid } = outcome;
  expect(world.stat(client, "/a")).toMatchObject({ cversion: 2, pzxid: zxid, numChildren: 0 });
  expect(outcome.triggers).toEqual([
    { type: "nodeDeleted", path: "/a/b", zxid, acl: OPEN_ACL },
    { type: "nodeChildrenChanged", path: "/a", zxid, acl: OPEN_ACL },
  ]);
});

describe("reaping", () => {
  function withReapables() {
    const { world, client } = populated();
    for (const path of ["/new", "/used", "/full"]) {
      world.write(client, "createContainer", { ...createFields({ flags: 4 }), path });
    }
    for (const path of ["/used/x", "/full/x"]) world.create(client, path);
    world.delete(client, "/used/x");
    world.write(client, "createTTL", { ...createFields({ flags: 5 }), path: "/ttl", ttl: 1000 });
    return { world, client };
  }

  test("what can go is found: used containers, and what has outlived itself", () => {
    const { world } = withReapables();
    const { wallMs } = world;
    const container = { path: "/used", kind: "container" };
    expect(reapable(world.tree, { wallMs, countMax: 9 })).toEqual([container]);
    const later = { wallMs: wallMs + 1001, countMax: 9 };
    expect(reapable(world.tree, later)).toEqual([container, { path: "/ttl", kind: "ttl" }]);
    expect(reapable(world.tree, { ...later, countMax: 1 })).toEqual([container]);
  });

  test.each([
    ["/none", "container", "NONODE"],
    ["/full", "container", "NOTEMPTY"],
    ["/new", "container", "BADVERSION"],
    ["/used", "ttl", "BADVERSION"],
    ["/a/b", "container", "BADVERSION"],
    ["/ttl", "ttl", "BADVERSION"],
    ["/used", "container", "OK"],
  ] as const)("is checked again: %s as %s is %s", (path, kind, error) => {
    const { world, client } = withReapables();
    const before = world.zxid;
    expect(nameOf(world.entry({ type: "reap", path, kind }).error)).toBe(error);
    expect(world.zxid, "it takes a zxid, as in ZooKeeper").toBe(before + 1);
    expect(world.read(client, "exists", { path, watch: false }).name).toBe(
      error === "OK" || error === "NONODE" ? "NONODE" : "OK",
    );
  });

  test("a write in between keeps a node with a time to live", () => {
    const { world, client } = withReapables();
    world.wallMs += 1001;
    world.set(client, "/ttl", "again");
    const reap = { type: "reap", path: "/ttl", kind: "ttl" } as const;
    expect(nameOf(world.entry(reap).error)).toBe("BADVERSION");
    world.wallMs += 1001;
    expect(nameOf(world.entry(reap).error)).toBe("OK");
  });
});
