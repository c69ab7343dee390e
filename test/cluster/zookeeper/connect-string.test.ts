import { describe, expect, test } from "vitest";
import { parseConnectString } from "../../../cluster/zookeeper/connect-string.ts";

describe("a connect string", () => {
  test.each([
    ["a", ["a:2181"], "/"],
    ["a:1,b", ["a:1", "b:2181"], "/"],
    [" a:1 , b:2 ", ["a:1", "b:2"], "/"],
    ["a:1,a:1", ["a:1"], "/"],
    ["a:1/", ["a:1"], "/"],
    ["a:1,b:2/kelp/x", ["a:1", "b:2"], "/kelp/x"],
    ["[::1]:2182,10.0.0.1", ["[::1]:2182", "10.0.0.1:2181"], "/"],
  ])("%j", (text, servers, chroot) => {
    expect(parseConnectString(text)).toEqual({ servers, chroot });
  });

  test.each([
    ["", "a server is missing"],
    ["a,", "a server is missing"],
    ["/a", "a server is missing"],
    ["a:0", '"a:0" is no server'],
    ["a:65536", '"a:65536" is no server'],
    ["a:x", '"a:x" is no server'],
    ["::1:2181", '"::1:2181" is no server'],
    ["a b", '"a b" is no server'],
    ["a/b/", "a path does not end with /"],
    ["a//b", "the name at 1 is empty"],
  ])("%j is none", (text, what) => {
    expect(() => parseConnectString(text)).toThrow(
      expect.objectContaining({ code: "CONFIG_INVALID", message: expect.stringContaining(what) }),
    );
  });

  test("that names more servers than anybody has is refused", () => {
    const text = Array.from({ length: 1001 }, (_, index) => `h${index}`).join(",");
    expect(() => parseConnectString(text)).toThrow("too many");
  });
});
