/**
 * The state as rows of a store: one per znode, one per session, and one for the rest. Rows are
 * written behind the log, together with the slot up to which they are right; a start loads them and
 * applies the batches after that slot. The digest in the last row proves that they are all there.
 *
 *   "s" session id, 8 bytes big-endian   sessionRow
 *   "t"                                  metaRow
 *   "z" path in UTF-8                    znodeRow
 *
 * In the order of the keys sessions come before their ephemeral nodes, and every node after its
 * parent.
 */
import { utf8 } from "../../cluster/base/bytes.ts";
import type { Write } from "../../cluster/kv/store.ts";
import {
  bytes,
  encode,
  f64,
  i32,
  list,
  optional,
  record,
  str,
  type TypeOf,
  u8,
  u32,
  u53,
  u64,
} from "../../cluster/wire/codec.ts";
import { versioned } from "../../cluster/wire/versioned.ts";
import type { AclEntry } from "./acl-table.ts";
import { OPEN_ACL_ID } from "./acl-table.ts";
import { unpackBytes } from "./packed-bytes.ts";
import type { Session, SessionId } from "./session-table.ts";
import { treeSettings } from "./settings.ts";
import type { Tree } from "./state.ts";
import { digestOf } from "./tree.ts";
import {
  ACL,
  AVERSION,
  CHILDREN_LOG,
  CTIME,
  CVERSION,
  CZXID,
  MTIME,
  MZXID,
  OWNER,
  PART,
  PZXID,
  VERSION,
  type ZnodeId,
} from "./znode.ts";

export const ROW_KINDS = { session: 0x73, meta: 0x74, znode: 0x7a } as const;

/** Every entry of an ACL came in one request, whose size is bounded. */
const ACL_COUNT_MAX = 1 << 24;
const aclEntry = record({ perms: i32, scheme: str, id: str });

export const znodeRow = versioned(
  1,
  record({
    czxid: u53,
    mzxid: u53,
    pzxid: u53,
    ctime: u53,
    mtime: u53,
    /** A whole number, below zero for containers and times to live. */
    owner: f64,
    version: i32,
    cversion: i32,
    aversion: i32,
    part: u32,
    childrenLog: u8,
    /** Left out for the open one, which almost all have. */
    acl: optional(list(aclEntry, { max: ACL_COUNT_MAX })),
    data: optional(bytes),
  }),
);

const place = record({ server: u53, connection: u32 });
export const sessionRow = versioned(
  1,
  record({
    password: bytes,
    maker: place,
    place,
    timeoutMs: u32,
    lastSequence: u53,
    ephemeralsLog: u8,
  }),
);

export const metaRow = versioned(
  1,
  record({
    appliedSlot: u53,
    rulesVersion: u32,
    epoch: u53,
    nextIndex: u53,
    counter: u53,
    settings: treeSettings,
    digest: u64,
  }),
);
export type MetaRow = TypeOf<typeof metaRow>;

/**
 * What changed since the last call, and the row that says up to where: whoever takes them must
 * write them, in one batch. A tree that is new has its first rows to write too.
 */
export function takeDirtyRows(tree: Tree, appliedSlot: number): Write[] {
  const { znodes, sessions, removedPaths } = tree;
  const writes: Write[] = [];
  for (const path of removedPaths) {
    if (znodes.find(path) === undefined) writes.push({ type: "delete", key: znodeKey(path) });
  }
  removedPaths.clear();
  for (const id of znodes.takeDirty()) writes.push(znodeWrite(tree, id));
  for (const id of sessions.takeDirty()) {
    const session = sessions.find(id);
    const key = sessionKey(id);
    if (session === undefined) writes.push({ type: "delete", key });
    else writes.push({ type: "put", key, value: encode(sessionRow, sessionFields(session)) });
  }
  writes.push({
    type: "put",
    key: META_KEY,
    value: encode(metaRow, metaFields(tree, appliedSlot)),
  });
  return writes;
}

export const META_KEY = Uint8Array.of(ROW_KINDS.meta);

export function znodeKey(path: string): Uint8Array {
  const text = utf8(path);
  const key = new Uint8Array(1 + text.byteLength);
  key[0] = ROW_KINDS.znode;
  key.set(text, 1);
  return key;
}

export function sessionKey(id: SessionId): Uint8Array {
  const key = new Uint8Array(9);
  key[0] = ROW_KINDS.session;
  new DataView(key.buffer).setBigUint64(1, BigInt(id));
  return key;
}

/** Undefined if it is none. */
export function sessionOfKey(key: Uint8Array): SessionId | undefined {
  if (key.byteLength !== 9) return undefined;
  return Number(new DataView(key.buffer, key.byteOffset, key.byteLength).getBigUint64(1));
}

function znodeWrite({ znodes, acls }: Tree, id: ZnodeId): Write {
  const aclId = znodes.int(id, ACL);
  const value = encode(znodeRow, {
    czxid: znodes.double(id, CZXID),
    mzxid: znodes.double(id, MZXID),
    pzxid: znodes.double(id, PZXID),
    ctime: znodes.double(id, CTIME),
    mtime: znodes.double(id, MTIME),
    owner: znodes.double(id, OWNER),
    version: znodes.int(id, VERSION),
    cversion: znodes.int(id, CVERSION),
    aversion: znodes.int(id, AVERSION),
    part: znodes.int(id, PART),
    childrenLog: znodes.int(id, CHILDREN_LOG),
    acl: aclId === OPEN_ACL_ID ? undefined : aclFields(acls.get(aclId)),
    data: unpackBytes(znodes.data(id)),
  });
  return { type: "put", key: znodeKey(znodes.pathOf(id)), value };
}

function aclFields({ list: entries }: AclEntry): TypeOf<typeof aclEntry>[] {
  return entries.map(({ perms, id: { scheme, id } }) => ({ perms, scheme, id }));
}

function sessionFields(session: Session): TypeOf<typeof sessionRow> {
  const { server, connection } = session;
  return { ...session, place: { server, connection } };
}

function metaFields(tree: Tree, appliedSlot: number): MetaRow {
  const { rulesVersion, epoch, nextIndex, counter, settings } = tree;
  const digest = digestOf(tree);
  return { appliedSlot, rulesVersion, epoch, nextIndex, counter, settings, digest };
}
