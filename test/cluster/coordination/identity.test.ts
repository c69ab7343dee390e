import { inspect } from "node:util";
import { expect, test } from "vitest";
import { toHex } from "../../../cluster/base/bytes.ts";
import { treeIdentity } from "../../../cluster/coordination/identity.ts";
import { digestId } from "../../../cluster/zookeeper/acl.ts";
import { KEY, MapWorld } from "./map-world.ts";

const credentialsOf = (key: Uint8Array): string => treeIdentity(key).credentials.reveal();

test("the identity follows from the key, and does not give it away", () => {
  const credentials = credentialsOf(KEY);
  expect(credentials).toMatch(/^kelp:[0-9a-f]{64}$/);
  expect(credentialsOf(Uint8Array.from(KEY))).toBe(credentials);
  expect(credentials).not.toContain(toHex(KEY));
  expect(credentialsOf(new Uint8Array(32).fill(8))).not.toBe(credentials);
});

test("the identity of a key stays what it was: trees are closed by it", () => {
  // Computed by hand: HMAC-SHA-256 of the purpose and 01, under that of the key under zeros.
  const password = "8a86b3b000ccef986ba09d631781534fb0a8278af65dfa26f6ab2f122dd01b1d";
  expect(credentialsOf(new Uint8Array(32))).toBe(`kelp:${password}`);
});

test("the ACL lets this identity do everything, and nobody else anything", () => {
  const { acl, credentials } = treeIdentity(KEY);
  expect(acl).toEqual([
    { perms: 31, id: { scheme: "digest", id: digestId(credentials.reveal()) } },
  ]);
});

test("the password does not come into a log by accident", () => {
  const identity = treeIdentity(KEY);
  const [, password = ""] = identity.credentials.reveal().split(":");
  expect(inspect(identity, { depth: 5, showHidden: true })).not.toContain(password);
  expect(JSON.stringify(identity)).not.toContain(password);
});

test("a session authenticates before it asks for anything, on every connection", async () => {
  const world = await MapWorld.start();
  const order: string[] = [];
  world.server.losesRequest = ({ op }) => {
    if (op !== "ping") order.push(op);
    return false;
  };
  const client = world.tree();
  await world.until(client.exists("/kelp"));
  world.server.cut();
  await world.untilTrue(() => client.status === "disconnected");
  await world.until(client.exists("/kelp"));
  const { sessionId } = client;
  world.server.expire(sessionId);
  await world.untilTrue(() => client.status === "connected" && client.sessionId !== sessionId);
  await world.until(client.exists("/kelp"));
  expect(order).toEqual(["auth", "exists", "auth", "exists", "auth", "exists"]);
});

test("what a session creates is closed", async () => {
  const world = await MapWorld.start();
  const client = world.tree();
  await world.until(client.create("/kelp/x"));
  await world.until(client.transaction().create("/kelp/y").commit());
  const { acl } = treeIdentity(KEY);
  expect(world.server.nodes.get("/kelp/x")?.acl).toEqual(acl);
  expect(world.server.nodes.get("/kelp/y")?.acl).toEqual(acl);
});
