import { expect, test } from "vitest";
import { createTree } from "../../../monitor/tree/tree.ts";
import { createServer, newClient, SERVER_LIMITS } from "../../../monitor/zookeeper/server-state.ts";

test("a new server serves nobody and holds nothing, with the limits that it is given", () => {
  const server = createServer(
    {
      server: 1,
      tree: createTree(),
      minSessionTimeoutMs: 4,
      maxSessionTimeoutMs: 40,
      wordsWhitelist: new Set(),
      limits: { requests: 5 },
    },
    7,
  );
  expect(server.limits).toEqual({ ...SERVER_LIMITS, requests: 5 });
  expect([server.isServing, server.clients.size, server.outstanding]).toEqual([false, 0, 0]);
  expect(server.counts.sinceMs).toBe(7);
});

test("a new client is nobody yet", () => {
  const client = newClient({ id: 3, address: "a:1", password: new Uint8Array(16) }, 9);
  expect(client).toMatchObject({ phase: "new", session: 0, identities: [], lastHeardMs: 9 });
});
