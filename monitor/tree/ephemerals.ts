/** A session's ephemeral nodes in ZooKeeper's order, and their end. */
import { cloneLog, iterationOrder, javaHash } from "./java-order.ts";
import { deleteZnode, type Transaction } from "./mutation.ts";
import type { Session } from "./session-table.ts";
import type { Tree } from "./state.ts";
import type { ZnodeId } from "./znode.ts";

/**
 * ZooKeeper lists and removes a copy of its HashSet, whose table is as small as it can be, filled
 * in the order of the set itself.
 */
export function ephemeralsOf({ znodes }: Tree, session: Session): ZnodeId[] {
  const byAge = [...session.ephemerals].sort((left, right) => znodes.compareAge(left, right));
  const inSet = ordered(byAge, session.ephemeralsLog);
  return ordered(inSet, cloneLog(inSet.length));

  function ordered(ids: readonly ZnodeId[], log: number): ZnodeId[] {
    const hashes = Int32Array.from(ids, (id) => javaHash(znodes.pathOf(id)));
    return Array.from(iterationOrder(hashes, log), (at) => ids[at] as ZnodeId);
  }
}

/** They are all leaves: an ephemeral node has no children. */
export function endSession(tree: Tree, transaction: Transaction, session: Session): void {
  for (const id of ephemeralsOf(tree, session)) deleteZnode(tree, transaction, id);
  tree.sessions.remove(session);
}
