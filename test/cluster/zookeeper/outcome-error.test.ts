import { expect, test } from "vitest";
import { outcomeError } from "../../../cluster/zookeeper/outcome-error.ts";
import type { Outcome } from "../../../cluster/zookeeper/session-state.ts";

type Why = Extract<Outcome, { type: "failed" }>["why"];

test.each<[Why, string, string]>([
  ["connectionLost", "ClusterError", "CONNECTION_LOST"],
  ["unreachable", "ClusterError", "UNREACHABLE"],
  ["overloaded", "ClusterError", "OVERLOADED"],
  ["tooLarge", "ZooKeeperError", "BADARGUMENTS"],
  ["authFailed", "ZooKeeperError", "AUTHFAILED"],
  ["expired", "ZooKeeperError", "SESSIONEXPIRED"],
  ["closed", "ZooKeeperError", "SESSIONEXPIRED"],
])("a request that failed, %s, is a %s %s", (why, name, code) => {
  const outcome = { type: "failed", why, detail: "because" } as const;
  const error = outcomeError(outcome, { operation: "setData", path: "/a" });
  expect(error).toMatchObject({ name, code });
  expect(error.message).toMatch(/^setData \/a: /);
});

test("what a server refuses has the server's code", () => {
  const error = outcomeError({ type: "refused", code: -103 }, { operation: "delete", path: "/a" });
  expect(error).toMatchObject({ name: "ZooKeeperError", code: "BADVERSION", path: "/a" });
});
