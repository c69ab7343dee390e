import { describe, expect, test } from "vitest";
import { formatAcl, parseAcl } from "../../../cli/znode/acl-text.ts";
import { digestId } from "../../../cluster/zookeeper/acl.ts";

describe("an ACL", () => {
  test.each([
    ["world:anyone:r", [["world", "anyone", 1]]],
    ["auth::cdrwa", [["auth", "", 31]]],
    [
      "ip:10.0.0.0/8:rw, ip:::1:r",
      [
        ["ip", "10.0.0.0/8", 3],
        ["ip", "::1", 1],
      ],
    ],
    [
      "digest:bob:fyVmFCwVbTJYrznoSu1koqYEYF0=:r",
      [["digest", "bob:fyVmFCwVbTJYrznoSu1koqYEYF0=", 1]],
    ],
    ["digest:bob:secret:r", [["digest", digestId("bob:secret"), 1]]],
  ] as const)("%j", (text, entries) => {
    const parsed = parseAcl(text);
    expect(parsed.map(({ id, perms }) => [id.scheme, id.id, perms])).toEqual(entries);
    expect(parseAcl(parsed.map(formatAcl).join(","))).toEqual(parsed);
  });

  test.each(["", "world", "world:anyone", "world:anyone:", "world:anyone:x", ":a:r", "a:b:r,"])(
    "%j is none",
    (text) => {
      expect(() => parseAcl(text)).toThrow(/is no ACL entry; write scheme:id:cdrwa/);
    },
  );
});
