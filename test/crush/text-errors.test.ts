import { describe, expect, test } from "vitest";
import { CrushError } from "../../crush/error.ts";
import { TextErrors } from "../../crush/text-errors.ts";
import { failureOf } from "./map-texts.ts";

describe("the place of an error", () => {
  test.each([
    ["abc", 0, { line: 1, column: 1 }],
    ["abc", 3, { line: 1, column: 4 }],
    ["a\nbc", 2, { line: 2, column: 1 }],
    ["a\n\n\tb", 4, { line: 3, column: 2 }],
    ["a\r\nb", 3, { line: 2, column: 1 }],
    ["a\n", 1, { line: 1, column: 2 }],
  ])("in %j at offset %i", (text, offset, place) => {
    expect(new TextErrors(text).at(offset, "SYNTAX", "x").place).toEqual(place);
  });

  test("is given to what is thrown without one", () => {
    const errors = new TextErrors("one\ntwo");
    const body = (): never => {
      throw new CrushError("WEIGHT", "heavy");
    };
    expect(failureOf(() => errors.locate(4, body)).message).toBe("line 2, column 1: heavy");
  });
});
