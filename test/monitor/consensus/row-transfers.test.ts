import { describe, expect, test } from "vitest";
import {
  forgetTransfers,
  isTransferring,
  LOG_HELD_MS,
  logHeldFrom,
  startTransfer,
  transferEnded,
} from "../../../monitor/consensus/row-transfers.ts";
import {
  type ConsensusState,
  createConsensus,
  type Effects,
} from "../../../monitor/consensus/state.ts";

const NOW_MS = 5_000;
const NOTHING_HELD = Number.POSITIVE_INFINITY;

function member(rowsSlot: number): ConsensusState {
  const options = { self: 1, members: [1, 2, 3], life: 7, seed: 1, freshEnsemble: 9 };
  const recovered = {
    identity: undefined,
    promise: undefined,
    entries: [],
    applied: rowsSlot,
  };
  return createConsensus({ ...options, recovered, nowMs: NOW_MS });
}

function started(state: ConsensusState, node: number): Parameters<Effects["push"]> {
  const out: Parameters<Effects["push"]> = [];
  startTransfer(state, node, out);
  return out;
}

function end(state: ConsensusState, node: number, slot: number | undefined): void {
  transferEnded(state, { type: "transferEnded", node, slot }, NOW_MS);
}

describe("rows on their way to a member", () => {
  test("leave when what was written before is durable, once", () => {
    const state = member(40);
    const transfer = { type: "persist", writes: [], then: [{ type: "transfer", node: 2 }] };
    expect(started(state, 2)).toEqual([transfer]);
    expect(started(state, 2)).toEqual([]);
    expect([isTransferring(state, 2), isTransferring(state, 3)]).toEqual([true, false]);
  });

  test("hold the log behind them until a short while after their end", () => {
    const state = member(40);
    expect(logHeldFrom(state)).toBe(NOTHING_HELD);
    started(state, 2);
    state.rowsSlot = 90;
    started(state, 3);
    expect(logHeldFrom(state)).toBe(41);
    forgetTransfers(state, NOW_MS + 10 * LOG_HELD_MS);
    expect(logHeldFrom(state)).toBe(41);
    end(state, 2, 70);
    expect(isTransferring(state, 2)).toBe(false);
    forgetTransfers(state, NOW_MS + LOG_HELD_MS);
    expect(logHeldFrom(state)).toBe(41);
    forgetTransfers(state, NOW_MS + LOG_HELD_MS + 1);
    expect(logHeldFrom(state)).toBe(91);
  });

  test("hold nothing once they have failed, and are sent again as of a later slot", () => {
    const state = member(40);
    started(state, 2);
    end(state, 2, undefined);
    expect(isTransferring(state, 2)).toBe(true);
    forgetTransfers(state, NOW_MS + 499);
    expect(isTransferring(state, 2)).toBe(true);
    forgetTransfers(state, NOW_MS + 500);
    expect([isTransferring(state, 2), logHeldFrom(state)]).toEqual([false, NOTHING_HELD]);
    state.rowsSlot = 60;
    started(state, 2);
    expect(logHeldFrom(state)).toBe(61);
  });

  test("may go a second time while the log is held for the first", () => {
    const state = member(40);
    started(state, 2);
    end(state, 2, 40);
    state.rowsSlot = 60;
    expect(started(state, 2)).toHaveLength(1);
    expect([isTransferring(state, 2), logHeldFrom(state)]).toEqual([true, 61]);
  });
});
