/**
 * What one slot of the log carries: requests, not their results, in the order in which they take
 * effect. Whatever two members could see differently (time, who a client is, whether a session is
 * over) has been decided by then and stands in the batch.
 *
 *   ┌────────────┬───────────┬───────────┬────────────┬───────────────┐
 *   │ version u8 │ epoch u53 │ index u53 │ wallMs u53 │ list of Entry │
 *   └────────────┴───────────┴───────────┴────────────┴───────────────┘
 *
 * `epoch` is the ballot round of the leader that made it, `index` counts that leader's batches from
 * 0, `wallMs` is its clock.
 */
import { utf8Size } from "../../cluster/base/bytes.ts";
import {
  bytes,
  checked,
  i32,
  list,
  oneOf,
  record,
  str,
  type TypeOf,
  u32,
  u53,
  union,
} from "../../cluster/wire/codec.ts";
import { versioned } from "../../cluster/wire/versioned.ts";
import { treeSettings } from "./settings.ts";

export const BATCH_ENTRY_COUNT_MAX = 65_536;
/** A client has one for its address and one for each time it sent credentials. */
export const IDENTITY_COUNT_MAX = 256;
export const PASSWORD_SIZE = 16;
/** An epoch is the upper part of a zxid, which has to stay an exact number. */
export const EPOCH_MAX = 2 ** 21 - 1;
export const COUNTER_MAX = 2 ** 32 - 1;

const identity = record({ scheme: str, id: str });
export type Identity = TypeOf<typeof identity>;

/** What these take in an entry. */
export function identityBytes(identities: readonly Identity[]): number {
  let bytes = 0;
  for (const { scheme, id } of identities) bytes += 8 + utf8Size(scheme) + utf8Size(id);
  return bytes;
}

const epoch = checked(u53, (raw) => (raw <= EPOCH_MAX ? raw : undefined));
const timeoutMs = checked(u32, (raw) => (raw > 0 ? raw : undefined));
const password = checked(bytes, (raw) => (raw.byteLength === PASSWORD_SIZE ? raw : undefined));

/** Where a session is served: a number that a process draws at its start, and a count in it. */
const place = { server: u53, connection: u32 };

/**
 * - request: a client's write. `sequence` counts what its connection forwards, from 1; `body` is
 *   the request as the client encoded it.
 * - createSession: the session's id is the zxid that this entry takes.
 * - attachSession: a session moves to another connection, and its requests count from 1 again. `from`
 *   is the connection that it moves away from, as its new server sees it: one that comes late, or
 *   again, must not take the session back from where it went meanwhile.
 * - expireSession: as if the session had closed itself.
 * - reap: removes a container without children or a node that has outlived itself, if it still is.
 * - settings: replaces all of them.
 */
export const entry = union({
  request: {
    id: 1,
    body: record({
      session: u53,
      ...place,
      sequence: u53,
      identities: list(identity, { max: IDENTITY_COUNT_MAX }),
      op: i32,
      body: bytes,
    }),
  },
  createSession: { id: 2, body: record({ ...place, timeoutMs, password }) },
  attachSession: {
    id: 3,
    body: record({ session: u53, ...place, timeoutMs, password, from: record(place) }),
  },
  expireSession: { id: 4, body: record({ session: u53 }) },
  reap: { id: 5, body: record({ path: str, kind: oneOf("container", "ttl") }) },
  settings: { id: 6, body: record({ settings: treeSettings }) },
});
export type Entry = TypeOf<typeof entry>;
export type EntryOf<Type extends Entry["type"]> = Extract<Entry, { readonly type: Type }>;

export const batch = versioned(
  1,
  record({ epoch, index: u53, wallMs: u53, entries: list(entry, { max: BATCH_ENTRY_COUNT_MAX }) }),
);
export type Batch = TypeOf<typeof batch>;
