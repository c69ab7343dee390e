/** Which way a request goes, by its operation. */
import { OPCODES } from "../../cluster/zookeeper/op-codes.ts";

export type Route = "read" | "write" | "reconfig" | "close" | "sync" | "auth" | "sasl";

const ROUTES: ReadonlyMap<number, Route> = new Map<number, Route>([
  [OPCODES.create, "write"],
  [OPCODES.create2, "write"],
  [OPCODES.createContainer, "write"],
  [OPCODES.createTTL, "write"],
  [OPCODES.delete, "write"],
  [OPCODES.setData, "write"],
  [OPCODES.setACL, "write"],
  [OPCODES.check, "write"],
  [OPCODES.multi, "write"],
  // These two are never granted to a client, but ZooKeeper refuses them in the log too.
  [OPCODES.deleteContainer, "write"],
  [OPCODES.createSession, "write"],
  [OPCODES.reconfig, "reconfig"],
  [OPCODES.closeSession, "close"],
  [OPCODES.sync, "sync"],
  [OPCODES.auth, "auth"],
  [OPCODES.sasl, "sasl"],
  [OPCODES.ping, "read"],
  [OPCODES.exists, "read"],
  [OPCODES.getData, "read"],
  [OPCODES.getACL, "read"],
  [OPCODES.getChildren, "read"],
  [OPCODES.getChildren2, "read"],
  [OPCODES.getEphemerals, "read"],
  [OPCODES.getAllChildrenNumber, "read"],
  [OPCODES.multiRead, "read"],
  [OPCODES.setWatches, "read"],
  [OPCODES.setWatches2, "read"],
  [OPCODES.addWatch, "read"],
  [OPCODES.removeWatches, "read"],
  [OPCODES.checkWatches, "read"],
  [OPCODES.whoAmI, "read"],
]);

/** Undefined if nobody knows the operation. */
export function routeOf(op: number): Route | undefined {
  return ROUTES.get(op);
}

/** Whether it goes through the log. */
export function isWrite(op: number): boolean {
  const route = ROUTES.get(op);
  return route === "write" || route === "close" || route === "reconfig";
}
