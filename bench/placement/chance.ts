/**
 * What balance would be if every PG threw dice for its devices, each with the probability of its
 * fair share: the counts are binomial then. It is the ideal of every scheme that decides for one PG
 * without knowing the others.
 */
import type { Shares } from "./shares.ts";

export interface Chance {
  /** What devices hold that are to hold anything, in PGs. */
  readonly mean: number;
  /** Root of the mean variance of the devices' counts, in PGs. */
  readonly stddev: number;
  /** The same of loads, which are counts over fair shares. */
  readonly loadStddev: number;
  /** The lightest and the heaviest load: half of all throws have a more extreme one. */
  readonly min: number;
  readonly max: number;
}

export function chanceOf(shares: Shares, pgCount: number): Chance {
  // A device that is to hold nothing has no load to speak of.
  const held = [...shares.values()].filter((share) => share > 0);
  const variances = held.map((share) => share * pgCount * (1 - share));
  const loadVariances = held.map((share) => (1 - share) / (share * pgCount));
  return {
    mean: mean(held) * pgCount,
    stddev: Math.sqrt(mean(variances)),
    loadStddev: Math.sqrt(mean(loadVariances)),
    min: 1 - medianOfFarthest(held, pgCount, "below"),
    max: 1 + medianOfFarthest(held, pgCount, "above"),
  };
}

/** How far from 1 the most extreme load on one side is, in one of two throws. */
function medianOfFarthest(
  shares: readonly number[],
  pgCount: number,
  side: "above" | "below",
): number {
  // Devices have few different weights, so there are few different shares.
  const counts = new Map<number, number>();
  for (const share of shares) if (share < 1) counts.set(share, (counts.get(share) ?? 0) + 1);
  if (counts.size === 0) return 0;
  let low = 0;
  let high = side === "below" ? 1 : Math.max(...[...counts.keys()].map((share) => 1 / share - 1));
  for (let step = 0; step < BISECTION_COUNT; step++) {
    const middle = (low + high) / 2;
    let allNearer = 1;
    for (const [share, count] of counts) {
      allNearer *= (1 - tail(share, pgCount, side === "below" ? -middle : middle)) ** count;
    }
    if (allNearer < 0.5) low = middle;
    else high = middle;
  }
  return high;
}

const BISECTION_COUNT = 60;

/**
 * The probability that a load is farther from 1 than this: a normal one, with the first correction
 * of Cornish and Fisher for the skew of a binomial distribution, which matters where a device has
 * few PGs. There `z + skew * (z^2 - 1)` deviations is where a normal draw would be at `z`.
 */
function tail(share: number, pgCount: number, distance: number): number {
  const deviation = Math.sqrt(share * pgCount * (1 - share));
  const skew = (Math.sign(distance) * (1 - 2 * share)) / (6 * deviation);
  const reached = (Math.abs(distance) * share * pgCount) / deviation;
  if (Math.abs(skew) < SKEW_MIN) return upperTail(reached);
  const root = 1 + 4 * skew * (skew + reached);
  return root < 0 ? 0 : upperTail(Math.max(0, (Math.sqrt(root) - 1) / (2 * skew)));
}

/** Less of it changes no digit that is shown, and would be divided by. */
const SKEW_MIN = 1e-6;

/**
 * The probability of a normal draw above `z`, which is not negative: formula 26.2.17 of Abramowitz
 * and Stegun's handbook, off by less than 1e-7.
 */
function upperTail(z: number): number {
  const t = 1 / (1 + 0.2316419 * z);
  const sum =
    t *
    (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
  return (Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI)) * sum;
}

function mean(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;
}
