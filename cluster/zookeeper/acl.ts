/** Who may do what with a node: the records, the usual lists, and the hash of the digest scheme. */
import { createHash } from "node:crypto";
import { record, type TypeOf } from "../wire/codec.ts";
import { int, ustring, vector } from "./jute.ts";

export const PERMS = {
  READ: 1,
  WRITE: 2,
  CREATE: 4,
  DELETE: 8,
  ADMIN: 16,
  ALL: 31,
} as const;

export const id = record({ scheme: ustring, id: ustring });
export type Id = TypeOf<typeof id>;

export const acl = record({ perms: int, id });
export type Acl = TypeOf<typeof acl>;

export const aclList = vector(acl);

export const ANYONE: Id = { scheme: "world", id: "anyone" };
/** Stands for every identity that the session has authenticated with. */
export const AUTH_IDS: Id = { scheme: "auth", id: "" };

/** Everybody may do everything: what a node has whose creator says nothing else. */
export const OPEN_ACL: readonly Acl[] = [{ perms: PERMS.ALL, id: ANYONE }];
export const READ_ACL: readonly Acl[] = [{ perms: PERMS.READ, id: ANYONE }];
export const CREATOR_ALL_ACL: readonly Acl[] = [{ perms: PERMS.ALL, id: AUTH_IDS }];

/**
 * The id under which the digest scheme knows "user:password", the form in which a client sends it:
 * the user, and the hash of both in place of the password.
 */
export function digestId(credentials: string): string {
  const user = credentials.split(":", 1)[0] ?? "";
  const hash = createHash("sha1").update(credentials, "utf8").digest("base64");
  return `${user}:${hash}`;
}

const PERM_LETTERS = [
  ["c", PERMS.CREATE],
  ["d", PERMS.DELETE],
  ["r", PERMS.READ],
  ["w", PERMS.WRITE],
  ["a", PERMS.ADMIN],
] as const;

/** As zkCli prints them: "cdrwa". */
export function formatPerms(perms: number): string {
  return PERM_LETTERS.map(([letter, perm]) => ((perms & perm) === 0 ? "" : letter)).join("");
}

/** Undefined if there is another letter than those of "cdrwa". */
export function parsePerms(letters: string): number | undefined {
  let perms = 0;
  for (const letter of letters) {
    const found = PERM_LETTERS.find(([known]) => known === letter);
    if (found === undefined) return undefined;
    perms |= found[1];
  }
  return perms;
}
