import { expect, test } from "vitest";
import { OPCODES } from "../../../cluster/zookeeper/op-codes.ts";
import { OPERATIONS } from "../../../cluster/zookeeper/operations.ts";
import { isWrite, routeOf } from "../../../monitor/zookeeper/routes.ts";

test("every operation that Kelp's own client knows goes some way", () => {
  const lost = Object.entries(OPERATIONS).filter(([, { code }]) => routeOf(code) === undefined);
  expect(lost).toEqual([]);
});

test.each([
  ["create", true],
  ["multi", true],
  ["closeSession", true],
  ["reconfig", true],
  ["sync", false],
  ["auth", false],
  ["getData", false],
  ["multiRead", false],
] as const)("whether %s goes through the log: %s", (name, expected) => {
  expect(isWrite(OPCODES[name])).toBe(expected);
});

test("an unknown operation goes no way", () => {
  expect([routeOf(999), isWrite(999)]).toEqual([undefined, false]);
});
