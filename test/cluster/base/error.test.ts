import { describe, expect, test } from "vitest";
import {
  CLUSTER_ERRORS,
  ClusterError,
  combineErrors,
  isClusterError,
} from "../../../cluster/base/error.ts";

describe("ClusterError", () => {
  test("carries its code and its cause", () => {
    const cause = new Error("EIO");
    const error = new ClusterError("STORE_FAILED", "osd.3: write of batch 7", { cause });
    expect(error).toMatchObject({ name: "ClusterError", code: "STORE_FAILED", cause });
  });

  test("explains itself with what the code means", () => {
    const error = new ClusterError("STORE_CLOSED", "osd.3: get");
    expect(error.explain()).toBe("osd.3: get (STORE_CLOSED: the store is closed)");
  });

  test.each(Object.entries(CLUSTER_ERRORS))("%s has a meaning", (code, meaning) => {
    expect(code).toMatch(/^[A-Z]+(_[A-Z]+)*$/);
    expect(meaning).not.toBe("");
  });
});

describe("isClusterError", () => {
  const timeout = new ClusterError("TIMEOUT", "x");

  test.each([
    ["any code", timeout, undefined, true],
    ["the code asked for", timeout, "TIMEOUT", true],
    ["another code", timeout, "CANCELLED", false],
    ["another error", new Error("TIMEOUT"), undefined, false],
    ["a look-alike", { code: "TIMEOUT", message: "x" }, "TIMEOUT", false],
    ["nothing", undefined, undefined, false],
  ] as const)("%s", (_, error, code, expected) => {
    expect(isClusterError(error, code)).toBe(expected);
  });
});

describe("combineErrors", () => {
  const first = new Error("first");
  const second = new Error("second");

  test("none is none", () => {
    expect(combineErrors([], "closing")).toBeUndefined();
  });

  test("one stays itself", () => {
    expect(combineErrors([first], "closing")).toBe(first);
  });

  test("of several none is lost, and the first is first", () => {
    const combined = combineErrors([first, second], "closing");
    expect(combined).toBeInstanceOf(AggregateError);
    expect(combined).toMatchObject({ message: "closing", errors: [first, second] });
  });
});
