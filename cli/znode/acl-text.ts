/** ACLs as zkCli writes them: scheme:id:permissions, separated by commas. */
import { type Acl, digestId, formatPerms, parsePerms } from "../../cluster/zookeeper/acl.ts";
import { EXIT_CODE } from "../exit-code.ts";
import { CommandError } from "../failure.ts";

export function formatAcl({ perms, id }: Acl): string {
  return `${id.scheme}:${id.id}:${formatPerms(perms)}`;
}

/** `auth` has no id of its own, and may be written `auth::cdrwa`. */
export function parseAcl(text: string): Acl[] {
  return text.split(",").map((entry) => {
    const match = /^([^:,]+):(.*):([a-z]*)$/.exec(entry.trim());
    const perms = parsePerms(match?.[3] ?? "?");
    if (match === null || perms === undefined || perms === 0) {
      throw new CommandError(
        EXIT_CODE.usage,
        `"${entry}" is no ACL entry; write scheme:id:cdrwa, as in world:anyone:r`,
      );
    }
    return { perms, id: { scheme: match[1] ?? "", id: idOf(match[1] ?? "", match[2] ?? "") } };
  });
}

/**
 * Servers know a digest's user by a hash; what is no such hash yet is a password that somebody
 * typed, and nobody could ever authenticate against it.
 */
function idOf(scheme: string, id: string): string {
  const [user, secret = "", ...more] = id.split(":");
  if (scheme !== "digest" || user === undefined || more.length > 0) return id;
  return /^[A-Za-z0-9+/]{27}=$/.test(secret) ? id : digestId(id);
}
