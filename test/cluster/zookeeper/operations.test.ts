import { expect, test } from "vitest";
import { OPCODES } from "../../../cluster/zookeeper/op-codes.ts";
import { OPERATIONS } from "../../../cluster/zookeeper/operations.ts";

test("what a client may ask for has records; what only servers say has none", () => {
  const without = Object.keys(OPCODES).filter((name) => !(name in OPERATIONS));
  expect(without).toEqual(["notification", "deleteContainer", "createSession", "error"]);
});
