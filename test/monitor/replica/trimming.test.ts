import { describe, expect, test } from "vitest";
import { Log } from "../../../monitor/consensus/log.ts";
import {
  LOG_BYTES_KEPT,
  LOG_HELD,
  TRIMMED_SLOTS_MAX,
  trimPoint,
} from "../../../monitor/replica/trimming.ts";

const MIB = 1 << 20;
const NOTHING_HELD = Number.POSITIVE_INFINITY;

function logOf(first: number, count: number, bytes: number): Log {
  const log = new Log(first);
  const value = new Uint8Array(bytes);
  for (let slot = first; slot < first + count; slot++) log.put(slot, { round: 1, value });
  return log;
}

describe("the log behind the rows goes up to", () => {
  //                                 first count  bytes       applied slots  held from     point
  test.each<[string, number, number, number, number, number, number, number]>([
    ["nothing if it is short", /*      */ 1, 10, 100, 10, 20, NOTHING_HELD, 0],
    ["what leaves so many slots", /*   */ 1, 30, 100, 30, 20, NOTHING_HELD, 10],
    ["the rows at most", /*            */ 1, 30, 100, 5, 20, NOTHING_HELD, 5],
    ["what leaves so many bytes", /*   */ 5, 20, MIB, 24, 2_000, NOTHING_HELD, 8],
    ["the rows, however many bytes", /**/ 5, 20, MIB, 6, 2_000, NOTHING_HELD, 6],
    ["all if each is too large", /*    */ 1, 3, 17 * MIB, 3, 2_000, NOTHING_HELD, 3],
    ["what a transfer holds", /*       */ 1, 30, MIB, 30, 5, 8, 7],
    ["nothing if all is held", /*      */ 4, 30, MIB, 30, 5, 4, 3],
    ["what leaves what may be held", /**/ 1, 70, MIB, 70, 5, 1, 6],
  ])("%s", (_what, first, count, bytes, applied, slotsKept, heldFrom, point) => {
    const log = logOf(first, count, bytes);
    expect(trimPoint(log, { applied, slotsKept, heldFrom })).toBe(point);
  });

  test("so many slots at a time", () => {
    const log = logOf(11, TRIMMED_SLOTS_MAX + 100, 0);
    const options = { applied: log.last, slotsKept: 0, heldFrom: NOTHING_HELD };
    expect(trimPoint(log, options)).toBe(10 + TRIMMED_SLOTS_MAX);
  });

  test("a bound for what is held, also in slots", () => {
    const log = logOf(1, LOG_HELD.slots + 50, 0);
    expect(trimPoint(log, { applied: log.last, slotsKept: 10, heldFrom: 1 })).toBe(50);
    expect(LOG_HELD.bytes).toBeGreaterThan(LOG_BYTES_KEPT);
  });
});
