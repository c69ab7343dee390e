/** Each case is what Apache ZooKeeper 3.8.0 answers. */
import { describe, expect, test } from "vitest";
import { type Acl, OPEN_ACL } from "../../../cluster/zookeeper/acl.ts";
import { ERRORS } from "../../../cluster/zookeeper/error-codes.ts";
import { CREATE_FLAGS } from "../../../cluster/zookeeper/node-records.ts";
import { applyCreate, type CreateCommand, createMode } from "../../../monitor/tree/create.ts";
import { CVERSION, ROOT } from "../../../monitor/tree/znode.ts";
import { createFields, nameOf, World } from "./world.ts";

const READ_ONLY: readonly Acl[] = [{ perms: 1, id: { scheme: "world", id: "anyone" } }];
const BAD: readonly Acl[] = [{ perms: 31, id: { scheme: "foo", id: "" } }];

function populated(settings = {}) {
  const world = new World({ settings });
  const client = world.connect();
  world.create(client, "/a");
  world.create(client, "/closed", { acl: READ_ONLY });
  world.create(client, "/e", { flags: CREATE_FLAGS.EPHEMERAL });
  return { world, client };
}

describe("which error, where there are several", () => {
  test.each([
    ["flags that mean nothing", "a", { flags: 7, acl: BAD }, "BADARGUMENTS"],
    ["flags below zero", "/x", { flags: -1 }, "BADARGUMENTS"],
    ["a time to live where there are none", "x", { flags: 5, acl: BAD }, "UNIMPLEMENTED"],
    ["a path without a slash", "x", { acl: BAD }, "BADARGUMENTS"],
    ["an empty path", "", {}, "BADARGUMENTS"],
    ["a bad ACL under a parent that is not there", "/none/x", { acl: BAD }, "INVALIDACL"],
    ["no ACL at all", "/x", { acl: [] }, "INVALIDACL"],
    ["no parent, and a path that is none", "/none//x", {}, "NONODE"],
    ["a path that only begins like one", "x/y", {}, "NONODE"],
    ["a parent where it may not, and a path that is none", "/closed/..", {}, "NOAUTH"],
    ["a path that is none", "/a/..", {}, "BADARGUMENTS"],
    ["a path with an empty name", "//a", {}, "BADARGUMENTS"],
    ["a path that ends with a slash", "/a/", {}, "BADARGUMENTS"],
    ["a character of two units", "/\u{1f600}", {}, "BADARGUMENTS"],
    ["the root", "/", {}, "NODEEXISTS"],
    ["a node that is there", "/a", {}, "NODEEXISTS"],
    ["an ephemeral parent", "/e/x", {}, "NOCHILDRENFOREPHEMERALS"],
    ["three dots, which are a name", "/a/...", {}, "OK"],
    ["a container's flags", "/x", { flags: 4 }, "OK"],
    ["null data", "/x", { data: undefined }, "OK"],
    ["a sequential node without a name", "/a/", { flags: 2 }, "OK"],
  ] as const)("%s", (_, path, options, error) => {
    const { world, client } = populated();
    expect(world.create(client, path, options).error).toBe(error);
  });

  test.each([
    [5, 0, "BADARGUMENTS"],
    [5, -1, "BADARGUMENTS"],
    [5, 2 ** 40, "BADARGUMENTS"],
    [0, 1000, "BADARGUMENTS"],
    [4, 1000, "BADARGUMENTS"],
    // Apache ZooKeeper's server stops at this one.
    [0, -1, "BADARGUMENTS"],
    [5, 2 ** 40 - 1, "OK"],
    [6, 1, "OK"],
  ])("createTTL with flags %i and a time to live of %i", (flags, ttl, error) => {
    const { world, client } = populated({ extendedTypes: true });
    const fields = { ...createFields({ flags }), path: "/x", ttl };
    expect(world.write(client, "createTTL", fields).error).toBe(error);
  });
});

describe("what is made", () => {
  test("a node as ZooKeeper shows it, and its parent changed", () => {
    const { world, client } = populated();
    const { outcome } = world.create(client, "/a/b", { data: Buffer.from("xyz") });
    const { zxid } = outcome;
    expect(world.stat(client, "/a/b")).toEqual({
      czxid: zxid,
      mzxid: zxid,
      ctime: world.wallMs,
      mtime: world.wallMs,
      version: 0,
      cversion: 0,
      aversion: 0,
      ephemeralOwner: 0n,
      dataLength: 3,
      numChildren: 0,
      pzxid: zxid,
    });
    expect(world.stat(client, "/a")).toMatchObject({ cversion: 1, pzxid: zxid, numChildren: 1 });
    expect(outcome.triggers).toEqual([
      { type: "nodeCreated", path: "/a/b", zxid, acl: OPEN_ACL },
      { type: "nodeChildrenChanged", path: "/a", zxid, acl: OPEN_ACL },
    ]);
  });

  test("below the root, the root's children change", () => {
    const { world, client } = populated();
    const { outcome } = world.create(client, "/x");
    expect(outcome.triggers[1]).toMatchObject({ type: "nodeChildrenChanged", path: "/" });
  });

  test("an ephemeral node belongs to its session, and only create shows no stat", () => {
    const { world, client } = populated();
    const fields = { ...createFields({ flags: 1 }), path: "/x" };
    const { response } = world.write(client, "create2", fields);
    expect(response?.stat.ephemeralOwner).toBe(BigInt(client.session));
  });

  test.each([
    ["create", 4, 0],
    ["createContainer", 0, 1],
    ["createContainer", 1, 1],
  ] as const)("%s with the flags %i makes %i containers", (name, flags, count) => {
    const { world, client } = populated();
    const fields = { ...createFields({ flags }), path: "/x" };
    expect(world.write(client, name, fields).error).toBe("OK");
    expect(world.tree.containers.size).toBe(count);
    expect(world.stat(client, "/x").ephemeralOwner).toBe(0n);
  });
});

describe("sequential nodes", () => {
  test("count what was ever created there, of whatever kind, also if it is gone", () => {
    const { world, client } = populated();
    world.create(client, "/a/x");
    world.delete(client, "/a/x");
    const first = world.create(client, "/a/n-", { flags: CREATE_FLAGS.PERSISTENT_SEQUENTIAL });
    const second = world.create(client, "/a/", { flags: CREATE_FLAGS.EPHEMERAL_SEQUENTIAL });
    expect(first.response?.path).toBe("/a/n-0000000001");
    expect(second.response?.path).toBe("/a/0000000002");
  });

  test("stop at the greatest count, which the parent then keeps with its pzxid", () => {
    const { world, client } = populated();
    const id = world.tree.znodes.find("/a") ?? ROOT;
    world.tree.znodes.setInt(id, CVERSION, 2 ** 31 - 1);
    const { pzxid } = world.stat(client, "/a");
    const made = world.create(client, "/a/n", { flags: 2 });
    expect(made.response?.path).toBe("/a/n2147483647");
    expect(world.create(client, "/a/n", { flags: 2 }).error).toBe("NODEEXISTS");
    expect(world.stat(client, "/a")).toMatchObject({
      pzxid,
      cversion: (2 * (2 ** 31 - 1) - 1) | 0,
    });
  });
});

test("the number of nodes is bounded", () => {
  const { world, client } = populated();
  Object.defineProperty(world.tree.znodes, "count", { value: 16_000_000 });
  expect(world.create(client, "/x").error).toBe("SYSTEMERROR");
});

test("with extended types off again, a node with a time to live can have no children", () => {
  const { world, client } = populated({ extendedTypes: true });
  world.write(client, "createTTL", { ...createFields({ flags: 5 }), path: "/t", ttl: 1000 });
  expect(world.create(client, "/t/x").error).toBe("OK");
  world.settings({ extendedTypes: false });
  expect(world.create(client, "/t/y").error).toBe("NOCHILDRENFOREPHEMERALS");
});

test("modes are those of the protocol", () => {
  expect(createMode(6)).toMatchObject({ hasTtl: true, isSequential: true, isEphemeral: false });
  expect(createMode(7)).toBeUndefined();
  const { world, client } = populated();
  const command: CreateCommand = { ...createFields({}), path: "/", ttl: -1, makes: "ordinary" };
  const context = { zxid: 9, wallMs: 9, part: 0, triggers: [], session: client.session };
  const { error } = applyCreate(
    world.tree,
    { ...context, identities: [], aclBytesLeft: 0 },
    command,
  );
  expect(nameOf(error)).toBe("NODEEXISTS");
  expect(error).toBe(ERRORS.NODEEXISTS);
});
