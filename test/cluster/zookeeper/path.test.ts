import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  childPath,
  nameOf,
  parentOf,
  pathProblem,
  sequenceOf,
  sequentialPath,
} from "../../../cluster/zookeeper/path.ts";

describe("paths", () => {
  const good = ["/", "/a", "/a/b", "/...", "/a..", "/..a", "/.a/b.", "/a.b", "/\u007e", "/\u00a0"];
  test.each([...good, "/é/漢", "/\uf900", "/\uffef", "/ "])("%j is one", (path) => {
    expect(pathProblem(path)).toBeUndefined();
  });

  const bad: [string, string][] = [
    ["", "a path is at least /"],
    ["a", "a path starts with /"],
    ["/a/", "a path does not end with /"],
    ["//", "a path does not end with /"],
    ["//a", "the name at 1 is empty"],
    ["/a//b", "the name at 3 is empty"],
    ["/.", "the name at 1 is relative"],
    ["/..", "the name at 1 is relative"],
    ["/a/./b", "the name at 3 is relative"],
    ["/a/../b", "the name at 3 is relative"],
    ["/a/..", "the name at 3 is relative"],
    ["/a\u0000b", "the character U+0000 at 2 is not allowed"],
    ["/\u001f", "the character U+001F at 1 is not allowed"],
    ["/\u007f", "the character U+007F at 1 is not allowed"],
    ["/\u009f", "the character U+009F at 1 is not allowed"],
    ["/\ud800", "the character U+D800 at 1 is not allowed"],
    ["/\u{1f600}", "the character U+D83D at 1 is not allowed"],
    ["/\uf8ff", "the character U+F8FF at 1 is not allowed"],
    ["/\ufff0", "the character U+FFF0 at 1 is not allowed"],
    ["/\uffff", "the character U+FFFF at 1 is not allowed"],
  ];
  test.each(bad)("%j is none: %s", (path, problem) => {
    expect(pathProblem(path)).toBe(problem);
  });

  const prefixes: [string, string | undefined][] = [
    ["/a/", undefined],
    ["/", undefined],
    ["/a/.", undefined],
    ["/a/..", undefined],
    ["/a/./", "the name at 3 is relative"],
    ["", "a path starts with /"],
    ["a", "a path starts with /"],
    ["//", "the name at 1 is empty"],
  ];
  test.each(prefixes)("of a sequential node, %j: %s", (path, problem) => {
    expect(pathProblem(path, { sequential: true })).toBe(problem);
  });

  test("are judged as by looking at each name", () => {
    const name = fc.string({ unit: fc.constantFrom("a", ".", "/", "\u0001", "é"), maxLength: 4 });
    const path = fc.array(name, { maxLength: 4 }).map((names) => `/${names.join("/")}`);
    fc.assert(
      fc.property(path, (text) => {
        const names = text === "/" ? [] : text.slice(1).split("/");
        const isGood = names.every(
          (part) => !["", ".", ".."].includes(part) && !part.includes("\u0001"),
        );
        expect(pathProblem(text) === undefined).toBe(isGood);
      }),
    );
  });
});

test("a path is its parent and its name", () => {
  for (const [path, parent, name] of [
    ["/a", "/", "a"],
    ["/a/b", "/a", "b"],
    ["/a/b/c", "/a/b", "c"],
  ] as const) {
    expect(parentOf(path)).toBe(parent);
    expect(nameOf(path)).toBe(name);
    expect(childPath(parent, name)).toBe(path);
  }
  expect(nameOf("/")).toBe("");
});

test.each([
  ["/q/n-", 7, "/q/n-0000000007"],
  ["/q/", 0, "/q/0000000000"],
  ["/q/n", 2_147_483_647, "/q/n2147483647"],
  ["/q/n", -1, "/q/n-000000001"],
  ["/q/n-", -999_999_999, "/q/n--999999999"],
  ["/q/n", -2_147_483_648, "/q/n-2147483648"],
])("%s and %s make %s", (prefix, sequence, path) => {
  expect(sequentialPath(prefix, sequence)).toBe(path);
  expect(sequenceOf(path)).toBe(sequence);
});

test("a name without a number has no sequence", () => {
  expect(sequenceOf("/q/n-123")).toBeUndefined();
});
