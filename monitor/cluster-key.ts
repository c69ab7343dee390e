/**
 * The key by which members know each other: from a file, or, so that an ordinary zoo.cfg is enough, made from what all
 * members' files have in common. The latter keeps strangers' accidents out, not strangers: the lines are no secret, so
 * with it only the members' own addresses are listened to, and the log says that peers are not authenticated.
 */
import { createHash } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import { ClusterError } from "../cluster/base/error.ts";
import { CLUSTER_KEY_SIZE } from "../cluster/wire/handshake.ts";
import { formatServer, type ServerLine } from "./zookeeper/zoo-cfg-server.ts";

/** Anybody but its owner. */
const OTHERS = 0o077;

export async function readClusterKey(path: string): Promise<Uint8Array> {
  const [text, { mode }] = await Promise.all([readFile(path, "utf8"), stat(path)]).catch(
    (cause: unknown) => {
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new ClusterError("CONFIG_INVALID", `cannot read the cluster key: ${why}`, { cause });
    },
  );
  if ((mode & OTHERS) !== 0) {
    throw new ClusterError(
      "CONFIG_INVALID",
      `${path} holds the cluster key and others may read it; run chmod 600 ${path}`,
    );
  }
  const digits = text.trim();
  if (!/^[0-9a-fA-F]{64}$/.test(digits)) {
    throw new ClusterError(
      "CONFIG_INVALID",
      `${path} does not hold a cluster key: ${2 * CLUSTER_KEY_SIZE} hexadecimal digits, as of openssl rand -hex 32`,
    );
  }
  return Buffer.from(digits, "hex");
}

/** The same for all members whose files say the same of the servers, in whatever order and however they spell it. */
export function keyOfServers(servers: readonly Omit<ServerLine, "text">[]): Uint8Array {
  const lines = servers.map((server) => `server.${server.id}=${formatServer(server)}`);
  const hash = createHash("sha256").update("kelp ensemble key 1\n");
  for (const line of lines.sort()) hash.update(`${line.length}:${line}\n`);
  return hash.digest();
}
