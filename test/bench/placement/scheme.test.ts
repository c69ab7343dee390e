import { expect, test } from "vitest";
import { unlessImpossible } from "../../../bench/placement/scheme.ts";
import { CrushError } from "../../../crush/error.ts";

test("that a map cannot be is a result; every other error goes on", () => {
  const impossible = new CrushError("LIMIT", "too large");
  const throwing = (error: Error) => () => {
    throw error;
  };
  expect(unlessImpossible(() => 5)).toBe(5);
  expect(unlessImpossible(throwing(impossible))).toBe(impossible);
  expect(() => unlessImpossible(throwing(new TypeError("a bug")))).toThrow(TypeError);
});
