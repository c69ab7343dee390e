/**
 * How much of the log stays behind the rows. Members that are a little late are sent what they miss, others all rows;
 * so what is kept is a trade of memory and disk against transfers. A transfer under way holds more: without what was
 * chosen meanwhile its receiver would have to be sent all rows again, and under steady writes again and again.
 */
import type { Log } from "../consensus/log.ts";

interface Kept {
  readonly slots: number;
  readonly bytes: number;
}

export const LOG_SLOTS_KEPT = 2_000;
export const LOG_BYTES_KEPT = 16 << 20;
/** A transfer that takes longer than it takes to write this is overtaken, and begins anew. */
export const LOG_HELD: Kept = { slots: 100_000, bytes: 64 << 20 };
/** In one checkpoint; more than comes between two. What a transfer had held goes in several. */
export const TRIMMED_SLOTS_MAX = 8_192;

/** Up to which slot the log can go, given that the rows are of `applied`. Below its first if nothing can. */
export function trimPoint(
  log: Log,
  options: {
    readonly applied: number;
    readonly slotsKept: number;
    /** Of transfers; infinite if there are none. */
    readonly heldFrom: number;
  },
): number {
  const { applied, slotsKept, heldFrom } = options;
  const kept = { slots: slotsKept, bytes: LOG_BYTES_KEPT };
  const most = Math.min(applied, log.first - 1 + TRIMMED_SLOTS_MAX);
  const usual = pointToFit(log, kept, Math.min(most, heldFrom - 1));
  return Math.max(usual, pointToFit(log, LOG_HELD, most));
}

/** The first slot behind which no more than that is left, or `most`. */
function pointToFit(log: Log, { slots, bytes }: Kept, most: number): number {
  let point = log.first - 1;
  let left = log.bytes;
  while (point < most && (log.last - point > slots || left > bytes)) {
    point += 1;
    left -= log.entry(point)?.value.byteLength ?? 0;
  }
  return point;
}
