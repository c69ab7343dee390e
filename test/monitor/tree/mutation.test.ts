import { expect, test } from "vitest";
import { OPEN_ACL, READ_ACL } from "../../../cluster/zookeeper/acl.ts";
import {
  changeAcl,
  changeData,
  createZnode,
  deleteZnode,
  type Transaction,
} from "../../../monitor/tree/mutation.ts";
import { createState, RULES, type Tree } from "../../../monitor/tree/state.ts";
import { addSystemNodes } from "../../../monitor/tree/system-nodes.ts";
import { PZXID, ROOT } from "../../../monitor/tree/znode.ts";

function fresh(): Tree {
  const tree = createState(RULES);
  addSystemNodes(tree);
  return tree;
}

function transaction(zxid: number): Transaction {
  return { zxid, wallMs: 5, part: 0, triggers: [] };
}

function create(tree: Tree, path: string, zxid = 7): number {
  const acl = tree.acls.take(OPEN_ACL);
  const node = { path, parent: ROOT, data: Buffer.from(path), acl, owner: 0 };
  return createZnode(tree, transaction(zxid), node);
}

test("the digest tells apart whatever differs, and not how it came to be", () => {
  const sums = new Set<string>();
  const note = (tree: Tree) => sums.add(`${tree.sum.a} ${tree.sum.b}`);
  note(fresh());
  const tree = fresh();
  const id = create(tree, "/a");
  note(tree);
  changeData(tree, transaction(8), id, { data: Buffer.from("x"), version: 1 });
  note(tree);
  changeData(tree, transaction(8), id, { data: undefined, version: 1 });
  note(tree);
  changeData(tree, transaction(8), id, { data: Buffer.alloc(0), version: 1 });
  note(tree);
  changeAcl(tree, id, tree.acls.take([]), 0);
  note(tree);
  expect(sums.size).toBe(6);
  changeAcl(tree, id, tree.acls.take(OPEN_ACL), 0);
  changeData(tree, transaction(8), id, { data: undefined, version: 1 });
  note(tree);
  expect(sums.size).toBe(6);
});

test("siblings can be made in either order, if nothing else is different", () => {
  const [one, other] = [fresh(), fresh()];
  create(one, "/a");
  create(one, "/b");
  create(other, "/b");
  create(other, "/a");
  expect(other.sum).toEqual(one.sum);
});

test("a removal counts data and paths, and never takes the parent's pzxid back", () => {
  const tree = fresh();
  const before = tree.dataSize;
  const id = create(tree, "/abc", 9);
  expect(tree.dataSize).toBe(before + 8);
  deleteZnode(tree, transaction(3), id);
  expect(tree.dataSize).toBe(before);
  expect(tree.znodes.double(ROOT, PZXID)).toBe(9);
  expect(tree.removedPaths).toEqual(new Set(["/abc"]));
});

test("a trigger has the ACL of the node where it is, also of one that goes", () => {
  const tree = fresh();
  const acl = tree.acls.take(READ_ACL);
  const node = { path: "/r", parent: ROOT, data: undefined, acl, owner: 0 };
  const [made, gone] = [transaction(7), transaction(8)];
  const id = createZnode(tree, made, node);
  deleteZnode(tree, gone, id);
  const acls = [...made.triggers, ...gone.triggers].map((trigger) => trigger.acl);
  expect(acls).toEqual([READ_ACL, OPEN_ACL, READ_ACL, OPEN_ACL]);
});
