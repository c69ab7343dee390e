import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  closestName,
  editDistance,
  nameOfKey,
  nameOfVariable,
  variableOfName,
} from "../../../cluster/runtime/config-names.ts";

test.each([
  ["listen", "listen", "KELP_LISTEN"],
  ["downOutInterval", "down-out-interval", "KELP_DOWN_OUT_INTERVAL"],
  ["s3Port", "s3-port", "KELP_S3_PORT"],
])("%s is written %s and %s", (key, name, variable) => {
  expect(nameOfKey(key)).toBe(name);
  expect(variableOfName(name)).toBe(variable);
  expect(nameOfVariable(variable)).toBe(name);
});

describe("suggestions", () => {
  const known = ["listen", "log-level", "down-out-interval", "size"];
  test.each([
    ["lisen", "listen"],
    ["lsiten", "listen"],
    ["loglevel", "log-level"],
    ["down-out-intervall", "down-out-interval"],
    ["sise", "size"],
    ["si", undefined],
    ["level", undefined],
    ["something-else", undefined],
  ])("%s means %s", (name, meant) => {
    expect(closestName(name, known)).toBe(meant);
  });

  test("a name longer than any of ours is not compared", () => {
    const name = "x".repeat(100_000);
    expect(closestName(name, [name])).toBeUndefined();
  });
});

test("the edit distance is that of the definition", () => {
  const dumb = (left: string, right: string): number => {
    if (left === "" || right === "") return left.length + right.length;
    const replaced = dumb(left.slice(1), right.slice(1)) + (left[0] === right[0] ? 0 : 1);
    return Math.min(replaced, dumb(left.slice(1), right) + 1, dumb(left, right.slice(1)) + 1);
  };
  const word = fc.string({ unit: fc.constantFrom("a", "b", "c"), maxLength: 5 });
  fc.assert(
    fc.property(word, word, (left, right) => {
      expect(editDistance(left, right)).toBe(dumb(left, right));
    }),
  );
});
