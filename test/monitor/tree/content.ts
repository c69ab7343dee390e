/** All that a tree holds, as plain values that can be compared and printed. */
import { childNames } from "../../../monitor/tree/children.ts";
import { ephemeralsOf } from "../../../monitor/tree/ephemerals.ts";
import { unpackBytes } from "../../../monitor/tree/packed-bytes.ts";
import { statOf } from "../../../monitor/tree/stat.ts";
import { lastZxid, type Tree } from "../../../monitor/tree/state.ts";
import { ACL, OWNER, PART, ROOT, type ZnodeId } from "../../../monitor/tree/znode.ts";

export function contentOf(tree: Tree) {
  const { znodes, acls, sessions } = tree;
  const nodes: Record<string, unknown> = {};
  const visit = (id: ZnodeId): void => {
    const data = unpackBytes(znodes.data(id));
    nodes[znodes.pathOf(id)] = {
      ...statOf(tree, id),
      data: data === undefined ? null : Buffer.from(data).toString("hex"),
      acl: acls.get(znodes.int(id, ACL)).list,
      owner: znodes.double(id, OWNER),
      part: znodes.int(id, PART),
      children: childNames(tree, id),
      childrenByAge: [...znodes.children(id)].map((child) => znodes.pathOf(child)),
    };
    for (const child of znodes.children(id)) visit(child);
  };
  visit(ROOT);
  const sessionList = [...sessions.all()].map((session) => ({
    ...session,
    ephemerals: ephemeralsOf(tree, session).map((id) => znodes.pathOf(id)),
  }));
  return { nodes, sessions: sessionList.sort((a, b) => a.id - b.id), zxid: lastZxid(tree) };
}
