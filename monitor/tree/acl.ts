/**
 * Who may do what. Schemes are those that Apache ZooKeeper has without further configuration:
 * world, auth, digest, ip and, as an identity only, super. Where it is strange, so is this: an
 * empty list allows everything, and what a scheme takes for a valid id follows from how Java splits
 * texts and reads numbers.
 */
import { type Acl, digestId, type Id, OPEN_ACL, PERMS } from "../../cluster/zookeeper/acl.ts";
import type { Identity } from "./batch.ts";
import { isAddressPattern, matchesAddress } from "./ip-pattern.ts";
import type { TreeSettings } from "./settings.ts";

/**
 * What a node's ACL may have, or it is INVALIDACL. Each access looks through the list, each row of a
 * node has all of it, and one entry for "auth" becomes as many as the client has identities.
 */
export const ACL_COUNT_MAX = 256;
export const ACL_SIZE_MAX = 64 << 10;

/** Of all ACLs that one request gives to nodes: what one node may have, and so much for each byte of the request. */
const ACL_BYTES_PER_BYTE = 4;

/**
 * A multi names "auth" in a few bytes for each node that it makes, and each of them gets all that the client has
 * authenticated as, in memory once and in its row every time.
 */
export function aclBytesMax(requestBytes: number): number {
  return ACL_SIZE_MAX + ACL_BYTES_PER_BYTE * requestBytes;
}

const SUPER: Identity = { scheme: "super", id: "" };

/** Whom a client that sends these credentials under the scheme "digest" is from then on. */
export function digestIdentities(credentials: string, settings: TreeSettings): Identity[] {
  const id = digestId(credentials);
  const identity = { scheme: "digest", id };
  return settings.superDigest !== "" && settings.superDigest === id
    ? [SUPER, identity]
    : [identity];
}

export interface AccessRequest {
  readonly perm: number;
  readonly identities: readonly Identity[];
  readonly settings: TreeSettings;
}

export function isAllowed(list: readonly Acl[], request: AccessRequest): boolean {
  const { perm, identities, settings } = request;
  if (settings.skipAcl || list.length === 0) return true;
  for (let index = 0; index < list.length; index++) {
    const { perms, id } = list[index] as Acl;
    if ((perms & perm) === 0) continue;
    if (isAnyone(id)) return true;
    if (identities.some((identity) => matches(identity, id, settings))) return true;
  }
  return identities.some(({ scheme }) => scheme === "super");
}

/**
 * The list as a node keeps it: every entry once, and "auth" replaced by those whom the client has
 * authenticated as. Undefined if it is no valid one.
 */
export function fixupAcl(
  list: readonly Acl[],
  identities: readonly Identity[],
  settings: TreeSettings,
): readonly Acl[] | undefined {
  // Almost every request has this one, and the table of ACLs knows it by identity.
  if (isOpen(list)) return OPEN_ACL;
  const fixed: Acl[] = [];
  const unique = withoutDuplicates(list);
  if (unique.length > ACL_COUNT_MAX) return undefined;
  for (const acl of unique) {
    if (acl.id.scheme === "auth") {
      const authenticated = identities.filter(({ scheme }) => scheme === "digest");
      if (authenticated.length === 0) return undefined;
      for (const id of authenticated) fixed.push({ perms: acl.perms, id });
    } else {
      if (!isAnyone(acl.id) && !isValid(acl.id, settings)) return undefined;
      fixed.push(acl);
    }
  }
  return fixed.length === 0 || isTooLarge(fixed) ? undefined : fixed;
}

export function aclSize(list: readonly Acl[]): number {
  return list.reduce((sum, { id: { scheme, id } }) => sum + scheme.length + id.length, 0);
}

function isTooLarge(list: readonly Acl[]): boolean {
  return list.length > ACL_COUNT_MAX || aclSize(list) > ACL_SIZE_MAX;
}

/** Only administrators see the hashes of passwords. */
export function withoutHashes(list: readonly Acl[]): Acl[] {
  return list.map(({ perms, id: { scheme, id } }) => ({
    perms,
    id: { scheme, id: scheme === "digest" ? id.replaceAll(/:.*/g, ":x") : id },
  }));
}

function withoutDuplicates(list: readonly Acl[]): readonly Acl[] {
  if (list.length < 2) return list;
  const seen = new Map<string, Acl>();
  for (const acl of list) {
    const key = `${acl.perms} ${acl.id.scheme.length} ${acl.id.scheme}${acl.id.id}`;
    if (!seen.has(key)) seen.set(key, acl);
  }
  return [...seen.values()];
}

function isOpen(list: readonly Acl[]): boolean {
  const [only] = list;
  return list.length === 1 && only?.perms === PERMS.ALL && isAnyone(only.id);
}

function isAnyone({ scheme, id }: Id): boolean {
  return scheme === "world" && id === "anyone";
}

function isValid({ scheme, id }: Id, settings: TreeSettings): boolean {
  if (scheme === "digest") return isDigestId(id);
  return scheme === "ip" && isAddressPattern(id, settings);
}

/** Two parts, where Java's split does not count empty ones at the end: "a:b:" has two. */
function isDigestId(id: string): boolean {
  return /^[^:]*:[^:]+:*$/.test(id);
}

function matches(identity: Identity, { scheme, id }: Id, settings: TreeSettings): boolean {
  if (identity.scheme !== scheme) return false;
  if (scheme === "digest") return identity.id === id;
  return scheme === "ip" && matchesAddress(identity.id, id, settings);
}
