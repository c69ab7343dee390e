import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readEntries } from "../../../monitor/zookeeper/zoo-cfg-text.ts";

const read = (text: string): string[] =>
  readEntries({ path: "zoo.cfg", text }).map(
    ({ key, value, place, valuePlace }) =>
      `${key}|${value}|${place.line}:${place.column}|${valuePlace.line}:${valuePlace.column}`,
  );

describe("lines of a properties file", () => {
  const cases: [what: string, text: string, expected: string[]][] = [
    ["an equals sign", "a=b", ["a|b|1:1|1:3"]],
    ["blanks around the sign and the value", "  a  =  b  ", ["a|b|1:3|1:9"]],
    ["a colon", "a:b", ["a|b|1:1|1:3"]],
    ["white space alone", "a\tb c", ["a|b c|1:1|1:3"]],
    ["only the first sign counts", "server.1=h:1:2", ["server.1|h:1:2|1:1|1:10"]],
    ["no value", "a=", ["a||1:1|1:3"]],
    ["a key alone", "a", ["a||1:1|1:2"]],
    ["comments and empty lines", "# a=b\n\n ! c\n\nd=e", ["d|e|5:1|5:3"]],
    ["a continued line", "a=b\\\n   c", ["a|bc|1:1|1:3"]],
    ["a value on the next line", "a=\\\n  c", ["a|c|1:1|2:3"]],
    ["a continued last line", "a=b\\", ["a|b|1:1|1:3"]],
    [
      "an even number of backslashes ends the line",
      "a=b\\\\\nc=d",
      ["a|b\\|1:1|1:3", "c|d|2:1|2:3"],
    ],
    ["escapes", "a\\ b=\\u0041\\tx\\q", ["a b|A\txq|1:1|1:6"]],
    [
      "line ends of other systems",
      "a=1\r\nb=2\rc=3",
      ["a|1|1:1|1:3", "b|2|2:1|2:3", "c|3|3:1|3:3"],
    ],
    ["nothing", "", []],
  ];
  test.each(cases)("%s", (_, text, expected) => {
    expect(read(text)).toEqual(expected);
  });
});

test("any text is read without an error, and places are inside it", () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(..."a=:\\ \n\t#!u0".split("")) }), (text) => {
      const lines = text.split(/\r\n|\r|\n/);
      for (const { place, valuePlace } of readEntries({ path: "p", text })) {
        for (const { line, column } of [place, valuePlace]) {
          const length = lines[line - 1]?.length ?? -1;
          expect(column).toBeGreaterThan(0);
          expect(column).toBeLessThanOrEqual(length + 1);
        }
      }
    }),
  );
});
