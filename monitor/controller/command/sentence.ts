/** Parts of the sentences that commands answer with. */
import type { OsdId } from "../../../cluster/base/ids.ts";
import { type Refusal, refused } from "../edit.ts";

/** A cluster may have thousands of what is listed. */
const LISTED_MAX = 10;

/** What an operator adds to a command that cannot be undone. */
export const CONFIRMATION = "--yes-i-really-mean-it";

/** "a, b and 3 more". */
export function listed(names: readonly string[]): string {
  if (names.length <= LISTED_MAX) return names.join(", ");
  return `${names.slice(0, LISTED_MAX).join(", ")} and ${names.length - LISTED_MAX} more`;
}

/** What there is instead: "; pools: rbd, data". */
export function instead(kind: string, names: readonly string[]): string {
  return names.length === 0 ? `; there are no ${kind}` : `; ${kind}: ${listed(names)}`;
}

export function osdNames(osds: readonly OsdId[]): string {
  return listed(osds.map((osd) => `osd.${osd}`));
}

/** The verb to as many of something. */
export function are(count: number): string {
  return count === 1 ? "is" : "are";
}

export function unconfirmed(warning: string): Refusal {
  return refused("UNCONFIRMED", `${warning}; add ${CONFIRMATION} if that is meant`);
}

export function isRefusal(value: object): value is Refusal {
  return "type" in value && value.type === "refused";
}
