import { describe, expect, test } from "vitest";
import { OPEN_ACL, ServerWorld, type TestClient } from "./server-world.ts";

const NONE = {
  dataWatches: [],
  existWatches: [],
  childWatches: [],
  persistentWatches: [],
  persistentRecursiveWatches: [],
};

function change(client: TestClient, what: "create" | "setData" | "delete", path: string): void {
  const data = new Uint8Array(1);
  if (what === "create") client.ask("create", { path, data, acl: OPEN_ACL, flags: 0 });
  else if (what === "setData") client.ask("setData", { path, data, version: -1 });
  else client.ask("delete", { path, version: -1 });
  client.world.commit();
}

/** A world with /a and /a/b, the zxid then, and what has changed since. */
function worldAfter(...changes: [what: "create" | "setData" | "delete", path: string][]) {
  const world = new ServerWorld();
  const writer = world.session();
  change(writer, "create", "/a");
  change(writer, "create", "/a/b");
  const relativeZxid = world.zxid;
  for (const [what, path] of changes) change(writer, what, path);
  writer.take();
  return { world, writer, relativeZxid };
}

describe("what changed in between is told before the reply", () => {
  type Kind = "dataWatches" | "existWatches" | "childWatches";
  type Change = [what: "create" | "setData" | "delete", path: string];
  const cases: [kind: Kind, path: string, changes: Change[], event: string | undefined][] = [
    ["dataWatches", "/a/b", [], undefined],
    ["dataWatches", "/a/b", [["setData", "/a/b"]], "nodeDataChanged"],
    ["dataWatches", "/a/b", [["delete", "/a/b"]], "nodeDeleted"],
    ["dataWatches", "/a", [["create", "/a/c"]], undefined],
    ["existWatches", "/c", [], undefined],
    ["existWatches", "/c", [["create", "/c"]], "nodeCreated"],
    ["childWatches", "/a", [["create", "/a/c"]], "nodeChildrenChanged"],
    ["childWatches", "/a", [["setData", "/a"]], undefined],
    ["childWatches", "/a", [["delete", "/a/b"]], "nodeChildrenChanged"],
    ["childWatches", "/a/b", [["delete", "/a/b"]], "nodeDeleted"],
  ];
  test.each(cases)("%s at %s after %j", (kind, path, changes, event) => {
    const { world, relativeZxid } = worldAfter(...changes);
    const client = world.session();
    client.ask("setWatches2", { ...NONE, relativeZxid, [kind]: [path] }, -8);
    expect(client.take()).toEqual(event === undefined ? ["-8:0"] : [`${path} ${event}`, "-8:0"]);
    expect(world.server.watches.size).toBe(event === undefined ? 1 : 0);
  });
});

test("events come in the order of the request, and the other watches are there", () => {
  const { world, writer, relativeZxid } = worldAfter(["setData", "/a"], ["create", "/c"]);
  const client = world.session();
  client.ask(
    "setWatches",
    { relativeZxid, dataWatches: ["/a/b", "/a"], existWatches: ["/c"], childWatches: ["/a/b"] },
    -8,
  );
  expect(client.take()).toEqual(["/a nodeDataChanged", "/c nodeCreated", "-8:0"]);
  change(writer, "delete", "/a/b");
  expect(client.take()).toEqual(["/a/b nodeDeleted"]);
});

test("persistent watches are set, whatever has changed", () => {
  const { world, writer, relativeZxid } = worldAfter(["setData", "/a"]);
  const client = world.session();
  client.ask(
    "setWatches2",
    {
      ...NONE,
      relativeZxid,
      persistentWatches: ["/a"],
      persistentRecursiveWatches: ["/a/b"],
    },
    -8,
  );
  change(writer, "create", "/a/b/c");
  change(writer, "create", "/a/d");
  expect(client.take()).toEqual(["-8:0", "/a/b/c nodeCreated", "/a nodeChildrenChanged"]);
});

test("a client whose watches do not all fit is closed rather than left without some", () => {
  const world = new ServerWorld({ limits: { watchBytesPerConnection: 65_000 } });
  const client = world.session();
  const path = "/".padEnd(900, "x");
  const existWatches = Array.from({ length: 70 }, (_, index) => path + index);
  client.ask("setWatches2", { ...NONE, relativeZxid: world.zxid, existWatches }, -8);
  expect([client.take(), client.state]).toEqual([[], "destroyed"]);
  expect(world.server.watches.size).toBe(0);
});
