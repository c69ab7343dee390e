/**
 * A change of the map before it is published: a function of the map as it would be so far (the draft) gives another draft,
 * of the same epoch, or says why not. Nothing else changes the map, so each change can be previewed, tested and undone
 * without a cluster.
 */
import type { OsdMap } from "../../cluster/map/osd-map.ts";

export interface Edit {
  readonly type: "edit";
  /** The draft itself if all is as it was asked for already. */
  readonly map: OsdMap;
  /** What was done, for the history: "mark osd.3 out". */
  readonly what: string;
}

/** What a person asked for cannot be done; nothing is changed. */
export const REFUSALS = {
  NOT_FOUND: "what it names does not exist; look at the listing",
  EXISTS: "there is one already; choose another name or use that one",
  INVALID: "an argument is not possible; correct it where the message says",
  IN_USE: "something else needs it; the message says what, take that away first",
  UNSAFE: "data would be lost or unavailable; the message says what to wait for",
  UNCONFIRMED: "it cannot be undone, so it has to be confirmed as the message says",
  FORBIDDEN: "a flag or setting forbids it; the message says which",
  MISMATCH: "the one that asks is not the one that the map knows",
  LATER: "it cannot be done now; try again a little later",
} as const;
export type RefusalCode = keyof typeof REFUSALS;

export interface Refusal {
  readonly type: "refused";
  readonly code: RefusalCode;
  /** A sentence: what, where, and what to do. */
  readonly message: string;
}

export type EditResult = Edit | Refusal;

export function edit(map: OsdMap, what: string): Edit {
  return { type: "edit", map, what };
}

export function refused(code: RefusalCode, message: string): Refusal {
  return { type: "refused", code, message };
}
