/**
 * A member with an empty disk joins while others write so much that the log of one moment is gone the next. What is
 * chosen while its rows are on their way has to be there when it asks for it, or it would be sent rows for ever.
 */
import { expect, test } from "vitest";
import { isClusterError } from "../../../cluster/base/error.ts";
import type { ZooKeeperClient } from "../../../cluster/zookeeper/client.ts";
import { Stage } from "./stage.ts";

const NODES = 60;
const NODE_BYTES = 100_000;
const WRITERS = 4;
const LOG_SLOTS_KEPT = 2;

/** Until the stage says so; each write is a batch, more or less. */
async function write(client: ZooKeeperClient, path: string, isOver: () => boolean): Promise<void> {
  for (let number = 1; !isOver(); number++) {
    try {
      await client.setData(path, new Uint8Array(number % 100));
    } catch (error) {
      if (!isClusterError(error)) throw error;
    }
  }
}

test("a member with an empty disk joins under writes with one transfer", async () => {
  const stage = await Stage.formed(3, { logSlotsKept: LOG_SLOTS_KEPT });
  const [leader = 0, follower = 0, emptied = 0] = stage.byRole();
  const { client } = await stage.client("client.1", [leader, follower], 6_000);
  for (let number = 0; number < NODES; number++) {
    await stage.settled(client.create(`/n${number}`, new Uint8Array(NODE_BYTES)));
  }
  const former = stage.member(emptied);
  const process = stage.process(emptied);
  process.crash("reset");
  process.disk.wipe();

  let isOver = false;
  const writing = Array.from({ length: WRITERS }, (_, number) =>
    write(client, `/n${number}`, () => isOver),
  );
  process.start();
  const consensusOf = (node: number) => stage.member(node).state.replica.consensus;
  const slotBefore = consensusOf(leader).commit;
  await stage.until(() => stage.allServe() && stage.member(emptied) !== former);
  const { replica } = stage.member(emptied).state;
  expect(replica.consensus.standing).toBe("acceptor");
  // It had no rows, so its first transfer wrote generation 1; the next would be of 2.
  expect(replica.nextGeneration).toBe(2);
  const { log } = consensusOf(leader);
  expect(log.last - slotBefore).toBeGreaterThan(20 * LOG_SLOTS_KEPT);
  isOver = true;
  await stage.settled(Promise.all(writing));
  await stage.until(() => replica.applied === stage.member(leader).state.replica.applied);
  expect(stage.violations).toEqual([]);
  expect(stage.exits).toEqual([]);
});
