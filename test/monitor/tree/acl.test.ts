/** Each case is what Apache ZooKeeper 3.8.0 answers. */
import { describe, expect, test } from "vitest";
import { type Acl, digestId, OPEN_ACL } from "../../../cluster/zookeeper/acl.ts";
import {
  ACL_COUNT_MAX,
  ACL_SIZE_MAX,
  digestIdentities,
  fixupAcl,
  isAllowed,
  withoutHashes,
} from "../../../monitor/tree/acl.ts";
import type { Identity } from "../../../monitor/tree/batch.ts";
import { DEFAULT_SETTINGS } from "../../../monitor/tree/settings.ts";

const acl = (scheme: string, id: string, perms = 31): Acl => ({ perms, id: { scheme, id } });
const BOB = digestId("bob:pw");
const ip: Identity = { scheme: "ip", id: "127.0.0.1" };
const bob: Identity = { scheme: "digest", id: BOB };
const SUPER: Identity = { scheme: "super", id: "" };

describe("who is allowed", () => {
  const cases: [string, readonly Acl[], readonly Identity[], number, boolean][] = [
    ["an empty list allows everything", [], [], 31, true],
    ["world:anyone is anyone", [acl("world", "anyone", 1)], [], 1, true],
    ["but only for its permissions", [acl("world", "anyone", 1)], [], 2, false],
    ["one permission of several is enough", [acl("world", "anyone", 16)], [], 17, true],
    ["another id of world is nobody", [acl("world", "bob")], [ip], 1, false],
    ["digest by its hash", [acl("digest", BOB)], [ip, bob], 31, true],
    ["not by another", [acl("digest", "bob:x")], [ip, bob], 1, false],
    ["ip by address", [acl("ip", "127.0.0.1")], [ip], 1, true],
    ["ip by prefix", [acl("ip", "127.0.0.0/8")], [ip], 1, true],
    ["not by another prefix", [acl("ip", "10.0.0.0/8")], [ip], 1, false],
    ["any entry will do", [acl("ip", "10.0.0.1"), acl("digest", BOB)], [ip, bob], 1, true],
    ["super everywhere", [acl("digest", "nobody:x", 0)], [SUPER], 31, true],
    ["an unknown scheme matches nobody", [acl("foo", "x")], [{ scheme: "foo", id: "x" }], 1, false],
  ];
  test.each(cases)("%s", (_, list, identities, perm, allowed) => {
    expect(isAllowed(list, { perm, identities, settings: DEFAULT_SETTINGS })).toBe(allowed);
  });

  test("everybody where ACLs are skipped", () => {
    const settings = { ...DEFAULT_SETTINGS, skipAcl: true };
    expect(isAllowed([acl("digest", "x:y")], { perm: 1, identities: [], settings })).toBe(true);
  });
});

describe("which ACL a node can get", () => {
  const cases: [string, readonly Acl[], readonly Acl[] | undefined][] = [
    ["no entry", [], undefined],
    ["world:anyone", [acl("world", "anyone", 3)], [acl("world", "anyone", 3)]],
    ["another id of world", [acl("world", "me")], undefined],
    ["an unknown scheme", [acl("foo", "x")], undefined],
    ["super, which is no scheme of ACLs", [acl("super", "")], undefined],
    ["a digest of two parts", [acl("digest", "bob:x")], [acl("digest", "bob:x")]],
    ["a digest without a hash", [acl("digest", "bob:")], undefined],
    ["a digest without a colon", [acl("digest", "bob")], undefined],
    ["a digest of three parts", [acl("digest", "bob:x:y")], undefined],
    ["a digest without a user", [acl("digest", ":x")], [acl("digest", ":x")]],
    ["a digest with colons at its end", [acl("digest", "b:x::")], [acl("digest", "b:x::")]],
    ["nothing but colons", [acl("digest", "::")], undefined],
    ["an address", [acl("ip", "1.2.3.4/24")], [acl("ip", "1.2.3.4/24")]],
    ["half an address", [acl("ip", "1.2.3")], undefined],
    ["one bad entry among good ones", [...OPEN_ACL, acl("foo", "x")], undefined],
    ["an entry twice", [acl("ip", "1.2.3.4"), acl("ip", "1.2.3.4")], [acl("ip", "1.2.3.4")]],
    [
      "the same with other permissions",
      [...OPEN_ACL, acl("world", "anyone", 1)],
      [...OPEN_ACL, acl("world", "anyone", 1)],
    ],
    [
      "auth, which stands for who has authenticated",
      [acl("auth", "any", 5)],
      [acl("digest", BOB, 5)],
    ],
  ];
  test.each(cases)("%s", (_, list, fixed) => {
    expect(fixupAcl(list, [SUPER, ip, bob], DEFAULT_SETTINGS)).toEqual(fixed);
  });

  test("auth of somebody who has not authenticated, which an address alone is not", () => {
    expect(fixupAcl([acl("auth", "")], [ip], DEFAULT_SETTINGS)).toBeUndefined();
  });
});

describe("a node cannot get an ACL", () => {
  const addresses = (count: number) =>
    Array.from({ length: count }, (_, at) => acl("ip", `10.0.${at >> 8}.${at & 0xff}`));
  const large = (size: number) => [acl("digest", `${"u".repeat(size - "digest:x".length)}:x`)];
  const auths = (count: number) => Array.from({ length: count }, (_, at) => acl("auth", "", at));
  const many = Array.from({ length: 16 }, (_, at) => ({ ...bob, id: `${at}:x` }));
  const cases: [string, readonly Acl[], readonly Acl[]][] = [
    ["of too many entries", addresses(ACL_COUNT_MAX), addresses(ACL_COUNT_MAX + 1)],
    ["of too many bytes", large(ACL_SIZE_MAX), large(ACL_SIZE_MAX + 1)],
    ["that becomes too long", auths(ACL_COUNT_MAX / 16), auths(ACL_COUNT_MAX / 16 + 1)],
  ];
  test.each(cases)("%s", (_, most, more) => {
    expect(fixupAcl(most, many, DEFAULT_SETTINGS)).toBeDefined();
    expect(fixupAcl(more, many, DEFAULT_SETTINGS)).toBeUndefined();
  });
});

test("credentials give an identity, and the super user two", () => {
  expect(digestIdentities("bob:pw", DEFAULT_SETTINGS)).toEqual([bob]);
  const settings = { ...DEFAULT_SETTINGS, superDigest: BOB };
  expect(digestIdentities("bob:pw", settings)).toEqual([SUPER, bob]);
  expect(digestIdentities("bob:no", settings)).not.toContainEqual(SUPER);
});

test("the hashes of passwords can be hidden, and only they", () => {
  const list = [acl("digest", BOB, 1), acl("ip", "1.2.3.4"), acl("digest", "a:b:c")];
  expect(withoutHashes(list)).toEqual([
    acl("digest", "bob:x", 1),
    acl("ip", "1.2.3.4"),
    acl("digest", "a:x"),
  ]);
});
