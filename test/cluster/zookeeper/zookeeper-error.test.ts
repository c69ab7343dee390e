import { describe, expect, test } from "vitest";
import {
  isZooKeeperError,
  ZooKeeperError,
  zooKeeperErrorOf,
} from "../../../cluster/zookeeper/zookeeper-error.ts";

describe("an error", () => {
  test("says what was asked, of which node, what went wrong and what to do", () => {
    const error = new ZooKeeperError("NONODE", { operation: "getData", path: "/a" });
    expect(error.message).toBe(
      "getData /a: NONODE: there is no such node; create it, and its parents first",
    );
    expect(isZooKeeperError(error)).toBe(true);
    expect(isZooKeeperError(error, "NONODE")).toBe(true);
    expect(isZooKeeperError(error, "NOAUTH")).toBe(false);
    expect(isZooKeeperError(new Error("NONODE"))).toBe(false);
  });

  test("of an operation without a path does without", () => {
    expect(zooKeeperErrorOf(-115, { operation: "auth" }).message).toBe(
      "auth: AUTHFAILED: the server did not accept the credentials",
    );
  });

  test("with a number that nobody knows keeps it", () => {
    const error = zooKeeperErrorOf(-9999, { operation: "sync", path: "/a" });
    expect(error.code).toBe("SYSTEMERROR");
    expect(error.message).toContain("-9999");
  });
});
