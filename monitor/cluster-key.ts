/**
 * The key by which members know each other when there is no key file: made from what all members' files have in common, so
 * that an ordinary zoo.cfg is enough. It keeps strangers' accidents out, not strangers: the lines are no secret, so with it
 * only the members' own addresses are listened to, and the log says that peers are not authenticated.
 */
import { createHash } from "node:crypto";
import { formatServer, type ServerLine } from "./zookeeper/zoo-cfg-server.ts";

/** The same for all members whose files say the same of the servers, in whatever order and however they spell it. */
export function keyOfServers(servers: readonly Omit<ServerLine, "text">[]): Uint8Array {
  const lines = servers.map((server) => `server.${server.id}=${formatServer(server)}`);
  const hash = createHash("sha256").update("kelp ensemble key 1\n");
  for (const line of lines.sort()) hash.update(`${line.length}:${line}\n`);
  return hash.digest();
}
