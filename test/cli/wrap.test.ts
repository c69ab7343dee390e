import { expect, test } from "vitest";
import { wrapped } from "../../cli/wrap.ts";

test.each([
  ["", 5, [""]],
  ["one two", 7, ["one two"]],
  ["one two", 6, ["one", "two"]],
  ["one two three", 7, ["one two", "three"]],
  ["abcdefgh ij", 4, ["abcd", "efgh", "ij"]],
  ["a  b", 2, ["a", "b"]],
])("%j in %d columns", (text, width, lines) => expect(wrapped(text, width)).toEqual(lines));
