/**
 * One entry of a batch: whether it counts, whether it takes a zxid, and what comes of it.
 *
 * Every write takes a zxid, as in ZooKeeper also one that fails; what only moves a session or
 * changes settings takes none. A request counts once, and only after all those before it on its
 * connection: what a server forwarded to two leaders, because it could not know what became of the
 * first, takes effect once.
 */
import { equalBytes } from "../../cluster/base/bytes.ts";
import { ERRORS } from "../../cluster/zookeeper/error-codes.ts";
import { OPCODES } from "../../cluster/zookeeper/op-codes.ts";
import type { WriteContext } from "./access.ts";
import { aclBytesMax } from "./acl.ts";
import type { Batch, Entry, EntryOf } from "./batch.ts";
import { applyReap } from "./delete.ts";
import { endSession } from "./ephemerals.ts";
import { NO_TRIGGERS, type Outcome, type Trigger } from "./outcome.ts";
import { applyRequest, DONE, type Reply } from "./request.ts";
import { type Place, SESSION_COUNT_MAX, type Session, type SessionId } from "./session-table.ts";
import { lastZxid, type Tree } from "./state.ts";
import { applySettings } from "./system-nodes.ts";

export function applyEntry(tree: Tree, entry: Entry, { wallMs }: Batch): Outcome {
  switch (entry.type) {
    case "request":
      return request(tree, entry, wallMs);
    case "createSession":
      return createSession(tree, entry, wallMs);
    case "attachSession":
      return attachSession(tree, entry);
    case "expireSession":
      return expireSession(tree, entry, wallMs);
    case "reap":
      return write(tree, { ...NOBODY, wallMs }, (context) => ({
        error: applyReap(tree, context, entry),
      }));
    case "settings":
      return replaceSettings(tree, entry, wallMs);
  }
}

function request(tree: Tree, entry: EntryOf<"request">, wallMs: number): Outcome {
  const session = tree.sessions.find(entry.session);
  const isHere = session !== undefined && isPlaceOf(session, entry);
  const ahead = isHere ? entry.sequence - session.lastSequence : 1;
  if (ahead < 1 && tree.rules.applyOnce) return unchanged(tree, entry, "repeat");
  if (ahead > 1 && tree.rules.applyInOrder) return unchanged(tree, entry, "skip");
  const { identities, body } = entry;
  const aclBytesLeft = aclBytesMax(body.byteLength);
  return write(tree, { wallMs, session: entry.session, identities, aclBytesLeft }, (context) => {
    if (session === undefined) return { error: ERRORS.SESSIONEXPIRED };
    if (!isHere) return { error: ERRORS.SESSIONMOVED };
    if (entry.op === OPCODES.closeSession) return end(tree, context, session);
    tree.sessions.sequenceTo(session, Math.max(entry.sequence, session.lastSequence));
    return applyRequest(tree, context, entry);
  });
}

function createSession(tree: Tree, entry: EntryOf<"createSession">, wallMs: number): Outcome {
  const made = tree.sessions.madeBy(entry);
  if (made !== undefined) return unchanged(tree, { session: made.id });
  const { server, connection, timeoutMs, password } = entry;
  const outcome = write(tree, { ...NOBODY, wallMs }, ({ zxid }) => {
    if (tree.sessions.count >= SESSION_COUNT_MAX) return { error: ERRORS.SYSTEMERROR };
    tree.sessions.add({
      id: zxid,
      password: Uint8Array.from(password),
      maker: { server, connection },
      timeoutMs,
      server,
      connection,
      lastSequence: 0,
      ephemeralsLog: 0,
      ephemerals: new Set(),
    });
    return DONE;
  });
  return outcome.error === ERRORS.OK ? { ...outcome, session: outcome.zxid } : outcome;
}

function attachSession(tree: Tree, entry: EntryOf<"attachSession">): Outcome {
  const session = tree.sessions.find(entry.session);
  if (session === undefined) return { ...unchanged(tree, entry), error: ERRORS.SESSIONEXPIRED };
  if (!equalBytes(session.password, entry.password)) {
    return { ...unchanged(tree, entry), error: ERRORS.AUTHFAILED };
  }
  if (tree.rules.applyOnce) {
    // An attachment that comes again must not make the requests since then count from 1 once more.
    if (isPlaceOf(session, entry)) return unchanged(tree, entry);
    // Nor after the session has moved on: no connection gets a session twice, so `from` tells.
    if (!isPlaceOf(session, entry.from)) return unchanged(tree, entry, "skip");
  }
  tree.sessions.move(session, entry, entry.timeoutMs);
  return unchanged(tree, entry);
}

function expireSession(tree: Tree, entry: EntryOf<"expireSession">, wallMs: number): Outcome {
  return write(tree, { ...NOBODY, wallMs, session: entry.session }, (context) => {
    const session = tree.sessions.find(entry.session);
    return session === undefined ? { error: ERRORS.SESSIONEXPIRED } : end(tree, context, session);
  });
}

function replaceSettings(tree: Tree, { settings }: EntryOf<"settings">, wallMs: number): Outcome {
  const triggers: Trigger[] = [];
  applySettings(tree, { zxid: lastZxid(tree), wallMs, part: 0, triggers }, settings);
  return { kind: "done", zxid: lastZxid(tree), error: ERRORS.OK, triggers };
}

type WriteSource = Pick<WriteContext, "wallMs" | "session" | "identities" | "aclBytesLeft">;
const NOBODY = { session: 0, identities: [], aclBytesLeft: 0 };

/** Takes a zxid for what `apply` does. */
function write(
  tree: Tree,
  { wallMs, session, identities, aclBytesLeft }: WriteSource,
  apply: (context: WriteContext) => Reply,
): Outcome {
  tree.counter += 1;
  const triggers: Trigger[] = [];
  const { error, response } = apply({
    zxid: lastZxid(tree),
    wallMs,
    part: 0,
    triggers,
    session,
    identities,
    aclBytesLeft,
  });
  if (error !== ERRORS.OK && !tree.rules.zxidOfFailed) tree.counter -= 1;
  const about = session === NOBODY.session ? undefined : session;
  return { kind: "done", zxid: lastZxid(tree), error, response, session: about, triggers };
}

/** The outcome of what takes no zxid. */
function unchanged(
  tree: Tree,
  { session }: { readonly session: SessionId },
  kind: Outcome["kind"] = "done",
): Outcome {
  return { kind, zxid: lastZxid(tree), error: ERRORS.OK, session, triggers: NO_TRIGGERS };
}

function end(tree: Tree, context: WriteContext, session: Session): Reply {
  endSession(tree, context, session);
  return DONE;
}

function isPlaceOf(session: Session, { server, connection }: Place): boolean {
  return session.server === server && session.connection === connection;
}
