/**
 * Who a client is: the identities that ACLs are compared with. One comes with its address, others
 * with credentials that it sends. The server of a connection finds them out, and requests carry them
 * through the log, because members must not each come to their own result (PROTOCOLS M5).
 *
 * Addresses are spelt as Java spells them, which is what clients of ZooKeeper see in whoAmI and
 * operators in its tools: an IPv6 address has eight groups without "::".
 */
import { createHash } from "node:crypto";
import { lossyTextOf, utf8 } from "../../cluster/base/bytes.ts";
import { IDENTITY_BYTES_MAX } from "../message/limits.ts";
import { IDENTITY_COUNT_MAX, type Identity, identityBytes } from "../tree/batch.ts";
import { concurrentLog, iterationOrder, javaIdHash } from "../tree/java-order.ts";

/** One is left for the super identity that may come with the last digest. */
const IDENTITIES_MAX = IDENTITY_COUNT_MAX - 1;
const GROUPS = 8;

/** `host:port` or `[v6]:port` as two parts, the host as Java spells it. */
export function splitAddress(address: string): { readonly host: string; readonly port: string } {
  const colon = address.lastIndexOf(":");
  const port = colon < 0 ? "" : address.slice(colon + 1);
  const host = (colon < 0 ? address : address.slice(0, colon)).replaceAll(/[[\]]/g, "");
  return { host: javaHost(host), port };
}

function javaHost(host: string): string {
  const plain = host.split("%")[0] ?? host;
  if (!plain.includes(":")) return plain;
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(plain)?.[1];
  if (mapped !== undefined) return mapped;
  const [left = "", right] = plain.split("::");
  const head = left === "" ? [] : left.split(":");
  const tail = right === undefined || right === "" ? [] : right.split(":");
  const missing = right === undefined ? 0 : Math.max(0, GROUPS - head.length - tail.length);
  const groups = [...head, ...new Array<string>(missing).fill("0"), ...tail];
  return groups.map((group) => group.toLowerCase().replace(/^0+(?=.)/, "")).join(":");
}

export function addressIdentity(address: string): Identity {
  return { scheme: "ip", id: splitAddress(address).host };
}

/** `user:base64(SHA-1(user:password))`, with which ACLs of the scheme "digest" are compared. */
export function digestId(credentials: string): string {
  const user = credentials.split(":")[0] ?? "";
  return `${user}:${createHash("sha1").update(utf8(credentials)).digest("base64")}`;
}

export interface Credentials {
  readonly scheme: string;
  readonly auth?: Uint8Array | undefined;
}

/** The client's identities with what the credentials add to them; undefined if they fail. */
export function authenticate(
  client: { readonly address: string; readonly identities: readonly Identity[] },
  { scheme, auth }: Credentials,
  superDigest: string,
): readonly Identity[] | undefined {
  if (scheme === "ip") return withIdentity(client.identities, addressIdentity(client.address));
  if (scheme !== "digest" || auth === undefined) return undefined;
  const id = digestId(lossyTextOf(auth));
  const isSuper = superDigest !== "" && id === superDigest;
  const added = withIdentity(client.identities, { scheme: "digest", id });
  if (added === undefined || !isSuper) return added;
  return withIdentity(added, { scheme: "super", id: "" }, IDENTITY_COUNT_MAX);
}

/** What whoAmI calls an identity: of a digest only the user. */
export function userOf({ scheme, id }: Identity): string {
  if (scheme === "digest") return id.split(":")[0] ?? "";
  return scheme === "super" ? "" : id;
}

function withIdentity(
  identities: readonly Identity[],
  identity: Identity,
  max = IDENTITIES_MAX,
): readonly Identity[] | undefined {
  const isKnown = identities.some(({ scheme, id }) => {
    return scheme === identity.scheme && id === identity.id;
  });
  if (isKnown) return identities;
  const more = [...identities, identity];
  const fits = more.length <= max && identityBytes(more) <= IDENTITY_BYTES_MAX;
  return fits ? inJavaOrder(more) : undefined;
}

/**
 * As ZooKeeper lists them, in whoAmI and in an ACL that was made of "auth": it has a set of them on
 * a ConcurrentHashMap. (Two in one bucket of a set that has grown can stand the other way round.)
 */
function inJavaOrder(identities: readonly Identity[]): readonly Identity[] {
  const order = iterationOrder(
    Int32Array.from(identities, javaIdHash),
    concurrentLog(identities.length),
  );
  return Array.from(order, (at) => identities[at] as Identity);
}
