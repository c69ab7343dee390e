import { expect, test } from "vitest";
import { ServerWorld } from "./server-world.ts";

test("a connection takes its watches and requests along, and leaves its session", () => {
  const world = new ServerWorld();
  const client = world.session();
  client.ask("exists", { path: "/a", watch: true });
  client.ask("create", { path: "/a", data: undefined, acl: [], flags: 0 });
  client.close();
  const { clients, bySession, watches, outstanding } = world.server;
  expect([clients.size, bySession.size, watches.size, outstanding]).toEqual([0, 0, 0, 0]);
  expect(world.tree.sessions.count).toBe(1);
  world.commit();
  expect(client.take()).toEqual(["1:-101"]);
});

test("what was written leaves before the end", () => {
  const world = new ServerWorld();
  const client = world.session();
  client.ask("closeSession", {});
  const seen: string[] = [];
  const hear = client.hear.bind(client);
  client.hear = (chunks) => {
    seen.push(client.state);
    hear(chunks);
  };
  world.commit();
  expect([seen, client.state, client.take()]).toEqual([["open"], "ended", ["1:0"]]);
});

test("a connection that ends is told once, in a line with its address and session", () => {
  const world = new ServerWorld();
  const client = world.session();
  world.logs = [];
  client.send(new Uint8Array(3));
  client.send(new Uint8Array(3));
  expect(world.logs).toEqual([
    "closing a client's connection: a packet is shorter than its header",
  ]);
  expect(client.state).toBe("destroyed");
});
