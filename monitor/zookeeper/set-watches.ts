/**
 * setWatches and setWatches2: a client that comes back, here or from another server, names the
 * watches that it had and the last change that it knows. What has changed since is told at once, in
 * the order of the request and before its reply; the other watches are set. Between the two nothing
 * can get lost, because the tree does not change within a step.
 */
import type { SetWatches2 } from "../../cluster/zookeeper/watch-records.ts";
import { findZnode } from "../tree/access.ts";
import { MZXID, PZXID } from "../tree/znode.ts";
import { closeClient } from "./closing.ts";
import { encodeEvent, writeEvent } from "./output.ts";
import type { Client, ServerState } from "./server-state.ts";
import type { TriggerType, WatchKind } from "./watch-table.ts";

/** False if there is no room for all; the connection is closed then, as some are missing. */
export function replayWatches(state: ServerState, client: Client, request: SetWatches2): boolean {
  const { tree, watches } = state;
  const { relativeZxid } = request;
  let isComplete = true;
  const set = (kind: WatchKind, path: string, event: TriggerType | undefined): void => {
    if (event !== undefined) writeEvent(state, client, encodeEvent(event, path));
    else if (!watches.add(kind, client.id, path)) isComplete = false;
  };
  for (const path of request.dataWatches) {
    const id = findZnode(tree, path);
    const isChanged = id !== undefined && tree.znodes.double(id, MZXID) > relativeZxid;
    const event = id === undefined ? "nodeDeleted" : isChanged ? "nodeDataChanged" : undefined;
    set("data", path, event);
  }
  for (const path of request.existWatches) {
    set("data", path, findZnode(tree, path) === undefined ? undefined : "nodeCreated");
  }
  for (const path of request.childWatches) {
    const id = findZnode(tree, path);
    const isChanged = id !== undefined && tree.znodes.double(id, PZXID) > relativeZxid;
    const event = id === undefined ? "nodeDeleted" : isChanged ? "nodeChildrenChanged" : undefined;
    set("child", path, event);
  }
  for (const path of request.persistentWatches) {
    if (!watches.addPersistent(client.id, path, false)) isComplete = false;
  }
  for (const path of request.persistentRecursiveWatches) {
    if (!watches.addPersistent(client.id, path, true)) isComplete = false;
  }
  if (!isComplete) {
    const why = "it has more watches than there is room for";
    closeClient(state, client, { how: "destroy", why, level: "warn" });
  }
  return isComplete;
}
