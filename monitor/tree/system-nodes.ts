/**
 * The nodes that are there from the start. A fresh tree is that of a fresh Apache ZooKeeper: all of
 * a Stat is 0, except that /zookeeper/config got its ACL by a setACL that expects the version -1.
 */

import { present } from "../../cluster/base/assert.ts";
import { EMPTY_BYTES, equalBytes } from "../../cluster/base/bytes.ts";
import { type Acl, OPEN_ACL, READ_ACL } from "../../cluster/zookeeper/acl.ts";
import { addZnode, afterChange, changeData, type Transaction } from "./mutation.ts";
import { NO_OWNER } from "./owner.ts";
import { unpackBytes } from "./packed-bytes.ts";
import type { TreeSettings } from "./settings.ts";
import type { Tree } from "./state.ts";
import { AVERSION, NO_ZNODE, PART, type ZnodeId } from "./znode.ts";

/** Always there, and nobody can delete them. */
export const SYSTEM_PATHS = {
  root: "/",
  zookeeper: "/zookeeper",
  quota: "/zookeeper/quota",
  config: "/zookeeper/config",
} as const;

const CONFIG_ZXID = 0;

export function isSystemPath(path: string): boolean {
  return Object.values(SYSTEM_PATHS).some((system) => system === path);
}

export function addSystemNodes(tree: Tree): void {
  const add = (path: string, parent: ZnodeId, acl: readonly Acl[]): ZnodeId =>
    addZnode(tree, {
      path,
      parent,
      data: EMPTY_BYTES,
      acl: tree.acls.take(acl),
      owner: NO_OWNER,
    });
  const root = add(SYSTEM_PATHS.root, NO_ZNODE, OPEN_ACL);
  const zookeeper = add(SYSTEM_PATHS.zookeeper, root, OPEN_ACL);
  const quota = add(SYSTEM_PATHS.quota, zookeeper, OPEN_ACL);
  const config = add(SYSTEM_PATHS.config, zookeeper, READ_ACL);
  tree.znodes.setInt(config, AVERSION, -1);
  for (const [part, id] of [root, zookeeper, quota, config].entries()) {
    tree.znodes.setInt(id, PART, part); // As if one transaction had made them in this order.
    afterChange(tree, id);
  }
}

/**
 * ZooKeeper's servers write their configuration into its node when they start, with the version -1
 * and the configuration's own version, 0 if it never changed, as zxid.
 */
export function applySettings(tree: Tree, transaction: Transaction, settings: TreeSettings): void {
  // What was decoded is part of a batch, which is not to be kept for this.
  const config = Uint8Array.from(settings.config);
  tree.settings = { ...settings, config };
  const id = present(tree.znodes.find(SYSTEM_PATHS.config), "the node of the configuration");
  const shown = unpackBytes(tree.znodes.data(id)) ?? EMPTY_BYTES;
  if (equalBytes(shown, config)) return;
  changeData(tree, { ...transaction, zxid: CONFIG_ZXID }, id, { data: config, version: -1 });
}
