/** Bugs that are planted on purpose: a rule of whole monitors that is off. Each must be found. */
import type { Rules } from "./member.ts";

export const PLANTS = [
  "accepts-early",
  "forgets-accepted",
  "tells-late",
  "applies-twice",
  "applies-early",
  "ends-sessions-early",
] as const;
export type Plant = (typeof PLANTS)[number];

export const RULES_OF_PLANT: Readonly<Record<Plant, Rules>> = {
  "accepts-early": { acceptDurably: false },
  "forgets-accepted": { proposeAgain: false },
  "tells-late": { watchFirst: false },
  "applies-twice": { applyOnce: false },
  "applies-early": { applyInOrder: false },
  "ends-sessions-early": { newLeaderWaits: false },
};
