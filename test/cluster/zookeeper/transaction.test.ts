import { describe, expect, test } from "vitest";
import { EMPTY_BYTES, utf8 } from "../../../cluster/base/bytes.ts";
import { OPEN_ACL } from "../../../cluster/zookeeper/acl.ts";
import type { MultiOp } from "../../../cluster/zookeeper/multi-records.ts";
import {
  type CreateMode,
  createOp,
  isSequential,
  Transaction,
} from "../../../cluster/zookeeper/transaction.ts";

test("a transaction is its operations in their order", async () => {
  let committed: readonly MultiOp[] = [];
  const transaction = new Transaction(async (ops) => {
    committed = ops;
    return [];
  });
  await transaction.create("/a").check("/b", 3).setData("/c", utf8("x")).delete("/d", 0).commit();
  expect(committed).toEqual([
    { type: "create2", path: "/a", data: EMPTY_BYTES, acl: OPEN_ACL, flags: 0 },
    { type: "check", path: "/b", version: 3 },
    { type: "setData", path: "/c", data: utf8("x"), version: -1 },
    { type: "delete", path: "/d", version: 0 },
  ]);
});

describe("modes", () => {
  test.each<[CreateMode, string, number, boolean]>([
    ["PERSISTENT", "create2", 0, false],
    ["EPHEMERAL", "create2", 1, false],
    ["PERSISTENT_SEQUENTIAL", "create2", 2, true],
    ["EPHEMERAL_SEQUENTIAL", "create2", 3, true],
    ["CONTAINER", "createContainer", 4, false],
    ["PERSISTENT_WITH_TTL", "createTTL", 5, false],
    ["PERSISTENT_SEQUENTIAL_WITH_TTL", "createTTL", 6, true],
  ])("%s", (mode, type, flags, sequential) => {
    const op = createOp("/a", EMPTY_BYTES, { mode, ttlMs: 5 });
    expect(op).toMatchObject({ type, flags });
    expect(isSequential(flags)).toBe(sequential);
    if (op.type === "createTTL") expect(op.ttl).toBe(5);
  });
});
