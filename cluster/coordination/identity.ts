/**
 * Who Kelp is to the tree: a user of ZooKeeper's digest scheme whose password is derived from the cluster key, and is of no
 * use for anything else. The servers see the password; they never see the key (C3).
 */
import { hkdfSync, randomInt } from "node:crypto";
import { assert } from "../base/assert.ts";
import { toHex } from "../base/bytes.ts";
import type { Clock } from "../base/clock.ts";
import { Secret } from "../runtime/config-value.ts";
import type { StreamNetwork } from "../runtime/stream.ts";
import { CLUSTER_KEY_SIZE } from "../wire/handshake.ts";
import { type Acl, digestId, PERMS } from "../zookeeper/acl.ts";
import { type StatusListener, ZooKeeperClient } from "../zookeeper/client.ts";

const USER = "kelp";
const PURPOSE = "kelp tree identity 1";
const PASSWORD_SIZE = 32;
const SEED_MAX = 2 ** 32;

export interface TreeIdentity {
  /** user:password, as a client sends it. */
  readonly credentials: Secret;
  /** Everything is allowed to this identity, and nothing to anybody else. */
  readonly acl: readonly Acl[];
}

export function treeIdentity(key: Uint8Array): TreeIdentity {
  assert(key.byteLength === CLUSTER_KEY_SIZE, `a cluster key has ${CLUSTER_KEY_SIZE} bytes`);
  const password = new Uint8Array(hkdfSync("sha256", key, "", PURPOSE, PASSWORD_SIZE));
  const credentials = `${USER}:${toHex(password)}`;
  const acl = [{ perms: PERMS.ALL, id: { scheme: "digest", id: digestId(credentials) } }];
  return { credentials: new Secret(credentials), acl };
}

export interface TreeOptions {
  /** `host:port,host:port/chroot`, of Kelp's monitors or of any ZooKeeper. */
  readonly coordinator: string;
  readonly key: Uint8Array;
  readonly clock: Clock;
  readonly network: StreamNetwork;
  /** Which server is asked first; random by default. */
  readonly seed?: number | bigint;
  readonly sessionTimeoutMs?: number;
  /** Whether a new session follows one that expires; a daemon goes on, a command does not. */
  readonly renews?: boolean;
  readonly onStatus?: StatusListener;
}

/**
 * The process's one session. Credentials go before any request, on every connection, so nothing is ever asked by a
 * stranger; and every node that it creates is closed to others.
 */
export function openTree(options: TreeOptions): ZooKeeperClient {
  const { coordinator, key, seed = randomInt(SEED_MAX), renews = true, ...rest } = options;
  const { credentials, acl } = treeIdentity(key);
  const client = new ZooKeeperClient({ ...rest, servers: coordinator, seed, renews, acl });
  // A refusal ends the client, and all that is asked of it then fails with AUTHFAILED.
  client.addAuth("digest", credentials.reveal()).catch(() => {});
  return client;
}
