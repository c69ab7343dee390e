/**
 * The parts of a multi take effect one after the other, so that each sees those before it, and all
 * of them are taken back if one fails: the tree is then what it was, to the order of siblings.
 */
import { present } from "../../cluster/base/assert.ts";
import { dropOwner, noteOwner } from "./ownership.ts";
import type { Tree } from "./state.ts";
import { ACL } from "./znode.ts";

export function beginMulti(tree: Tree): void {
  tree.undo = {
    sum: { ...tree.sum },
    dataSize: tree.dataSize,
    images: new Map(),
    moves: [],
    ephemeralsLogs: new Map(),
  };
}

/** Frees what was removed, which had to stay until it was sure that it need not come back. */
export function commitMulti(tree: Tree): void {
  const { moves } = present(tree.undo, "the multi that is under way");
  tree.undo = undefined;
  for (const { id, isCreation } of moves) {
    if (isCreation) continue;
    tree.acls.release(tree.znodes.int(id, ACL));
    tree.znodes.free(id);
  }
}

export function rollBackMulti(tree: Tree): void {
  const { moves, images, ephemeralsLogs, sum, dataSize } = present(tree.undo, "the multi to undo");
  const { znodes, acls, sessions } = tree;
  tree.undo = undefined;
  for (const { id, isCreation } of moves.toReversed()) {
    if (isCreation) {
      dropOwner(tree, id);
      znodes.forget(id);
    } else {
      znodes.recall(id);
      noteOwner(tree, id);
    }
  }
  for (const image of images.values()) znodes.restore(image);
  for (const [session, log] of ephemeralsLogs) sessions.ephemeralsLogTo(session, log);
  // Ids of nodes that are only removed are not given out again before the multi is over, so none
  // of those that were created stands in the way of one that came back.
  for (const { id, isCreation } of moves) {
    if (!isCreation) continue;
    acls.release(znodes.int(id, ACL));
    znodes.free(id);
  }
  tree.dataSize = dataSize;
  tree.sum.a = sum.a;
  tree.sum.b = sum.b;
}
