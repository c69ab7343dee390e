/**
 * How a command finds its cluster: where the tree is, and the key that opens it. Both come from a flag or from the
 * environment, so that a shell that has them set once needs neither.
 */
import { type Command, Option } from "commander";
import { type ClusterIdentity, readCluster } from "../cluster/coordination/cluster-node.ts";
import { openTree } from "../cluster/coordination/identity.ts";
import { readClusterKey } from "../cluster/coordination/key-file.ts";
import { realClock } from "../cluster/runtime/real-clock.ts";
import { tcpNetwork } from "../cluster/runtime/tcp.ts";
import type { StatusListener, ZooKeeperClient } from "../cluster/zookeeper/client.ts";
import { EXIT_CODE } from "./exit-code.ts";
import { CommandError } from "./failure.ts";
import { untilConnected } from "./znode/connection.ts";

export const COORDINATOR_VARIABLE = "KELP_COORDINATOR";
export const KEY_FILE_VARIABLE = "KELP_KEY_FILE";

export interface CoordinatorFlags {
  readonly coordinator?: string;
  readonly keyFile?: string;
}

export interface ClusterPlace {
  readonly coordinator: string;
  readonly keyFile: string;
}

/** Adds the flags to a command. */
export function takesCoordinator(command: Command): Command {
  return command
    .addOption(
      new Option(
        "--coordinator <list>",
        "the monitors, or any ZooKeeper: host:port,host:port/path",
      ).env(COORDINATOR_VARIABLE),
    )
    .addOption(
      new Option("--key-file <path>", "the file with the cluster key").env(KEY_FILE_VARIABLE),
    );
}

/** Throws what a person can do something about. */
export function placeOf({ coordinator = "", keyFile = "" }: CoordinatorFlags): ClusterPlace {
  const missing = [
    ...(coordinator === ""
      ? [`where the coordinator is: --coordinator host:port,host:port, or ${COORDINATOR_VARIABLE}`]
      : []),
    ...(keyFile === "" ? [`which key it has: --key-file PATH, or ${KEY_FILE_VARIABLE}`] : []),
  ];
  if (missing.length === 0) return { coordinator, keyFile };
  throw new CommandError(EXIT_CODE.usage, `say ${missing.join("\n  and ")}`);
}

export interface Tree extends ClusterPlace {
  readonly client: ZooKeeperClient;
  readonly key: Uint8Array;
  readonly cluster: ClusterIdentity;
}

/** A session for one command, in a cluster that is there and takes the key. */
export async function withTree<T>(
  flags: CoordinatorFlags,
  body: (tree: Tree) => Promise<T>,
  onStatus?: StatusListener,
): Promise<T> {
  const place = placeOf(flags);
  const key = await readClusterKey(place.keyFile);
  return await withSession({ ...place, key, onStatus }, async (client) => {
    const cluster = await readCluster(client);
    if (cluster !== undefined) return await body({ ...place, client, key, cluster });
    throw new CommandError(
      EXIT_CODE.failure,
      `there is no cluster at ${place.coordinator}; make one with kelp cluster init`,
    );
  });
}

/** A session with the key's identity, whatever is there. */
export async function withSession<T>(
  {
    coordinator,
    key,
    onStatus,
  }: {
    readonly coordinator: string;
    readonly key: Uint8Array;
    readonly onStatus?: StatusListener | undefined;
  },
  body: (client: ZooKeeperClient) => Promise<T>,
): Promise<T> {
  const client = openTree({
    coordinator,
    key,
    clock: realClock,
    network: tcpNetwork,
    renews: false,
    ...(onStatus === undefined ? {} : { onStatus }),
  });
  try {
    await untilConnected(client, { server: coordinator, flag: "--coordinator" });
    return await body(client);
  } finally {
    await client.close();
  }
}
