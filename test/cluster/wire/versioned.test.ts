import { describe, expect, test } from "vitest";
import { AssertionError } from "../../../cluster/base/assert.ts";
import { toHex } from "../../../cluster/base/bytes.ts";
import { decode, encode, record, str, u8 } from "../../../cluster/wire/codec.ts";
import { CodecError } from "../../../cluster/wire/codec-error.ts";
import { versioned } from "../../../cluster/wire/versioned.ts";

const first = versioned(1, record({ name: str }));
const second = versioned(2, record({ name: str, size: u8 }), {
  previous: first,
  migrate: (old) => ({ ...old, size: 3 }),
});
/** Version 3 was never released. */
const fourth = versioned(4, record({ label: str, size: u8 }), {
  previous: second,
  migrate: (old) => ({ label: old.name, size: old.size }),
});

describe("a versioned format", () => {
  test("writes its version and then its body", () => {
    expect(toHex(encode(second, { name: "a", size: 2 }))).toBe("02010000006102");
  });

  test.each([
    ["the newest version", encode(fourth, { label: "a", size: 7 }), 7],
    ["the version before", encode(second, { name: "a", size: 5 }), 5],
    ["the first version", encode(first, { name: "a" }), 3],
  ])("reads %s", (_what, bytes, size) => {
    expect(decode(fourth, bytes)).toEqual({ label: "a", size });
  });

  test.each([
    ["one of a newer program", 5],
    ["one that never was", 3],
    ["none", 0],
  ])("refuses a version that is %s", (_what, version) => {
    const bytes = encode(fourth, { label: "a", size: 7 });
    bytes[0] = version;
    expect(() => decode(fourth, bytes)).toThrow(
      expect.objectContaining({ code: "UNKNOWN_VERSION", offset: 0 }),
    );
  });

  test("says where in an older body something is wrong", () => {
    const bytes = encode(first, { name: "a" }).slice(0, 4);
    expect(() => decode(fourth, bytes)).toThrow(CodecError);
    expect(() => decode(fourth, bytes)).toThrow(
      expect.objectContaining({ code: "TRUNCATED", path: "name" }),
    );
  });

  test.each([
    ["0", () => versioned(0, u8)],
    ["256", () => versioned(256, u8)],
    ["1.5", () => versioned(1.5, u8)],
    ["its predecessor's", () => versioned(2, u8, { previous: second, migrate: () => 1 })],
  ])("cannot have the version %s", (_what, declare) => {
    expect(declare).toThrow(AssertionError);
  });
});
