import { expect, test } from "vitest";
import { ERROR_MEANINGS, ERRORS, errorName } from "../../../cluster/zookeeper/error-codes.ts";

test("every number has its name and a meaning, and other numbers have none", () => {
  for (const [name, code] of Object.entries(ERRORS)) expect(errorName(code)).toBe(name);
  expect(Object.keys(ERROR_MEANINGS)).toEqual(Object.keys(ERRORS));
  expect(errorName(-9999)).toBeUndefined();
});
