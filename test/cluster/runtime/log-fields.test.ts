import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ClusterError, combineErrors } from "../../../cluster/base/error.ts";
import { Secret } from "../../../cluster/runtime/config-value.ts";
import {
  BYTES_SHOWN_MAX,
  boundText,
  DEPTH_MAX,
  ITEM_COUNT_MAX,
  printFields,
  REDACTED,
  TEXT_LENGTH_MAX,
  VALUE_COUNT_MAX,
} from "../../../cluster/runtime/log-fields.ts";

const SECRET_NAMES = [
  "secret",
  "secretKey",
  "secret_access_key",
  "password",
  "passwd",
  "pwd",
  "passphrase",
  "Authorization",
  "proxy-authorization",
  "auth",
  "basicAuth",
  "bearer",
  "credential",
  "credentials",
  "X-Amz-Credential",
  "signature",
  "X-Amz-Signature",
  "clusterKey",
  "privateKeyPem",
  "encryptionKey",
  "encryption_keys",
  "sessionKey",
  "x-amz-server-side-encryption-customer-key",
  "token",
  "tokens",
  "tokenValue",
  "X-Amz-Security-Token",
  "cookie",
  "set-cookie",
];

const HARMLESS_NAMES = [
  "tokenCount",
  "tokenBucket",
  "tokenizer",
  "keys",
  "keyCount",
  "objectKey",
  "publicKey",
  "partitionKey",
  "monkey",
  "accessKeyId",
  "encryptionKeyId",
  "x-amz-server-side-encryption",
  "x-amz-server-side-encryption-customer-algorithm",
  "x-amz-server-side-encryption-customer-key-MD5",
  "x-amz-server-side-encryption-aws-kms-key-id",
  "signatureVersion",
  "X-Amz-SignedHeaders",
  "author",
  "authority",
  "authenticated",
  "passed",
  "compass",
  "sessionId",
  "cwd",
];

function print(value: unknown): unknown {
  const { value: printed } = printFields({ value });
  return printed;
}

describe("values", () => {
  const shared: unknown[] = [];
  const cyclic = { name: "a", self: {} };
  cyclic.self = cyclic;
  test.each<[string, unknown, unknown]>([
    ["text", "a", "a"],
    ["number", 1.5, 1.5],
    ["NaN", Number.NaN, "NaN"],
    ["big integer", 2n ** 64n, "18446744073709551616"],
    ["nothing", null, null],
    ["function", () => 1, "[function]"],
    ["date", new Date(0), "1970-01-01T00:00:00.000Z"],
    ["no date", new Date(Number.NaN), null],
    ["secret", new Secret("hunter2"), "[secret]"],
    ["bytes", new Uint8Array([1, 255]), "01ff (2 bytes)"],
    ["part of a buffer", Buffer.from([1, 2, 3]).subarray(1, 2), "02 (1 bytes)"],
    ["array", [1, undefined, "b"], [1, null, "b"]],
    ["set", new Set([1, 2]), [1, 2]],
    ["map", new Map([["pg", 1]]), { pg: 1 }],
    ["cycle", cyclic, { name: "a", self: "[circular]" }],
    ["same object twice", [shared, shared], [[], []]],
    ["object without prototype", Object.assign(Object.create(null), { a: 1 }), { a: 1 }],
  ])("%s", (_what, value, printed) => {
    expect(print(value)).toEqual(printed);
  });

  test("a getter that throws costs only its own field", () => {
    const hostile = {
      pg: "1.2",
      get size(): number {
        throw new RangeError("no");
      },
    };
    expect(print(hostile)).toEqual({ pg: "1.2", size: "[unreadable]" });
  });
});

describe("errors", () => {
  test("are printed with code, own fields and every cause", () => {
    const disk = Object.assign(new Error("EIO: i/o error"), { code: "EIO", syscall: "fsync" });
    const error = new ClusterError("STORE_FAILED", "osd.3 cannot write", { cause: disk });
    expect(print(error)).toMatchObject({
      type: "ClusterError",
      code: "STORE_FAILED",
      message: "osd.3 cannot write",
      stack: expect.stringContaining("log-fields.test"),
      cause: { type: "Error", code: "EIO", syscall: "fsync", message: "EIO: i/o error" },
    });
  });

  test("are all printed where several were combined", () => {
    const combined = combineErrors([new Error("first"), "second"], "both failed");
    expect(print(combined)).toMatchObject({
      type: "AggregateError",
      errors: [{ message: "first" }, "second"],
    });
  });

  test("carry no secret, in none of their causes", () => {
    const inner = Object.assign(new Error("refused"), { password: "hunter2" });
    const request = { headers: { authorization: "hunter2", host: "a" } };
    const outer = Object.assign(new Error("failed", { cause: inner }), { request });
    const printed = print(new AggregateError([outer], "all failed"));
    expect(JSON.stringify(printed)).not.toContain("hunter2");
    expect(JSON.stringify(printed)).toContain('"host":"a"');
  });
});

describe("bounds", () => {
  test("long text and bytes are cut and say how long they were", () => {
    const long = "x".repeat(TEXT_LENGTH_MAX + 1);
    expect(boundText(long.slice(1))).toBe(long.slice(1));
    expect(print(long)).toBe(`${long.slice(1)}... (${long.length} characters)`);
    const bytes = new Uint8Array(BYTES_SHOWN_MAX + 1);
    expect(print(bytes)).toBe(`${"00".repeat(BYTES_SHOWN_MAX)}... (${bytes.byteLength} bytes)`);
  });

  test("many items and fields are cut and counted", () => {
    const items = Array.from({ length: ITEM_COUNT_MAX + 1 }, (_, index) => index);
    expect(print(items)).toEqual([...items.slice(0, -1), `... (${items.length} items)`]);
    const fields = Object.fromEntries(items.map((index) => [`field${index}`, index]));
    expect(Object.keys(printFields(fields))).toHaveLength(ITEM_COUNT_MAX + 1);
    expect(printFields(fields)["..."]).toBe(`${items.length} fields`);
  });

  test("depth ends, also in a chain of causes", () => {
    let error = new Error("the deepest");
    for (let depth = 0; depth < 2 * DEPTH_MAX; depth++) {
      error = new Error(`level ${depth}`, { cause: error });
    }
    expect(JSON.stringify(print(error))).not.toContain("the deepest");
  });

  test("a line has so many values and no more", () => {
    const row = Array(ITEM_COUNT_MAX).fill(7);
    const wide = Array(ITEM_COUNT_MAX).fill(row);
    const shown = JSON.stringify(print(wide)).split("7").length - 1;
    expect(shown).toBeGreaterThan(VALUE_COUNT_MAX / 2);
    expect(shown).toBeLessThanOrEqual(VALUE_COUNT_MAX);
  });
});

test.each(SECRET_NAMES)("%s is redacted, as a field and before its value in a list", (name) => {
  expect(printFields({ [name]: "hunter2" })).toEqual({ [name]: REDACTED });
  expect(print([name, "hunter2", "Host", "a"])).toEqual([name, REDACTED, "Host", "a"]);
});

test.each(HARMLESS_NAMES)("%s only sounds like a secret and is printed", (name) => {
  expect(printFields({ [name]: "a" })).toEqual({ [name]: "a" });
  expect(print([name, "a"])).toEqual([name, "a"]);
});

test.each([
  ["headers", ["Host", "a", "Authorization", "AWS4"], ["Host", "a", "Authorization", REDACTED]],
  ["a name among the values", ["X", "token", "Cookie", "id"], ["X", "token", REDACTED, REDACTED]],
  ["a list of pairs", [["Cookie", "id"]], [["Cookie", REDACTED]]],
  ["a header with several values", ["Cookie", ["id"]], ["Cookie", REDACTED]],
  ["arguments", ["--password", "x", "-v"], ["--password", REDACTED, "-v"]],
  ["prose", ["bad password", "x"], ["bad password", "x"]],
  ["a name at the end", ["x", "cookie"], ["x", "cookie"]],
])("in a list, what follows a secret's name is hidden: %s", (_what, list, printed) => {
  expect(print(list)).toEqual(printed);
});

test("whatever surrounds it, what stands under or after a secret's name is never printed", () => {
  // Wraps a value once more: as a field, item, cause, entry.
  const wraps: ((inner: unknown) => unknown)[] = [
    (inner) => ({ request: inner, size: 1 }),
    (inner) => [0, inner],
    (inner) => new Error("failed", { cause: inner }),
    (inner) => Object.assign(new Error("failed"), { details: inner }),
    (inner) => new AggregateError([inner], "failed"),
    (inner) => new Map([["request", inner]]),
    (inner) => new Set([inner]),
    (inner) => ({ toJSON: () => inner }),
  ];
  const paths = fc.array(fc.constantFrom(...wraps), { maxLength: DEPTH_MAX + 2 });
  const value = fc.constantFrom<unknown>("hunter2", ["hunter2"], { a: "hunter2" });
  fc.assert(
    fc.property(fc.constantFrom(...SECRET_NAMES), value, paths, (name, hidden, path) => {
      for (const secret of [{ [name]: hidden }, ["Host", "a", name, hidden]]) {
        const fields = path.reduce<unknown>((inner, wrap) => wrap(inner), secret);
        expect(JSON.stringify(printFields({ fields }))).not.toContain("hunter2");
      }
    }),
  );
});

test("anything becomes JSON", () => {
  const anything = fc.anything({ withBigInt: true, withDate: true, withMap: true, withSet: true });
  fc.assert(
    fc.property(anything, (value) => {
      const printed = printFields({ value });
      expect(JSON.parse(JSON.stringify(printed))).toBeTypeOf("object");
    }),
  );
});
