/**
 * How long an OSD may be silent before that counts. One that was marked down and was alive all the time gets twice as
 * long the next time, up to a limit: it is busy, not dead. What was added goes away again, evenly, so that an OSD which had
 * one bad day is not slow to be found dead for ever. (Ceph estimates probability and length of such times; doubling is
 * coarser and reaches the limit after two mistakes.)
 */
import type { OsdId } from "../../cluster/base/ids.ts";
import type { MembershipOptions } from "./membership-options.ts";

/** In this time a lengthened grace gets shorter by one usual grace. */
const DECAY_MS = 3_600_000;

/** What is added to the usual grace, at the time when it was. */
interface Extra {
  readonly extraMs: number;
  readonly atMs: number;
}

export type Graces = Map<OsdId, Extra>;

type GraceOptions = Pick<MembershipOptions, "heartbeatGrace" | "heartbeatGraceMax">;

export function graceOf(graces: Graces, osd: OsdId, options: GraceOptions, nowMs: number): number {
  const { heartbeatGrace, heartbeatGraceMax } = options;
  const { extraMs, atMs } = graces.get(osd) ?? { extraMs: 0, atMs: nowMs };
  const gone = ((nowMs - atMs) / DECAY_MS) * heartbeatGrace;
  // A setting may have been changed to less than what was added.
  const longer = heartbeatGrace + Math.max(0, extraMs - gone);
  return Math.max(heartbeatGrace, Math.min(longer, heartbeatGraceMax));
}

export function lengthenGrace(
  graces: Graces,
  osd: OsdId,
  options: GraceOptions,
  nowMs: number,
): void {
  const { heartbeatGrace, heartbeatGraceMax } = options;
  const longer = Math.min(2 * graceOf(graces, osd, options, nowMs), heartbeatGraceMax);
  graces.set(osd, { extraMs: Math.max(0, longer - heartbeatGrace), atMs: nowMs });
}
