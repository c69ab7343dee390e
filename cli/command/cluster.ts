/** `kelp cluster`: makes a cluster in a tree, and says what is known of it. */
import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import type { Command } from "commander";
import { type InitResult, initCluster } from "../../cluster/coordination/cluster-node.ts";
import { treeIdentity } from "../../cluster/coordination/identity.ts";
import { createKeyFile, readClusterKey } from "../../cluster/coordination/key-file.ts";
import { readEpochNode } from "../../cluster/coordination/map-reader.ts";
import { PATHS } from "../../cluster/coordination/paths.ts";
import { persistently } from "../../cluster/zookeeper/recipe/retry.ts";
import {
  type ClusterPlace,
  COORDINATOR_VARIABLE,
  type CoordinatorFlags,
  KEY_FILE_VARIABLE,
  placeOf,
  takesCoordinator,
  withSession,
  withTree,
} from "../coordinator.ts";
import { EXIT_CODE } from "../exit-code.ts";
import { CommandError } from "../failure.ts";
import { withClient } from "../znode/connection.ts";

interface Flags extends CoordinatorFlags {
  readonly json?: true;
}

export function registerCluster(program: Command): void {
  const cluster = program
    .command("cluster")
    .summary("make a cluster, and say what is known of it")
    .description("Makes a cluster in a tree of znodes, and says what is known of it.");
  takesCoordinator(cluster.command("init"))
    .summary("make a cluster, and its key unless there is one")
    .description(
      "Makes a cluster at the coordinator: Kelp's monitors, or any ZooKeeper of 3.8 or newer. Everything of it stands " +
        "below /kelp and is closed to whoever has not its key. The key file is made, unless it is there already. " +
        "An attempt that failed half-way can be made again; where there is a cluster another one is refused.",
    )
    .option("--json", "print one JSON value")
    .action(init);
  takesCoordinator(cluster.command("info"))
    .summary("print the cluster's id, age and epoch")
    .description("Prints the cluster's id, when it was made, and the newest epoch of its map.")
    .option("--json", "print one JSON value")
    .action(info);
}

async function init(flags: Flags): Promise<void> {
  const place = placeOf(flags);
  const { isNew, key } = await keyFor(place);
  const result = await withSession({ coordinator: place.coordinator, key }, (client) =>
    initCluster(client, {
      id: randomUUID(),
      wallMs: Date.now(),
      acl: treeIdentity(key).acl,
    }),
  );
  if (result.type === "exists") throw exists(place);
  if (flags.json === true) printJson({ ...result.cluster, ...place, isNewKey: isNew });
  else process.stdout.write(initReport(result, { ...place, isNew }));
}

/**
 * A new key is made only where there is no cluster yet. It stays, whatever comes of the attempt: what was made so far is
 * closed by it, and the next attempt takes it up.
 */
async function keyFor({
  coordinator,
  keyFile,
}: ClusterPlace): Promise<{ readonly isNew: boolean; readonly key: Uint8Array }> {
  if (existsSync(keyFile)) return { isNew: false, key: await readClusterKey(keyFile) };
  await withClient({ server: coordinator, flag: "--coordinator" }, async (client) => {
    if ((await client.exists(PATHS.cluster)) !== undefined) throw exists({ coordinator, keyFile });
  });
  return { isNew: true, key: await createKeyFile(keyFile) };
}

function exists({ coordinator }: ClusterPlace): CommandError {
  return new CommandError(
    EXIT_CODE.failure,
    `there is a cluster at ${coordinator} already, and nothing was changed\n` +
      "  kelp cluster info --key-file with its key says which. For another cluster on the same servers,\n" +
      "  create a node for it and name that behind them: --coordinator host:port/node.",
  );
}

function initReport(
  { cluster }: InitResult,
  { coordinator, keyFile, isNew }: ClusterPlace & { readonly isNew: boolean },
): string {
  const origin = isNew ? "made just now" : "as it was";
  return [
    `cluster   ${cluster.id}`,
    `at        ${coordinator}`,
    `key file  ${keyFile}, ${origin}`,
    "",
    "Whoever has the key file is a member of the cluster: keep a copy, and give it to no stranger.",
    "Every host with daemons needs it, mode 600. Then daemons and commands find the cluster by",
    "",
    `  export ${COORDINATOR_VARIABLE}=${coordinator}`,
    `  export ${KEY_FILE_VARIABLE}=${keyFile}`,
    "  kelp cluster info",
    "",
  ].join("\n");
}

async function info(flags: Flags): Promise<void> {
  await withTree(flags, async ({ client, cluster, coordinator }) => {
    const { epoch, checkpoint } = await persistently(client, () => readEpochNode(client));
    if (flags.json === true) {
      printJson({ ...cluster, coordinator, epoch, checkpoint });
      return;
    }
    process.stdout.write(
      [
        `cluster  ${cluster.id}`,
        `at       ${coordinator}`,
        `created  ${new Date(cluster.createdMs).toISOString()}`,
        `format   ${cluster.format}`,
        `epoch    ${epoch}`,
        "",
      ].join("\n"),
    );
  });
}

function printJson(value: object): void {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}
