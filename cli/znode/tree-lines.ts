/** A part of the tree as a drawing, read as it is drawn: children of siblings are asked for together. */
import type { ZooKeeperClient } from "../../cluster/zookeeper/client.ts";
import { childPath } from "../../cluster/zookeeper/path.ts";
import { unless } from "../../cluster/zookeeper/recipe/retry.ts";

/** Nobody draws deeper trees, and each level costs a little for every line below it. */
const DEPTH_MAX = 1000;
/** Requests at once. */
const WINDOW = 64;

export interface TreeOptions {
  readonly client: ZooKeeperClient;
  readonly path: string;
  /** How many levels below the path. */
  readonly depth?: number | undefined;
}

/** Fails with NONODE if there is no such path; a node that goes meanwhile is drawn without children. */
export async function* treeLines({ client, path, depth }: TreeOptions): AsyncGenerator<string> {
  const { children } = await client.getChildren(path);
  const counts = { nodes: 1 };
  yield `${path}\n`;
  yield* branches({ client, path, names: children, indent: "", counts }, depth ?? DEPTH_MAX);
  yield `\n${counts.nodes} ${counts.nodes === 1 ? "node" : "nodes"}\n`;
}

interface Branch {
  readonly client: ZooKeeperClient;
  readonly path: string;
  readonly names: readonly string[];
  readonly indent: string;
  readonly counts: { nodes: number };
}

async function* branches(branch: Branch, depth: number): AsyncGenerator<string> {
  const { client, path, indent, counts } = branch;
  if (depth <= 0) {
    if (branch.names.length > 0) yield `${indent}└─ … ${branch.names.length} more below\n`;
    return;
  }
  const names = branch.names.toSorted();
  for (let from = 0; from < names.length; from += WINDOW) {
    const window = names.slice(from, from + WINDOW);
    const listings = await Promise.all(
      window.map((name) => unless("NONODE", client.getChildren(childPath(path, name)))),
    );
    for (const [index, name] of window.entries()) {
      const isLast = from + index === names.length - 1;
      counts.nodes += 1;
      yield `${indent}${isLast ? "└─" : "├─"} ${name}\n`;
      const below = {
        client,
        path: childPath(path, name),
        names: listings[index]?.children ?? [],
        indent: `${indent}${isLast ? "   " : "│  "}`,
        counts,
      };
      yield* branches(below, depth - 1);
    }
  }
}
