import fc from "fast-check";
import { expect, test } from "vitest";
import type { MultiOp } from "../../../cluster/zookeeper/multi-records.ts";
import { takeDirtyRows } from "../../../monitor/tree/rows.ts";
import { digestOf } from "../../../monitor/tree/tree.ts";
import { contentOf } from "./content.ts";
import { multiOps } from "./random-ops.ts";
import { World } from "./world.ts";

test("whatever a multi did before it failed, nothing of it is left", () => {
  const ops = fc.array(multiOps, { maxLength: 8 });
  fc.assert(
    fc.property(fc.array(ops, { maxLength: 6 }), ops, (before, failing) => {
      const [world, twin] = [new World(), new World()];
      const fail: MultiOp = { type: "check", path: "/no/such/node", version: -1 };
      for (const each of [world, twin]) {
        const client = each.connect();
        for (const parts of before) each.write(client, "multi", parts);
        each.write(client, "multi", each === world ? [...failing, fail] : [fail]);
        each.write(client, "multi", before[0] ?? []);
      }
      expect(contentOf(world.tree)).toEqual(contentOf(twin.tree));
      expect(digestOf(world.tree)).toBe(digestOf(twin.tree));
      expect(sortedRows(world)).toEqual(sortedRows(twin));
      expect(world.tree.dataSize).toBe(twin.tree.dataSize);
      expect(world.tree.ephemeralCount).toBe(twin.tree.ephemeralCount);
      expect(world.tree.acls.count).toBe(twin.tree.acls.count);
    }),
    { numRuns: 300 },
  );
});

function sortedRows(world: World): string[] {
  const puts = takeDirtyRows(world.tree, 1).filter(({ type }) => type === "put");
  return puts.map((write) => JSON.stringify(write)).sort();
}
