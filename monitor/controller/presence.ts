/**
 * Who holds a session. A registration below /kelp/osd names the process by its nonce: an OSD that the map shows up is
 * present while the process that the map knows is registered, and absent otherwise, whoever else may be.
 *
 * Sessions can vanish because their holders died, and because the coordinator did. If many vanish at once it is the latter
 * until somebody else says otherwise: while an absence of such a burst lasts, none takes anybody down by itself.
 */
import type { OsdId } from "../../cluster/base/ids.ts";

/** Fewer losses than these are no burst, however small the cluster is. */
const BURST_LEAST = 3;
/** What is lost within this time is lost together. */
const BURST_WINDOW_MS = 10_000;
/** A burst is more than this share of the OSDs that were up. */
const BURST_SHARE = 1 / 4;

export interface Absence {
  readonly sinceMs: number;
  readonly isInBurst: boolean;
}

export interface Presence {
  /** Whether the registrations have been read since the election. Before, nothing is known to be missing. */
  isListed: boolean;
  /** The nonce of each registered process. */
  readonly registered: Map<OsdId, number>;
  /** Only of OSDs that are up. */
  readonly absences: Map<OsdId, Absence>;
  /** When OSDs that were up lost their sessions, within the window. */
  readonly losses: Map<OsdId, number>;
}

export function createPresence(): Presence {
  return { isListed: false, registered: new Map(), absences: new Map(), losses: new Map() };
}

/** What the map says of an OSD, as far as presence goes; undefined if it is not up. */
export function notePresence(
  presence: Presence,
  osd: OsdId,
  upNonce: number | undefined,
  nowMs: number,
): void {
  const { isListed, registered, absences, losses } = presence;
  if (!isListed || upNonce === undefined || registered.get(osd) === upNonce) {
    absences.delete(osd);
  } else if (!absences.has(osd)) {
    absences.set(osd, { sinceMs: nowMs, isInBurst: false });
    losses.set(osd, nowMs);
  }
}

export interface BurstOptions {
  readonly upCount: number;
  readonly isUp: (osd: OsdId) => boolean;
}

/** Marks the absences that came together, for as long as they last. */
export function noteBursts(presence: Presence, options: BurstOptions, nowMs: number): void {
  const { absences, losses } = presence;
  let lostAndDown = 0;
  for (const [osd, lostMs] of losses) {
    if (nowMs - lostMs > BURST_WINDOW_MS) losses.delete(osd);
    else if (!options.isUp(osd)) lostAndDown += 1;
  }
  const wereUp = options.upCount + lostAndDown;
  if (losses.size < BURST_LEAST || losses.size <= wereUp * BURST_SHARE) return;
  for (const osd of losses.keys()) {
    const absence = absences.get(osd);
    if (absence !== undefined) absences.set(osd, { ...absence, isInBurst: true });
  }
}

export function burstCount({ absences }: Presence): number {
  let count = 0;
  for (const { isInBurst } of absences.values()) if (isInBurst) count += 1;
  return count;
}
