import { describe, expect, test } from "vitest";
import { utf8 } from "../../../cluster/base/bytes.ts";
import { MemoryStore } from "../../../cluster/kv/memory-store.ts";
import type { Write } from "../../../cluster/kv/store.ts";
import { entryWrite, identityWrite, promiseWrite } from "../../../monitor/consensus/keys.ts";
import { recoverReplica } from "../../../monitor/replica/recover.ts";
import { generationWrite, rowWrite } from "../../../monitor/replica/rows.ts";
import { Ledger } from "../../sim/consensus/ledger.ts";

function newLedger(): Ledger {
  return new Ledger({ prefixOrder: true }, { applied: () => {}, skipped: () => {} });
}

/** A ledger's rows as of a slot, in a generation. */
function rows(generation: number, slot: number, count: number): Write[] {
  const ledger = newLedger();
  const entries = Array.from({ length: count }, (_, index) => ({ session: 1, request: index + 1 }));
  ledger.apply(1, ledger.encode({ epoch: 1, index: 0, wallMs: 0 }, entries));
  return ledger.takeRows(slot).map((write) => rowWrite(generation, write));
}

function entry(slot: number): Write {
  return entryWrite(slot, { round: 1, value: utf8(`${slot}`) });
}

async function recover(...writes: Write[]) {
  const store = new MemoryStore();
  await store.batch(writes);
  const ledger = newLedger();
  return { ledger, found: await recoverReplica(store, ledger) };
}

describe("a start", () => {
  test("finds nothing on an empty disk", async () => {
    const { ledger, found } = await recover();
    expect(found).toEqual({
      consensus: { identity: undefined, promise: undefined, entries: [], applied: 0 },
      generation: 0,
      nextGeneration: 1,
      staleGenerations: [],
    });
    expect(ledger.entries).toEqual([]);
  });

  test("finds who the member is, what it promised and accepted, and its rows", async () => {
    const identity = { ensemble: 4, node: 2, standing: "acceptor" } as const;
    const { ledger, found } = await recover(
      identityWrite(identity),
      promiseWrite({ round: 6, node: 3 }),
      ...[255, 256, 257].map(entry),
      ...rows(0, 255, 2),
    );
    expect(found.consensus).toMatchObject({
      identity,
      promise: { round: 6, node: 3 },
      applied: 255,
    });
    expect(found.consensus.entries.map(({ slot }) => slot)).toEqual([255, 256, 257]);
    expect(ledger.entries).toHaveLength(2);
  });

  test("reads the generation that counts, and names the others", async () => {
    const { ledger, found } = await recover(
      generationWrite(3),
      ...rows(1, 9, 1),
      ...rows(3, 5, 4),
      ...rows(7, 8, 2),
    );
    expect(ledger.entries).toHaveLength(4);
    expect(found).toMatchObject({ generation: 3, nextGeneration: 8, staleGenerations: [1, 7] });
    expect(found.consensus.applied).toBe(5);
  });

  test("takes none of a transfer that did not end", async () => {
    const { ledger, found } = await recover(...rows(1, 9, 3));
    expect(ledger.entries).toEqual([]);
    expect(found.consensus.applied).toBe(0);
    expect(found.staleGenerations).toEqual([1]);
  });

  test("refuses a log with a hole, and says what to do", async () => {
    await expect(recover(entry(1), entry(2), entry(4))).rejects.toMatchObject({
      code: "STORE_CORRUPT",
      message: expect.stringContaining("slot 4 after 2"),
    });
    await expect(recover(entry(1), entry(3))).rejects.toThrow("kelp monitor rejoin");
  });
});
