import { expect, test } from "vitest";
import { OPEN_ACL, READ_ACL } from "../../../cluster/zookeeper/acl.ts";
import { AclTable, OPEN_ACL_ID } from "../../../monitor/tree/acl-table.ts";

const digest = (id: string) => [{ perms: 31, id: { scheme: "digest", id } }];

test("the open ACL is always there, under an id that is known", () => {
  const table = new AclTable();
  expect(table.take([...OPEN_ACL])).toBe(OPEN_ACL_ID);
  table.release(OPEN_ACL_ID);
  expect(table.get(OPEN_ACL_ID).list).toEqual(OPEN_ACL);
});

test("equal lists share an id until the last node with it is gone", () => {
  const table = new AclTable();
  const first = table.take(digest("a:x"));
  expect(table.take(digest("a:x"))).toBe(first);
  expect(table.count).toBe(2);
  table.release(first);
  expect(table.get(first).list).toEqual(digest("a:x"));
  table.release(first);
  expect(table.count).toBe(1);
  expect(() => table.get(first)).toThrow("is missing");
  expect(table.take(READ_ACL), "an id that is free is used again").toBe(first);
});

test("hashes depend on the content alone", () => {
  const [one, other] = [new AclTable(), new AclTable()];
  other.take(READ_ACL);
  const ids = [one.take(digest("a:x")), other.take(digest("a:x"))] as const;
  expect(ids[0]).not.toBe(ids[1]);
  expect(one.get(ids[0]).hashA).toBe(other.get(ids[1]).hashA);
  expect(one.get(ids[0]).hashB).toBe(other.get(ids[1]).hashB);
});

test.each([
  ["order", [...digest("a:x"), ...READ_ACL], [...READ_ACL, ...digest("a:x")]],
  ["where scheme and id meet", [entry("ab", "c")], [entry("a", "bc")]],
  ["permissions", [{ ...entry("a", "b"), perms: 1 }], [{ ...entry("a", "b"), perms: 2 }]],
])("lists that differ in %s are different", (_, left, right) => {
  const table = new AclTable();
  expect(table.take(left)).not.toBe(table.take(right));
});

function entry(scheme: string, id: string) {
  return { perms: 31, id: { scheme, id } };
}
