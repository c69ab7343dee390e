/**
 * What placement would be if it were perfect: each device holds replicas in proportion to its
 * weight, as far as no failure domain has to hold two replicas of one PG. No scheme knows these
 * figures; all are measured against them.
 */
import type { Device } from "./cluster.ts";

/** By device id, how many replicas of an average PG it holds: the probability that it has one. */
export type Shares = ReadonlyMap<number, number>;

export function fairShares(devices: readonly Device[], replicas: number): Shares {
  const weightOfDomain = new Map<number, number>();
  for (const { domain, weight } of devices) {
    weightOfDomain.set(domain, (weightOfDomain.get(domain) ?? 0) + weight);
  }
  const shareOfDomain = sharesOfDomains(weightOfDomain, replicas);
  return new Map(
    devices.map(({ id, domain, weight }) => {
      const part = weight === 0 ? 0 : weight / (weightOfDomain.get(domain) ?? weight);
      return [id, part * (shareOfDomain.get(domain) ?? 0)];
    }),
  );
}

/**
 * From the heaviest down: a domain that would hold more than one replica of each PG holds exactly
 * one, and the lighter ones share the rest. Once a domain can hold its part, so can all lighter.
 */
function sharesOfDomains(
  weightOfDomain: ReadonlyMap<number, number>,
  replicas: number,
): Map<number, number> {
  const heaviestFirst = [...weightOfDomain].sort(([, left], [, right]) => right - left);
  const shares = new Map<number, number>();
  let replicasLeft = replicas;
  let weightLeft = heaviestFirst.reduce((sum, [, weight]) => sum + weight, 0);
  for (const [domain, weight] of heaviestFirst) {
    if (weight === 0) break;
    const share = Math.min((replicasLeft * weight) / weightLeft, 1);
    shares.set(domain, share);
    replicasLeft -= share;
    weightLeft -= weight;
  }
  return shares;
}

/** Replicas of an average PG: fewer than were asked for, where there are too few domains. */
export function heldReplicas(shares: Shares): number {
  let held = 0;
  for (const share of shares.values()) held += share;
  return held;
}

/**
 * The part of all replicas that has to move however cleverly it is done: what some devices must
 * gain, others lose, and each replica that moves is one gained.
 */
export function leastMovement(before: Shares, after: Shares): number {
  const held = heldReplicas(before);
  let gained = 0;
  for (const [id, share] of after) gained += Math.max(0, share - (before.get(id) ?? 0));
  return held === 0 ? 0 : gained / held;
}
