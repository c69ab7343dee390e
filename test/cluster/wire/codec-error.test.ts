import { describe, expect, test } from "vitest";
import { CodecError, within } from "../../../cluster/wire/codec-error.ts";

describe("CodecError", () => {
  test.each([
    [["key"], "key"],
    [[3], "[3]"],
    [[3, "entries"], "entries[3]"],
    [["key", 3, "entries", "accept"], "accept.entries[3].key"],
    [[1, 0], "[0][1]"],
  ])("unwinding through %j names the path %s", (segments, path) => {
    const error = new CodecError("TRUNCATED", "too short", 7);
    for (const segment of segments) within(error, segment);
    expect(error.path).toBe(path);
    expect(error.message).toBe(`${path}: too short (at byte 7)`);
  });

  test("without a path says what and where", () => {
    const error = new CodecError("BAD_MAGIC", "not ours", 0);
    expect([error.path, error.message]).toEqual(["", "not ours (at byte 0)"]);
  });
});

test("an error of another kind passes unchanged", () => {
  const error = new TypeError("a bug");
  expect(within(error, "field")).toBe(error);
  expect(error.message).toBe("a bug");
});
