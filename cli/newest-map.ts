/** The map as it is in the tree, for commands that need nobody to answer. */
import type { Command } from "commander";
import { readNewestMap } from "../cluster/coordination/map-reader.ts";
import { PATHS } from "../cluster/coordination/paths.ts";
import type { OsdMap } from "../cluster/map/osd-map.ts";
import type { ZooKeeperClient } from "../cluster/zookeeper/client.ts";
import { persistently } from "../cluster/zookeeper/recipe/retry.ts";
import { type CoordinatorFlags, type Tree, takesCoordinator, withTree } from "./coordinator.ts";
import type { OutputFlags } from "./output.ts";

export interface MapFlags extends CoordinatorFlags, OutputFlags {}

export function takesMap(command: Command): Command {
  return takesCoordinator(command).option("--json", "print one line of JSON");
}

/** As new as what anybody was told before. */
export async function newestMap(client: ZooKeeperClient): Promise<OsdMap> {
  return await persistently(client, async () => {
    await client.sync(PATHS.mapEpoch);
    return (await readNewestMap(client)).map;
  });
}

export async function withMap<T>(
  flags: MapFlags,
  body: (map: OsdMap, tree: Tree) => Promise<T>,
): Promise<T> {
  return await withTree(flags, async (tree) => await body(await newestMap(tree.client), tree));
}
