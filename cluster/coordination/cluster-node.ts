/**
 * How a cluster comes to be: its directories, an epoch 0, and then `/kelp/cluster`, whose being there says that all else
 * is. An attempt that ends before that can be made again with the same key, and finds what it has made; after it, another
 * one is refused.
 */
import { ClusterError } from "../base/error.ts";
import { EMPTY_MAP } from "../map/osd-map-delta.ts";
import { decode, encode, record, str, u32, u53 } from "../wire/codec.ts";
import { CodecError } from "../wire/codec-error.ts";
import { versioned } from "../wire/versioned.ts";
import { type Acl, formatPerms } from "../zookeeper/acl.ts";
import type { ZooKeeperClient } from "../zookeeper/client.ts";
import { persistently, unless } from "../zookeeper/recipe/retry.ts";
import { isZooKeeperError } from "../zookeeper/zookeeper-error.ts";
import { epochNode } from "./map-nodes.ts";
import { DIRECTORIES, PATHS } from "./paths.ts";

/** Of everything below /kelp; a program refuses a tree of a later one. */
export const TREE_FORMAT = 1;

const clusterNode = versioned(1, record({ id: str, createdMs: u53, format: u32 }));

export interface ClusterIdentity {
  /** A UUID. */
  readonly id: string;
  readonly createdMs: number;
  readonly format: number;
}

export type InitResult =
  | { readonly type: "created"; readonly cluster: ClusterIdentity }
  /** There is one, and nothing was changed. */
  | { readonly type: "exists"; readonly cluster: ClusterIdentity };

export interface InitOptions {
  /** A new UUID. */
  readonly id: string;
  readonly wallMs: number;
  /** Of the identity that the client has. */
  readonly acl: readonly Acl[];
}

/** Throws CONFIG_INVALID if /kelp is there and belongs to somebody else, or there is no place for it. */
export async function initCluster(
  client: ZooKeeperClient,
  { id, wallMs, acl }: InitOptions,
): Promise<InitResult> {
  const existing = await readCluster(client);
  if (existing !== undefined) return { type: "exists", cluster: existing };
  for (const path of DIRECTORIES) await makeClosed(client, path, { acl });
  const { epoch, digest } = EMPTY_MAP;
  const start = { epoch, digest, checkpoint: epoch };
  await makeClosed(client, PATHS.mapEpoch, { acl, data: encode(epochNode, start) });
  const cluster = { id, createdMs: wallMs, format: TREE_FORMAT };
  await makeClosed(client, PATHS.cluster, { acl, data: encode(clusterNode, cluster) });
  const found = await readCluster(client);
  if (found === undefined) {
    throw invalid(`${PATHS.cluster} was removed while it was made`);
  }
  // Another one may have been faster, also with the same key.
  return found.id === id ? { type: "created", cluster } : { type: "exists", cluster: found };
}

/** Undefined if there is none. Throws CONFIG_INVALID if it is of another key or of a later program. */
export async function readCluster(client: ZooKeeperClient): Promise<ClusterIdentity | undefined> {
  const read = await asOwner(() =>
    persistently(client, async () => {
      await client.sync(PATHS.root);
      return await unless("NONODE", client.getData(PATHS.cluster));
    }),
  );
  if (read === undefined) return undefined;
  const cluster = decodeCluster(read.data);
  if (cluster.format <= TREE_FORMAT) return cluster;
  throw invalid(
    `the cluster's format is ${cluster.format}, and this program knows ${TREE_FORMAT}; use a newer one`,
  );
}

function decodeCluster(data: Uint8Array): ClusterIdentity {
  try {
    return decode(clusterNode, data);
  } catch (cause) {
    if (!(cause instanceof CodecError)) throw cause;
    throw invalid(`${PATHS.cluster} is not Kelp's: ${cause.message}`, cause);
  }
}

async function makeClosed(
  client: ZooKeeperClient,
  path: string,
  { acl, data }: { readonly acl: readonly Acl[]; readonly data?: Uint8Array },
): Promise<void> {
  const found = await asOwner(() =>
    persistently(client, async () => {
      await unless("NODEEXISTS", client.create(path, data, { acl }));
      return (await client.getAcl(path)).acl;
    }),
  ).catch((error: unknown) => {
    if (!isZooKeeperError(error, "NONODE")) throw error;
    throw invalid(
      `there is no place for ${path}: create what stands behind the addresses of the coordinator first`,
      error,
    );
  });
  if (sameAcl(found, acl)) return;
  throw invalid(
    `${path} exists with another ACL than the cluster's (${describe(found)}); ` +
      "if nobody needs it, remove it with kelp znode deleteall, or give the coordinator a path of its own: host:port/path",
  );
}

/** What a stranger is refused is of another cluster, or this has the wrong key. */
async function asOwner<T>(attempt: () => Promise<T>): Promise<T> {
  try {
    return await attempt();
  } catch (cause) {
    if (!isZooKeeperError(cause, "NOAUTH")) throw cause;
    throw invalid(`${PATHS.root} there is closed to this key; name that cluster's key file`, cause);
  }
}

function invalid(message: string, cause?: unknown): ClusterError {
  return new ClusterError("CONFIG_INVALID", message, { cause });
}

function sameAcl(left: readonly Acl[], right: readonly Acl[]): boolean {
  return describe(left) === describe(right);
}

function describe(acl: readonly Acl[]): string {
  return acl.map(({ perms, id }) => `${id.scheme}:${id.id}:${formatPerms(perms)}`).join(" ");
}
