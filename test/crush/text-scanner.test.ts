import { describe, expect, test } from "vitest";
import { TextScanner } from "../../crush/text-scanner.ts";
import { failureOf } from "./map-texts.ts";

const RANGE = { min: -10, max: 10 };

describe("the scanner", () => {
  test("takes one token after the other, over blanks and comments", () => {
    const scanner = new TextScanner("  # first\n\titem osd.1 # second\r\n weight 1.5 pos -3}#end");
    expect(scanner.keyword("item")).toBe("item");
    expect(scanner.name("a name")).toEqual({ text: "osd.1", at: 16 });
    expect(scanner.maybeKeyword("pos")).toBe(false);
    expect(scanner.maybeKeyword("weight")).toBe(true);
    expect(scanner.real("a weight").text).toBe("1.5");
    expect(scanner.keyword("id", "pos")).toBe("pos");
    expect(scanner.integer("a number", RANGE).value).toBe(-3);
    expect(scanner.isAtEnd).toBe(false);
    scanner.mark("}");
    expect(scanner.isAtEnd).toBe(true);
  });

  test.each([
    ["id-2", true],
    ["id2", true],
    ["id{", true],
    ["id", true],
    ["idx", false],
    ["id_", false],
    ["i d", false],
  ])("in %j stands the keyword id: %s", (text, stands) => {
    expect(new TextScanner(text).maybeKeyword("id")).toBe(stands);
  });

  test.each(["1", "1.5", ".5", "2.", "1e-1", "1E+3", "+7", "-0.5"])("%s is a number", (text) => {
    const scanner = new TextScanner(text);
    expect(scanner.real("a number").text).toBe(text);
    expect(scanner.isAtEnd).toBe(true);
  });

  test("looks ahead without moving", () => {
    const scanner = new TextScanner("host # x\n a {");
    expect(scanner.looksLike(/^host/, /^a/, /^\{/)).toBe(true);
    expect(scanner.looksLike(/^host/, /^b/)).toBe(false);
    expect(scanner.at).toBe(0);
  });

  test.each<[string, (scanner: TextScanner) => unknown, string]>([
    [
      "\n hosts 1",
      (s) => s.keyword("id", "alg"),
      'line 2, column 2: expected "id" or "alg", found "hosts"',
    ],
    ["", (s) => s.name("a name"), "line 1, column 1: expected a name, found the end of the text"],
    ["é", (s) => s.name("a name"), 'line 1, column 1: expected a name, found "é"'],
    ["😀x", (s) => s.mark("{"), 'line 1, column 1: expected "{", found "😀"'],
    ["x", (s) => s.integer("a count", RANGE), 'line 1, column 1: expected a count, found "x"'],
    [
      "11",
      (s) => s.integer("a count", RANGE),
      "line 1, column 1: a count is from -10 to 10, not 11",
    ],
    ["\u0000", (s) => s.digits("an id"), 'line 1, column 1: expected an id, found "\\u0000"'],
  ])("in %j tells what was expected and what is there", (text, take, message) => {
    expect(failureOf(() => take(new TextScanner(text))).message).toBe(message);
  });

  test.each(["a", "9"])("a megabyte of %j is refused, not read", (character) => {
    const scanner = new TextScanner(character.repeat(1 << 20));
    expect(failureOf(() => scanner.name("a name")).code).toBe("LIMIT");
  });

  test("a minus sign before zero means nothing where one may stand, and else is refused", () => {
    expect(Object.is(new TextScanner("-0").integer("x", RANGE).value, 0)).toBe(true);
    const unsigned = { min: 0, max: 9 };
    expect(() => new TextScanner("-0").integer("x", unsigned)).toThrow("x is from 0 to 9, not -0");
  });
});
