/**
 * Options that change what a transaction does, so that they are part of the replicated state: a
 * member that read them from its own configuration could come to another result than the others.
 * The defaults are those of Apache ZooKeeper 3.8, but for `ipv6Acls`.
 */
import { EMPTY_BYTES } from "../../cluster/base/bytes.ts";
import { bool, bytes, record, str, type TypeOf } from "../../cluster/wire/codec.ts";

export const treeSettings = record({
  /** `user:hash` of whoever may do everything; nobody if empty. The hash is the digest scheme's. */
  superDigest: str,
  /** No ACL is looked at, neither of what is read nor of what is changed. */
  skipAcl: bool,
  /** Nodes with a time to live can be created; without it that answers UNIMPLEMENTED. */
  extendedTypes: bool,
  /** ACLs of the scheme "ip" may name IPv6 addresses, which 3.8 refuses and later ones take. */
  ipv6Acls: bool,
  /** What clients read at /zookeeper/config. */
  config: bytes,
});
export type TreeSettings = TypeOf<typeof treeSettings>;

export const DEFAULT_SETTINGS: TreeSettings = {
  superDigest: "",
  skipAcl: false,
  extendedTypes: false,
  ipv6Acls: true,
  config: EMPTY_BYTES,
};

export function isSameSettings(left: TreeSettings, right: TreeSettings): boolean {
  return (
    left.superDigest === right.superDigest &&
    left.skipAcl === right.skipAcl &&
    left.extendedTypes === right.extendedTypes &&
    left.ipv6Acls === right.ipv6Acls &&
    Buffer.compare(left.config, right.config) === 0
  );
}
