import { expect, test } from "vitest";
import { OPCODES, opName } from "../../../cluster/zookeeper/op-codes.ts";

test("every number has its name, and other numbers have none", () => {
  for (const [name, code] of Object.entries(OPCODES)) expect(opName(code)).toBe(name);
  expect(opName(10)).toBeUndefined();
  expect(opName(999)).toBeUndefined();
});
