import { describe, expect, test } from "vitest";
import { CrushError, locateErrors } from "../../crush/error.ts";

describe("an error about a map", () => {
  test.each([
    [undefined, "too heavy"],
    [{ line: 3, column: 7 }, "line 3, column 7: too heavy"],
    [{ offset: 16 }, "at byte 16: too heavy"],
  ])("at %j reads %s", (place, message) => {
    expect(new CrushError("WEIGHT", "too heavy", place)).toMatchObject({
      code: "WEIGHT",
      place,
      message,
    });
  });
});

describe("locateErrors", () => {
  const place = (): { offset: number } => ({ offset: 5 });

  test("gives a place to an error that has none", () => {
    const body = (): never => {
      throw new CrushError("LOOP", "around");
    };
    expect(() => locateErrors(place, body)).toThrow("at byte 5: around");
  });

  test("leaves an error that has one, and errors of other kinds, as they are", () => {
    for (const error of [new CrushError("LOOP", "x", { offset: 1 }), new RangeError("y")]) {
      const body = (): never => {
        throw error;
      };
      expect(() => locateErrors(place, body)).toThrow(error);
    }
  });

  test("returns what the body returns", () => {
    expect(locateErrors(place, () => 7)).toBe(7);
  });
});
