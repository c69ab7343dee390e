import { expect, test } from "vitest";
import { createPrng } from "../../../cluster/base/prng.ts";
import { createSessionState, noSession } from "../../../cluster/zookeeper/session-state.ts";

test("a new session has everything before it", () => {
  const state = createSessionState({ servers: ["a:1", "b:1"], prng: createPrng(1) });
  expect(state.servers.toSorted()).toEqual(["a:1", "b:1"]);
  expect(state.status).toBe("connecting");
  expect(state.session.timeoutMs).toBe(10_000);
  expect(noSession(5).id).toBe(0n);
});

test("no servers are a bug of the caller", () => {
  expect(() => createSessionState({ servers: [], prng: createPrng(1) })).toThrow("has a server");
});
