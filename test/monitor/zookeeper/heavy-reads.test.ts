import { expect, test } from "vitest";
import { ERRORS } from "../../../cluster/zookeeper/error-codes.ts";
import { OPEN_ACL, ServerWorld, type TestClient } from "./server-world.ts";

const EPHEMERAL = 1;
const NODES = 10;
const LIMITS = { limits: { visitsPerTick: 2 * NODES } };

function create(client: TestClient, path: string, flags = 0): Uint8Array {
  return client.packet("create", { path, data: undefined, acl: OPEN_ACL, flags });
}

function exists(client: TestClient, path: string): Uint8Array {
  return client.packet("exists", { path, watch: false });
}

const HEAVY: readonly (readonly [string, (client: TestClient) => Uint8Array])[] = [
  ["getEphemerals", (client) => client.packet("getEphemerals", { prefixPath: "/none" })],
  ["getAllChildrenNumber", (client) => client.packet("getAllChildrenNumber", { path: "/a" })],
  [
    "multiRead",
    (client) => {
      const parts = Array.from({ length: NODES }, () => ({
        type: "getData" as const,
        path: "/none",
        watch: false,
      }));
      return client.packet("multiRead", parts);
    },
  ],
];

/** A client with ephemeral nodes below /a, whose next xid is 12. */
function populated() {
  const world = new ServerWorld(LIMITS);
  const client = world.session();
  client.send(create(client, "/a"));
  for (let at = 0; at < NODES; at++) client.send(create(client, `/a/${at}`, EPHEMERAL));
  world.commit();
  client.take();
  return { world, client };
}

test.each(HEAVY)("only so many of %s are answered between two ticks", (_, heavy) => {
  const { world, client } = populated();
  const other = world.session();
  client.send(...[1, 2, 3, 4, 5].map(() => heavy(client)), exists(client, "/a"));
  expect(client.take()).toEqual(["12:0", "13:0"]);
  other.send(exists(other, "/a"));
  expect(other.take()).toEqual(["1:0"]);
  world.tick(50);
  expect(client.take()).toEqual(["14:0", "15:0"]);
  world.tick(50);
  expect(client.take()).toEqual(["16:0", "17:0"]);
});

test("clients that wait are answered in turn", () => {
  const { world, client } = populated();
  const heavy = () => client.packet("getAllChildrenNumber", { path: "/a" });
  const other = world.session();
  client.send(heavy(), heavy(), heavy(), heavy(), heavy());
  other.send(other.packet("getAllChildrenNumber", { path: "/a" }));
  world.tick(50);
  world.tick(50);
  expect(client.take()).toHaveLength(5);
  expect(other.take()).toEqual(["1:0"]);
});

test("a write behind a heavy read that waits does not reach it, and goes when that is answered", () => {
  const { world, client } = populated();
  const heavy = () => client.packet("getAllChildrenNumber", { path: "/a" });
  client.send(create(client, "/b"), heavy(), heavy(), heavy());
  client.send(exists(client, "/c"), create(client, "/c"), exists(client, "/c"));
  expect(world.forwarded).toHaveLength(1);
  world.commit();
  expect(client.take()).toEqual(["12:0", "13:0", "14:0"]);
  expect(world.forwarded).toHaveLength(0);
  world.tick(50);
  expect(client.take()).toEqual(["15:0", `16:${ERRORS.NONODE}`]);
  world.commit();
  expect(client.take()).toEqual(["17:0", "18:0"]);
});

test("a client that goes leaves nothing behind", () => {
  const { world, client } = populated();
  const heavy = () => client.packet("getAllChildrenNumber", { path: "/a" });
  client.send(heavy(), heavy(), heavy());
  client.close();
  world.tick(50);
  expect([world.server.heavy.size, world.server.outstanding]).toEqual([0, 0]);
});
