/** Which nodes go with a session, or can be reaped, so that nobody has to look for them. */
import { present } from "../../cluster/base/assert.ts";
import { ownerKind } from "./owner.ts";
import type { Session } from "./session-table.ts";
import type { Tree } from "./state.ts";
import { OWNER, type ZnodeId } from "./znode.ts";

export function noteOwner(tree: Tree, id: ZnodeId): void {
  const owner = tree.znodes.double(id, OWNER);
  const kind = ownerKind(owner);
  if (kind === "container") tree.containers.add(id);
  else if (kind === "ttl") tree.ttls.add(id);
  else if (kind === "session") {
    const session = present(tree.sessions.find(owner), "the session of an ephemeral node");
    keepEphemeralsLog(tree, session);
    tree.sessions.addEphemeral(session, id);
    tree.ephemeralCount += 1;
  }
}

export function dropOwner(tree: Tree, id: ZnodeId): void {
  const owner = tree.znodes.double(id, OWNER);
  const kind = ownerKind(owner);
  if (kind === "container") tree.containers.delete(id);
  else if (kind === "ttl") tree.ttls.delete(id);
  else if (kind === "session") {
    present(tree.sessions.find(owner), "the session of an ephemeral node").ephemerals.delete(id);
    tree.ephemeralCount -= 1;
  }
}

function keepEphemeralsLog({ undo }: Tree, session: Session): void {
  if (undo === undefined || undo.ephemeralsLogs.has(session)) return;
  undo.ephemeralsLogs.set(session, session.ephemeralsLog);
}
