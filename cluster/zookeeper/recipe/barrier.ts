/**
 * A double barrier: nobody goes on before so many have come, and nobody leaves before all want to.
 * A member whose session is over counts as gone. All who wait watch the same, so a change wakes them
 * all: for some dozens, not thousands.
 *
 * Who finds that enough have come makes a sequential node, which opens the barrier for all who came
 * before it. One that is left over from an earlier round is older than all who come now, and opens
 * nothing.
 */
import { assert } from "../../base/assert.ts";
import { EMPTY_BYTES } from "../../base/bytes.ts";
import type { ZooKeeperClient } from "../client.ts";
import { childPath } from "../path.ts";
import { ensurePath } from "./ensure-path.ts";
import { disown } from "./own-node.ts";
import { persistently, unless } from "./retry.ts";
import { Signal } from "./signal.ts";

const READY = "ready-";
const isReady = (name: string): boolean => name.startsWith(READY);

export interface BarrierOptions {
  readonly client: ZooKeeperClient;
  readonly path: string;
  /** Of this member alone. */
  readonly name: string;
  /** How many must have come. */
  readonly size: number;
}

/** Settles when enough have come. */
export async function enterBarrier(options: BarrierOptions): Promise<void> {
  const { client, path, name } = options;
  assert(!isReady(name), `a member is not called ${READY}...`);
  await persistently(client, () => ensurePath(client, path));
  for (;;) {
    const changed = new Signal();
    if (await persistently(client, () => isOpen(options, changed))) return;
    await changed.raised;
  }
}

async function isOpen(
  { client, path, name, size }: BarrierOptions,
  changed: Signal,
): Promise<boolean> {
  const own = childPath(path, name);
  await unless("NODEEXISTS", client.create(own, EMPTY_BYTES, { mode: "EPHEMERAL" }));
  const stat = await client.exists(own, { watch: changed.raise });
  if (stat?.ephemeralOwner !== client.sessionId) {
    // Of an earlier session of this member, or gone again: the next look is another attempt.
    await unless("NONODE", client.delete(own));
    changed.raise();
    return false;
  }
  const { children } = await client.getChildren(path, { watch: changed.raise });
  for (const ready of children.filter(isReady)) {
    const made = await client.exists(childPath(path, ready));
    if (made !== undefined && made.czxid > stat.czxid) return true;
  }
  if (children.filter((child) => !isReady(child)).length < size) return false;
  await client.create(childPath(path, READY), EMPTY_BYTES, { mode: "PERSISTENT_SEQUENTIAL" });
  return true;
}

/** Settles when all have left. */
export async function leaveBarrier({
  client,
  path,
  name,
}: Omit<BarrierOptions, "size">): Promise<void> {
  await disown(client, childPath(path, name));
  for (;;) {
    const changed = new Signal();
    const left = await persistently(client, async () => {
      const { children } = await client.getChildren(path, { watch: changed.raise });
      return children;
    });
    if (left.every(isReady)) {
      for (const ready of left) await disown(client, childPath(path, ready));
      return;
    }
    await changed.raised;
  }
}
