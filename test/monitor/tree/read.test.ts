/** Each case is what Apache ZooKeeper 3.8.0 answers. */
import { describe, expect, test } from "vitest";
import { digestId, OPEN_ACL } from "../../../cluster/zookeeper/acl.ts";
import type { MultiOp } from "../../../cluster/zookeeper/multi-records.ts";
import { MULTI_READ_BYTES_MAX, read } from "../../../monitor/tree/read.ts";
import { digestOf } from "../../../monitor/tree/tree.ts";
import { nameOf, World } from "./world.ts";

const BOB = digestId("bob:pw");

function populated() {
  const world = new World();
  const client = world.connect();
  world.create(client, "/a", { data: Buffer.from("hello") });
  world.create(client, "/a/b", { data: undefined });
  world.create(client, "/a/c", { flags: 1 });
  world.create(client, "/bob", { acl: [{ perms: 31, id: { scheme: "digest", id: BOB } }] });
  world.create(client, "/shown", {
    acl: [
      { perms: 1, id: { scheme: "world", id: "anyone" } },
      { perms: 31, id: { scheme: "digest", id: BOB } },
    ],
  });
  return { world, client };
}

const READS = ["exists", "getData", "getChildren", "getChildren2", "getACL"] as const;

describe("errors", () => {
  test.each(READS)("%s of a node that is not there is NONODE", (name) => {
    const { world, client } = populated();
    expect(world.read(client, name, { path: "/none", watch: false }).name).toBe("NONODE");
  });

  test.each([
    ["exists", "OK"],
    ["getData", "NOAUTH"],
    ["getChildren", "NOAUTH"],
    ["getChildren2", "NOAUTH"],
    ["getACL", "NOAUTH"],
    ["getAllChildrenNumber", "NOAUTH"],
  ] as const)("%s of a node that may not be read is %s", (name, error) => {
    const { world, client } = populated();
    expect(world.read(client, name, { path: "/bob", watch: false }).name).toBe(error);
  });

  test("a path with a character 0 is refused by exists, and not found by others", () => {
    const { world, client } = populated();
    expect(world.read(client, "exists", { path: "/\0", watch: false }).name).toBe("BADARGUMENTS");
    expect(world.read(client, "getData", { path: "/\0", watch: false }).name).toBe("NONODE");
  });

  test.each([3, 4, 6, 8, 12, 22, 103, 104])(
    "operation %i without a body is MARSHALLINGERROR",
    (op) => {
      const { world, client } = populated();
      const request = { op, body: new Uint8Array(2), identities: [], session: client.session };
      expect(nameOf(read(world.tree, request).error)).toBe("MARSHALLINGERROR");
      expect(nameOf(read(world.tree, { ...request, op: 1 }).error)).toBe("UNIMPLEMENTED");
    },
  );
});

describe("watches", () => {
  test.each([
    ["exists", "/a", "data"],
    ["exists", "/none", "exist"],
    ["exists", "/bob", "data"],
    ["getData", "/a", "data"],
    ["getData", "/none", undefined],
    ["getData", "/bob", undefined],
    ["getChildren", "/a", "child"],
    ["getChildren", "/none", undefined],
    ["getChildren2", "/a", "child"],
  ] as const)("%s of %s leaves a watch of the kind %s", (name, path, kind) => {
    const { world, client } = populated();
    const expected = kind === undefined ? undefined : { kind, path };
    expect(world.read(client, name, { path, watch: true }).watch).toEqual(expected);
    expect(world.read(client, name, { path, watch: false }).watch).toBeUndefined();
  });
});

test("data comes back with the stat, null as null", () => {
  const { world, client } = populated();
  const { fields } = world.read(client, "getData", { path: "/a", watch: false });
  expect(Buffer.from(fields?.data ?? []).toString()).toBe("hello");
  expect(fields?.stat).toEqual(world.stat(client, "/a"));
  expect(
    world.read(client, "getData", { path: "/a/b", watch: false }).fields?.data,
  ).toBeUndefined();
});

test("getChildren2 has the stat too, and the empty path is the root", () => {
  const { world, client } = populated();
  const { fields } = world.read(client, "getChildren2", { path: "", watch: false });
  expect(fields?.children).toEqual(["a", "shown", "bob", "zookeeper"].sort(byJava));
  expect(fields?.stat).toEqual(world.stat(client, "/"));

  function byJava(left: string, right: string): number {
    return world.children(client, "/").indexOf(left) - world.children(client, "/").indexOf(right);
  }
});

test("an ACL shows hashes to administrators alone", () => {
  const { world, client } = populated();
  const ids = () =>
    world.read(client, "getACL", { path: "/shown" }).fields?.acl.map(({ id }) => id.id);
  expect(ids()).toEqual(["anyone", "bob:x"]);
  client.identities = [{ scheme: "digest", id: BOB }];
  expect(ids()).toEqual(["anyone", BOB]);
});

test("getAllChildrenNumber counts everything below", () => {
  const { world, client } = populated();
  const count = (path: string) =>
    world.read(client, "getAllChildrenNumber", { path }).fields?.totalNumber;
  expect([count("/"), count(""), count("/a"), count("/a/b")]).toEqual([8, 9, 2, 0]);
});

test.each([
  ["", ["/a/c", "/x"]],
  ["/", ["/a/c", "/x"]],
  [" / ", ["/a/c", "/x"]],
  ["\0\t", ["/a/c", "/x"]],
  [" / /", []],
  ["/a", ["/a/c"]],
  ["/a/", ["/a/c"]],
  ["a", []],
])("getEphemerals under %j", (prefixPath, expected) => {
  const { world, client } = populated();
  world.create(client, "/x", { flags: 1 });
  const { fields } = world.read(client, "getEphemerals", { prefixPath });
  expect([...(fields?.ephemerals ?? [])].sort()).toEqual(expected);
  expect(world.read(world.connect(), "getEphemerals", { prefixPath }).fields?.ephemerals).toEqual(
    [],
  );
});

test("getEphemerals takes no longer for spaces than for other characters", () => {
  const { world, client } = populated();
  const prefixPath = `${" ".repeat(900_000)}x`;
  expect(world.read(client, "getEphemerals", { prefixPath }).fields?.ephemerals).toEqual([]);
});

test("multiRead answers part by part", () => {
  const { world, client } = populated();
  const parts: MultiOp[] = [
    { type: "getData", path: "/a", watch: true },
    { type: "getChildren", path: "/none", watch: false },
    { type: "getData", path: "/bob", watch: false },
    { type: "getChildren", path: "/a", watch: true },
  ];
  const { fields, watch } = world.read(client, "multiRead", parts);
  expect(fields).toMatchObject([
    { type: "getData", stat: world.stat(client, "/a") },
    { type: "error", err: -101 },
    { type: "error", err: -102 },
    { type: "getChildren", children: world.children(client, "/a") },
  ]);
  expect(watch).toBeUndefined();
  const write: MultiOp = { type: "delete", path: "/a", version: -1 };
  expect(world.read(client, "multiRead", [write]).name).toBe("MARSHALLINGERROR");
});

test.each(["getData", "getChildren"] as const)(
  "a multiRead that names a large node again and again with %s is refused",
  (type) => {
    const { world, client } = populated();
    world.create(client, "/large", { data: new Uint8Array(1 << 20) });
    for (let at = 0; at < 64; at++) world.create(client, `/large/${"x".repeat(1 << 14)}${at}`);
    const naming = (count: number): MultiOp[] =>
      Array.from({ length: count }, () => ({ type, path: "/large", watch: false }));
    const count = MULTI_READ_BYTES_MAX >> 20;
    expect(world.read(client, "multiRead", naming(count - 1)).name).toBe("OK");
    expect(world.read(client, "multiRead", naming(count)).name).toBe("MARSHALLINGERROR");
  },
);

test("reads change nothing", () => {
  const { world, client } = populated();
  const before = digestOf(world.tree);
  for (const name of READS) world.read(client, name, { path: "/a", watch: true });
  expect(digestOf(world.tree)).toBe(before);
  expect(OPEN_ACL).toHaveLength(1);
});
