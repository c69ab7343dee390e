import { describe, expect, test } from "vitest";
import { digestId, formatPerms, PERMS, parsePerms } from "../../../cluster/zookeeper/acl.ts";

describe("the digest scheme knows credentials", () => {
  // What DigestAuthenticationProvider of Apache ZooKeeper 3.8 prints for them.
  test.each([
    ["super:test", "super:D/InIHSb7yEEbrWz8b9l71RjZJU="],
    ["bob:secret", "bob:fyVmFCwVbTJYrznoSu1koqYEYF0="],
    ["a:b:c", "a:cLzgnoJ6mP5qz3w+mwvPE2vDgu0="],
  ])("%s as %s", (credentials, id) => {
    expect(digestId(credentials)).toBe(id);
  });
});

test.each([
  [PERMS.ALL, "cdrwa"],
  [PERMS.READ, "r"],
  [PERMS.CREATE | PERMS.ADMIN, "ca"],
  [0, ""],
])("permissions %i are written %j", (perms, letters) => {
  expect(formatPerms(perms)).toBe(letters);
  expect(parsePerms(letters)).toBe(perms);
});

test("unknown permissions are refused, and their order does not matter", () => {
  expect(parsePerms("rx")).toBeUndefined();
  expect(parsePerms("awrdc")).toBe(PERMS.ALL);
});
