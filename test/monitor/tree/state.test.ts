import { expect, test } from "vitest";
import { COUNTER_MAX } from "../../../monitor/tree/batch.ts";
import { createState, lastZxid, RULES, zxidsLeft } from "../../../monitor/tree/state.ts";

test("a zxid has the epoch above the counter", () => {
  const tree = createState(RULES);
  expect(lastZxid(tree)).toBe(0);
  tree.epoch = 5;
  tree.counter = 9;
  expect(lastZxid(tree).toString(16)).toBe("500000009");
  expect(zxidsLeft(tree)).toBe(COUNTER_MAX - 9);
});

test("every rule is in force unless a test says otherwise", () => {
  expect(Object.values(RULES)).toEqual([true, true, true, true]);
});
