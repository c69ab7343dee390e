import { expect, test } from "vitest";
import { AssertionError, assert, present, unreachable } from "../../../cluster/base/assert.ts";

test("a condition that holds passes", () => {
  expect(() => assert(true, "never said")).not.toThrow();
});

test("a condition that does not hold throws what it relied on", () => {
  expect(() => assert(false, "epochs only grow")).toThrow(new AssertionError("epochs only grow"));
});

test("a failed assertion can be told from other errors", () => {
  const error = new AssertionError("x");
  expect(error).toBeInstanceOf(Error);
  expect(error.name).toBe("AssertionError");
});

test.each([[0], [""], [false], [null]])("%j is present: only undefined is missing", (value) => {
  expect(present(value, "it")).toBe(value);
});

test("what is missing is named", () => {
  expect(() => present(undefined, "pool 3")).toThrow(new AssertionError("pool 3 is missing"));
});

test("a branch that types exclude shows the value that reached it", () => {
  const stray = { type: "surprise", zxid: 7n } as never;
  expect(() => unreachable(stray, "effect")).toThrow(
    new AssertionError('effect: unexpected {"type":"surprise","zxid":"7n"}'),
  );
});
