/**
 * A member dies at each of its durability points, from the forming of the ensemble to the last of some writes: while the
 * batch is under way, and right after it is durable and before anybody is told. Nothing that was acknowledged is lost.
 */
import { describe, expect, test } from "vitest";
import { utf8 } from "../../../cluster/base/bytes.ts";
import { isClusterError } from "../../../cluster/base/error.ts";
import type { ZooKeeperClient } from "../../../cluster/zookeeper/client.ts";
import { type CrashPoint, Stage } from "./stage.ts";

const MEMBERS = 3;
const WRITES = 6;
const SETTLE_MS = 2_000;

/** Writes in a row, each in a batch of its own, and each tried again until it is there. */
async function write(stage: Stage, client: ZooKeeperClient): Promise<string[]> {
  const acknowledged: string[] = [];
  for (let number = 1; number <= WRITES; number++) {
    const path = `/w${number}`;
    while (!acknowledged.includes(path)) {
      try {
        await stage.settled(client.create(path, utf8(`<${number}>`)), 10_000);
        acknowledged.push(path);
      } catch (error) {
        if (isClusterError(error)) continue;
        acknowledged.push(path); // It was done when the connection got lost.
      }
    }
  }
  return acknowledged;
}

async function outcomeOf(crash?: CrashPoint): Promise<{ stage: Stage; lost: string[] }> {
  const stage = await Stage.formed(MEMBERS, crash === undefined ? {} : { crash });
  const { client } = await stage.client("client.1", stage.nodes, 6_000);
  const acknowledged = await write(stage, client);
  await stage.run(SETTLE_MS);
  await stage.until(() => stage.allServe());
  await stage.run(SETTLE_MS);
  const lost = stage.nodes.flatMap((node) => {
    const { znodes } = stage.member(node).state.machine.tree;
    return acknowledged.filter((path) => znodes.find(path) === undefined);
  });
  return { stage, lost };
}

describe("a member that dies at a durability point", () => {
  test.each(["under way", "durable"] as const)(
    "when a batch is %s",
    { timeout: 120_000 },
    async (when) => {
      const undisturbed = await outcomeOf();
      for (const node of undisturbed.stage.nodes) {
        const last = undisturbed.stage.durableBatches(node);
        expect(last).toBeGreaterThan(2 * WRITES);
        for (let batch = 1; batch <= last; batch++) {
          const { stage, lost } = await outcomeOf({ node, batch, when });
          const digests = stage.nodes.map((each) => stage.member(each).state.machine.digest());
          expect({ node, batch, lost, broken: stage.violations }).toEqual({
            node,
            batch,
            lost: [],
            broken: [],
          });
          expect([new Set(digests).size, stage.crashCount]).toEqual([1, 1]);
        }
      }
    },
  );
});
