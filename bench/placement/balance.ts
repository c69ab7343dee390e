/** How evenly PGs lie on devices. */
import type { Shares } from "./shares.ts";

export interface Histogram {
  /** Bins of equal width share the loads from 1 - span to 1 + span; those beyond are in the outer ones. */
  readonly span: number;
  readonly counts: readonly number[];
}

export interface Balance {
  /** Root of the mean square of what devices hold more or less than their fair share, in PGs. */
  readonly stddev: number;
  /** Least and greatest load of a device: what it holds, over its fair share. */
  readonly min: number;
  readonly max: number;
  readonly histogram: Histogram;
}

export interface Fair {
  readonly shares: Shares;
  readonly pgCount: number;
  /** Of the histogram. */
  readonly span: number;
}

const BIN_COUNT = 50;

export function balanceOf(
  counts: ReadonlyMap<number, number>,
  { shares, pgCount, span }: Fair,
): Balance {
  const histogram = new Array<number>(BIN_COUNT).fill(0);
  let squares = 0;
  let deviceCount = 0;
  let min = Number.POSITIVE_INFINITY;
  let max = 0;
  for (const [id, share] of shares) {
    // A device that is to hold nothing has no load to speak of.
    if (share === 0) continue;
    const fair = share * pgCount;
    const held = counts.get(id) ?? 0;
    const load = held / fair;
    squares += (held - fair) ** 2;
    deviceCount += 1;
    min = Math.min(min, load);
    max = Math.max(max, load);
    const bin = Math.floor(((load - 1 + span) / (2 * span)) * BIN_COUNT);
    const shown = Math.min(Math.max(bin, 0), BIN_COUNT - 1);
    histogram[shown] = (histogram[shown] ?? 0) + 1;
  }
  return {
    stddev: Math.sqrt(squares / deviceCount),
    min,
    max,
    histogram: { span, counts: histogram },
  };
}

const SPANS = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5] as const;

/** Wide enough for what chance would make, so that all schemes of a report can share the scale. */
export function spanFor({ loadStddev }: { loadStddev: number }): number {
  return SPANS.find((span) => span >= 5 * loadStddev) ?? 1;
}
