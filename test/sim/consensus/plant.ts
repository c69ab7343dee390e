/**
 * Bugs that are planted on purpose: a rule that is off. Each must be found.
 *
 * The prefix order (M2) is not among them. What breaks it is a batch that survives three leaders, of which the second
 * has overwritten the batch before it on the very member that the third learns of it from; a thousand seeds have no such
 * run. test/sim/monitor-rules.test.ts makes it happen.
 */
import type { Rules } from "./member.ts";

export const PLANTS = ["accepts-early", "forgets-accepted", "leads-rounds-twice"] as const;
/** For an ensemble that loses disks. */
export const DISK_PLANTS = ["trusts-empty-disks"] as const;
export type Plant = "none" | (typeof PLANTS)[number] | (typeof DISK_PLANTS)[number];

const RULES: Readonly<Record<Plant, Rules>> = {
  none: {},
  "accepts-early": { acceptDurably: false },
  "forgets-accepted": { proposeAgain: false },
  "leads-rounds-twice": { oneLeaderPerRound: false },
  "trusts-empty-disks": { rejoin: false },
};

export function rulesOf(plant: Plant): Rules {
  return RULES[plant];
}

export function nameOfPlant(scenario: string, plant: Plant): string {
  return plant === "none" ? scenario : `${scenario}-${plant}`;
}
