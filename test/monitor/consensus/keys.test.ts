import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compareBytes, toHex, utf8 } from "../../../cluster/base/bytes.ts";
import type { Write } from "../../../cluster/kv/store.ts";
import {
  entryDelete,
  entryWrite,
  IDENTITY_KEY,
  identityWrite,
  LOG_KEYS,
  PROMISE_KEY,
  promiseWrite,
  readEntry,
  readIdentity,
  readPromise,
} from "../../../monitor/consensus/keys.ts";
import { GENERATION_KEY } from "../../../monitor/replica/rows.ts";

const slots = fc.maxSafeNat();

function hexOf(write: Write): string[] {
  return write.type === "put" ? [toHex(write.key), toHex(write.value)] : [toHex(write.key)];
}

describe("the rows of the consensus", () => {
  test.each([
    {
      what: "who a member is",
      write: identityWrite({ ensemble: 0x0102, node: 3, standing: "acceptor" }),
      hex: ["6369", "0102010000000000000300000002"],
    },
    {
      what: "what it promised",
      write: promiseWrite({ round: 0x0304, node: 5 }),
      hex: ["6370", "01040300000000000005000000"],
    },
    {
      what: "what it accepted",
      write: entryWrite(0x0506, { round: 7, value: utf8("ab") }),
      hex: ["636c0000000000000506", "00000000000000076162"],
    },
    { what: "what it no longer has", write: entryDelete(1), hex: ["636c0000000000000001"] },
  ])("hold $what, byte by byte", ({ write, hex }) => {
    expect(hexOf(write)).toEqual(hex);
  });

  test("are told apart by their keys", () => {
    const keys = [IDENTITY_KEY, PROMISE_KEY, GENERATION_KEY].map(toHex);
    expect(new Set(keys).size).toBe(3);
    for (const key of [IDENTITY_KEY, PROMISE_KEY, GENERATION_KEY]) {
      const isInLog = compareBytes(key, LOG_KEYS.gte) >= 0 && compareBytes(key, LOG_KEYS.lt) < 0;
      expect(isInLog).toBe(false);
    }
  });

  test("say the same when they are read", () => {
    const identity = { ensemble: 9, node: 255, standing: "rejoining" } as const;
    const stored = identityWrite(identity);
    const promised = promiseWrite({ round: 8, node: 2 });
    if (stored.type !== "put" || promised.type !== "put") throw new Error("both are puts");
    expect(readIdentity(stored.value)).toEqual(identity);
    expect(readPromise(promised.value)).toEqual({ round: 8, node: 2 });
  });

  test("of entries come back as they were, and lie in the log's range", () => {
    fc.assert(
      fc.property(slots, slots, fc.uint8Array(), (slot, round, value) => {
        const write = entryWrite(slot, { round, value });
        if (write.type !== "put") throw new Error("an entry is put");
        const found = readEntry(write.key, write.value);
        expect(found.slot).toBe(slot);
        expect(found.entry.round).toBe(round);
        expect(toHex(found.entry.value)).toBe(toHex(value));
        expect(compareBytes(write.key, LOG_KEYS.gte)).toBeGreaterThan(0);
        expect(compareBytes(write.key, LOG_KEYS.lt)).toBeLessThan(0);
      }),
    );
  });

  test("of entries are in the order of their slots", () => {
    fc.assert(
      fc.property(slots, slots, (left, right) => {
        const order = compareBytes(entryDelete(left).key, entryDelete(right).key);
        expect(Math.sign(order)).toBe(Math.sign(left - right));
      }),
    );
  });
});
