import { inspect } from "node:util";
import fc from "fast-check";
import { describe, expect, expectTypeOf, test } from "vitest";
import { AssertionError } from "../../../cluster/base/assert.ts";
import {
  address,
  boolean,
  choice,
  duration,
  formatValue,
  integer,
  LIST_COUNT_MAX,
  list,
  number,
  ratio,
  Secret,
  type Setting,
  secret,
  size,
  TEXT_LENGTH_MAX,
  text,
} from "../../../cluster/runtime/config-value.ts";

const about = "for this test";

describe("what each kind takes", () => {
  const kinds = {
    integer: integer({ about }),
    "integer 1..9": integer({ about, min: 1, max: 9 }),
    number: number({ about }),
    ratio: ratio({ about }),
    duration: duration({ about }),
    "duration 1s..1h": duration({ about, min: "1s", max: "1h" }),
    size: size({ about }),
    boolean: boolean({ about }),
    text: text({ about }),
    choice: choice({ about, of: ["fifo", "mclock"] }),
    address: address({ about }),
    list: list(duration, { about }),
  } satisfies Record<string, Setting<unknown>>;
  test.each<[keyof typeof kinds, string, unknown]>([
    ["integer", "12", 12],
    ["integer", "-3", -3],
    ["integer", "-0", 0],
    ["integer", "9007199254740991", 9007199254740991],
    ["integer", "9007199254740992", undefined],
    ["integer", "1.0", undefined],
    ["integer", "0x10", undefined],
    ["integer", "", undefined],
    ["integer 1..9", "1", 1],
    ["integer 1..9", "9", 9],
    ["integer 1..9", "0", undefined],
    ["integer 1..9", "10", undefined],
    ["number", "1.25", 1.25],
    ["number", "2e-3", 0.002],
    ["number", "1e999", undefined],
    ["number", "NaN", undefined],
    ["number", " 1", undefined],
    ["ratio", "0", 0],
    ["ratio", "0.85", 0.85],
    ["ratio", "1", 1],
    ["ratio", "1.01", undefined],
    ["ratio", "85%", undefined],
    ["duration", "250ms", 250],
    ["duration", "4s", 4_000],
    ["duration", "10m", 600_000],
    ["duration", "6 h", 21_600_000],
    ["duration", "7d", 604_800_000],
    ["duration", "0s", 0],
    ["duration", "600", undefined],
    ["duration", "-1s", undefined],
    ["duration", "1.5s", undefined],
    ["duration", "1M", undefined],
    ["duration", "1toString", undefined],
    ["duration", "99999999999999d", undefined],
    ["duration 1s..1h", "1000ms", 1_000],
    ["duration 1s..1h", "999ms", undefined],
    ["duration 1s..1h", "60m", 3_600_000],
    ["duration 1s..1h", "61m", undefined],
    ["size", "4096", 4096],
    ["size", "4096B", 4096],
    ["size", "64MiB", 67_108_864],
    ["size", "1 TiB", 1_099_511_627_776],
    ["size", "64MB", undefined],
    ["size", "-1", undefined],
    ["boolean", "true", true],
    ["boolean", "on", true],
    ["boolean", "no", false],
    ["boolean", "1", undefined],
    ["text", "", ""],
    ["text", "a # b", "a # b"],
    ["text", "a\nb", undefined],
    ["choice", "mclock", "mclock"],
    ["choice", "MCLOCK", undefined],
    ["address", "127.0.0.1:0", "127.0.0.1:0"],
    ["address", "[::1]:6800", "[::1]:6800"],
    ["address", "::1:6800", undefined],
    ["address", "host", undefined],
    ["address", "host:65536", undefined],
    ["list", "", []],
    ["list", "1s, 2s,3ms", [1_000, 2_000, 3]],
    ["list", "1s,,2s", undefined],
    ["list", "1s,2", undefined],
    ["list", Array(LIST_COUNT_MAX).fill("1s").join(), Array(LIST_COUNT_MAX).fill(1_000)],
    [
      "list",
      Array(LIST_COUNT_MAX + 1)
        .fill("1s")
        .join(),
      undefined,
    ],
  ])("%s %j is %j", (kind, written, value) => {
    expect(kinds[kind].parse(written)).toEqual(value);
  });

  test("texts and lists up to their bounds", () => {
    const line = "x".repeat(TEXT_LENGTH_MAX);
    expect(kinds.text.parse(line)).toBe(line);
    expect(kinds.text.parse(`${line}x`)).toBeUndefined();
    const items = Array<string>(LIST_COUNT_MAX).fill("1s").join();
    expect(kinds.list.parse(items)).toHaveLength(LIST_COUNT_MAX);
    expect(kinds.list.parse(`${items},1s`)).toBeUndefined();
  });
});

test.each([
  [integer({ about, min: 1, max: 9 }), "a whole number, at least 1, at most 9"],
  [ratio({ about }), "a ratio, at least 0, at most 1"],
  [duration({ about, min: "1s" }), 'a duration such as "250ms" or "10m", at least 1s'],
  [size({ about, max: "64MiB" }), 'a size such as "64MiB" or "4096", at most 64MiB'],
  [choice({ about, of: ["fifo", "mclock"] }), "one of fifo, mclock"],
])("a kind says what it expects (%#)", (setting, expects) => {
  expect(setting.expects).toBe(expects);
});

test.each([
  ["a default out of range", () => integer({ about, default: 10, max: 9 })],
  ["a default that is no value", () => duration({ about, default: "600" })],
  ["a bound that is no value", () => size({ about, min: "1 potato" })],
  ["a range that goes down", () => integer({ about, min: 2, max: 1 })],
])("%s is a bug in the table", (_what, declare) => {
  expect(declare).toThrow(AssertionError);
});

test("the type of a value follows from its declaration", () => {
  expectTypeOf(integer({ about, default: 3 }).default).toEqualTypeOf<number>();
  expectTypeOf(integer({ about }).default).toEqualTypeOf<number | undefined>();
  const policy = choice({ about, of: ["fifo", "mclock"], default: "fifo" });
  expectTypeOf(policy.default).toEqualTypeOf<"fifo" | "mclock">();
  const peers = list(address, { about, default: ["a:1", "b:2"] });
  expectTypeOf(peers.default).toEqualTypeOf<readonly string[]>();
  expect(peers.default).toEqual(["a:1", "b:2"]);
  expectTypeOf(secret({ about }).default).toEqualTypeOf<Secret | undefined>();
});

describe("what is formatted parses to the same value", () => {
  const whole = fc.nat(Number.MAX_SAFE_INTEGER);
  const word = fc.constantFrom("a:1", "b:22", "[::1]:3");
  const cases: [string, Setting<unknown>, fc.Arbitrary<unknown>][] = [
    ["integer", integer({ about }), fc.maxSafeInteger()],
    ["number", number({ about }), fc.double({ noDefaultInfinity: true, noNaN: true })],
    ["duration", duration({ about }), whole],
    ["size", size({ about }), whole],
    ["size, in large units", size({ about }), fc.nat(8191).map((count) => count * 2 ** 40)],
    ["boolean", boolean({ about }), fc.boolean()],
    ["list", list(address, { about }), fc.array(word, { maxLength: LIST_COUNT_MAX })],
  ];
  test.each(cases)("%s", (_name, setting, values) => {
    fc.assert(
      fc.property(values, (value) => {
        const written = formatValue(setting, value);
        expect(setting.parse(written ?? "")).toEqual(Object.is(value, -0) ? 0 : value);
      }),
    );
  });
});

test("durations are what counting unit by unit gives", () => {
  const units = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };
  const unit = fc.constantFrom(...(Object.keys(units) as (keyof typeof units)[]));
  fc.assert(
    fc.property(fc.nat(100_000), unit, (count, name) => {
      expect(duration({ about }).parse(`${count}${name}`)).toBe(count * units[name]);
    }),
  );
});

test("a secret shows itself only to who asks for it", () => {
  const key = new Secret("hunter2");
  expect(key.reveal()).toBe("hunter2");
  const shown = [`${key}`, JSON.stringify({ key }), inspect({ key }), inspect(key, true)];
  expect(shown.join()).not.toContain("hunter2");
  expect(formatValue(secret({ about }), key)).toBe("[secret]");
});
