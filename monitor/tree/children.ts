/** What is below a node. */
import { iterationOrder, javaHash } from "./java-order.ts";
import type { Tree } from "./state.ts";
import { CHILD_COUNT, CHILDREN_LOG, ROOT, type ZnodeId } from "./znode.ts";

/** Names of the children, in ZooKeeper's order. */
export function childNames({ znodes }: Tree, parent: ZnodeId): string[] {
  const count = znodes.int(parent, CHILD_COUNT);
  if (count === 0) return [];
  const nameStart = parent === ROOT ? 1 : znodes.pathOf(parent).length + 1;
  const paths: string[] = [];
  const hashes = new Int32Array(count);
  for (const id of znodes.children(parent)) {
    const path = znodes.pathOf(id);
    hashes[paths.length] = javaHash(path, nameStart);
    paths.push(path);
  }
  const order = iterationOrder(hashes, znodes.int(parent, CHILDREN_LOG));
  return Array.from(order, (at) => (paths[at] as string).slice(nameStart));
}

/** Without the node itself. */
export function descendantCount({ znodes }: Tree, top: ZnodeId): number {
  if (top === ROOT) return znodes.count - 1;
  let count = 0;
  const open = [top];
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    for (const child of znodes.children(id)) {
      count += 1;
      if (znodes.int(child, CHILD_COUNT) > 0) open.push(child);
    }
  }
  return count;
}
