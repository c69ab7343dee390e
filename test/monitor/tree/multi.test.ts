/** Each case is what Apache ZooKeeper 3.8.0 answers. */
import { describe, expect, test } from "vitest";
import type { MultiOp } from "../../../cluster/zookeeper/multi-records.ts";
import { digestOf } from "../../../monitor/tree/tree.ts";
import { ACL } from "../../../monitor/tree/znode.ts";
import { createFields, World } from "./world.ts";

const create = (path: string, flags = 0): MultiOp => ({
  type: "create",
  ...createFields({ flags }),
  path,
});
const remove = (path: string, version = -1): MultiOp => ({ type: "delete", path, version });
const check = (path: string, version = -1): MultiOp => ({ type: "check", path, version });
const set = (path: string, version = -1): MultiOp => ({
  type: "setData",
  path,
  data: Buffer.from("x"),
  version,
});

function populated(settings = {}) {
  const world = new World({ settings });
  const client = world.connect();
  world.create(client, "/a");
  return { world, client, multi: (...parts: MultiOp[]) => world.write(client, "multi", parts) };
}

test("all parts take effect in one transaction, each seeing those before it", () => {
  const { world, client, multi } = populated();
  const before = world.zxid;
  const parts = [create("/b"), create("/b/c"), set("/b/c", 0), check("/b/c", 1), remove("/a", 0)];
  const { response, outcome } = multi(...parts);
  expect(response?.map(({ type }) => type)).toEqual([
    "create",
    "create",
    "setData",
    "check",
    "delete",
  ]);
  expect(world.zxid).toBe(before + 1);
  expect(world.stat(client, "/b")).toMatchObject({ czxid: world.zxid, pzxid: world.zxid });
  expect(world.stat(client, "/b/c")).toMatchObject({ mzxid: world.zxid, version: 1 });
  expect(outcome.triggers.map(({ type, path }) => `${type} ${path}`)).toEqual([
    "nodeCreated /b",
    "nodeChildrenChanged /",
    "nodeCreated /b/c",
    "nodeChildrenChanged /b",
    "nodeDataChanged /b/c",
    "nodeDeleted /a",
    "nodeChildrenChanged /",
  ]);
});

test("if one fails, the reply says OK, and its results what failed", () => {
  const { world, client, multi } = populated();
  const before = world.stat(client, "/a");
  const parts = [set("/a"), create("/b"), check("/none"), create("/c"), remove("/none")];
  const { error, response, outcome } = multi(...parts);
  expect(error).toBe("OK");
  expect(response).toEqual([0, 0, -101, -2, -2].map((err) => ({ type: "error", err })));
  expect(outcome.triggers).toEqual([]);
  expect(world.stat(client, "/a")).toEqual(before);
  expect(world.read(client, "exists", { path: "/b", watch: false }).name).toBe("NONODE");
  expect(world.zxid, "it takes a zxid all the same").toBe(outcome.zxid);
});

test("no part at all is fine", () => {
  const { multi } = populated();
  expect(multi().response).toEqual([]);
});

describe("what a part makes", () => {
  test.each([
    ["create2, without a stat", { ...create("/x"), type: "create2" }, "create", 0n],
    ["a container by its flags", create("/x", 4), "create2", 1n],
    [
      "createContainer without the flags",
      { ...create("/x"), type: "createContainer" },
      "create",
      0n,
    ],
    ["createTTL without the flags", { ...create("/x"), type: "createTTL", ttl: 5 }, "create", 0n],
    ["createTTL", { ...create("/x", 5), type: "createTTL", ttl: 5 }, "create2", 2n],
  ])("%s", (_, part, result, made) => {
    const { world, multi } = populated({ extendedTypes: true });
    const { response } = multi(part as MultiOp);
    expect(response?.[0]?.type).toBe(result);
    const { containers, ttls } = world.tree;
    expect(BigInt(containers.size + 2 * ttls.size)).toBe(made);
  });

  test("sequential nodes count on within it", () => {
    const { multi } = populated();
    const { response } = multi(create("/a/n", 2), create("/a/n", 2), create("/a/m", 3));
    expect(response?.map((result) => (result.type === "create" ? result.path : ""))).toEqual([
      "/a/n0000000000",
      "/a/n0000000001",
      "/a/m0000000002",
    ]);
  });
});

describe("what cannot be read", () => {
  const read: MultiOp = { type: "getData", path: "/a", watch: false };
  test.each([
    ["a read", [read]],
    ["a read among writes", [create("/b"), read]],
    ["a time to live without one", [create("/b"), create("/c", 5)]],
  ])("%s", (_, parts) => {
    const { world, client, multi } = populated({ extendedTypes: true });
    expect(multi(...parts).error).toBe("MARSHALLINGERROR");
    expect(world.read(client, "exists", { path: "/b", watch: false }).name).toBe("NONODE");
  });

  test("is not reached behind what failed", () => {
    const { multi } = populated({ extendedTypes: true });
    expect(multi(check("/none"), create("/c", 5)).error).toBe("OK");
  });
});

test("an ephemeral parent of the same multi has no children either", () => {
  const { multi } = populated();
  const { response } = multi(create("/e", 1), create("/e/x"));
  expect(response?.[1]).toEqual({ type: "error", err: -108 });
});

test("a failed one leaves the digest to what takes a zxid and a request's number", () => {
  const [failing, other] = [populated(), populated()];
  failing.multi(create("/b", 1), set("/a"), remove("/a"), create("/a"), check("/none"));
  other.world.write(other.client, "check", { path: "/none", version: 0 });
  expect(digestOf(failing.world.tree)).toBe(digestOf(other.world.tree));
});

describe("the ACLs of all nodes that it makes", () => {
  /** Each node gets some 48 KiB for a few bytes of "auth". */
  function known() {
    const { world, client, multi } = populated();
    for (let at = 0; at < 48; at++) {
      client.identities.push({ scheme: "digest", id: `${at}:${"x".repeat(1_000)}` });
    }
    const acl = [{ perms: 31, id: { scheme: "auth", id: "" } }];
    const parts = (count: number): MultiOp[] =>
      Array.from({ length: count }, (_, at) => ({
        type: "create",
        ...createFields({ flags: 0 }),
        acl,
        path: `/n${at}`,
      }));
    return { world, client, multi, parts };
  }

  test("have no more than one node may, and what the size of the request allows", () => {
    const { world, multi, parts } = known();
    expect(multi(...parts(1)).response?.map(({ type }) => type)).toEqual(["create"]);
    const { count } = world.tree.znodes;
    const refused = multi(...parts(6).slice(1));
    expect(refused.response?.map((result) => "err" in result && result.err)).toEqual([
      0, -114, -2, -2, -2,
    ]);
    expect(world.tree.znodes.count).toBe(count);
  });

  test("count if they are what the client spelt out, and then always fit", () => {
    const { world, multi, parts, client } = known();
    const acl = client.identities.slice(1).map((id) => ({ perms: 31, id }));
    const spelt = parts(20).map((part) => ({ ...part, acl }) as MultiOp);
    expect(multi(...spelt).response?.map(({ type }) => type)).toEqual(Array(20).fill("create"));
    expect(
      world.tree.acls.get(world.tree.znodes.int(world.tree.znodes.find("/n0") ?? 0, ACL)).list,
    ).toEqual(acl);
  });
});
