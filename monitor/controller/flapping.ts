/**
 * An OSD that goes down again and again makes all PGs on it peer each time, and that hurts more than its absence. After
 * some downs within a period its boots have to wait, twice as long with each further one, until it has once stayed up for
 * the whole period.
 */
import type { OsdId } from "../../cluster/base/ids.ts";
import type { MembershipOptions } from "./membership-options.ts";

/** Between the first down that is flapping and the boot; it doubles with each one after it. */
const PAUSE_MS = 20_000;
const PAUSE_MS_MAX = 600_000;

interface Flap {
  /** Times of the latest downs; no more than decide. */
  readonly downsMs: readonly number[];
  /** 0 while it is not flapping. */
  readonly pauseMs: number;
}

export type Flaps = Map<OsdId, Flap>;

type FlapOptions = Pick<MembershipOptions, "markdownCountMax" | "markdownPeriod">;

const CALM: Flap = { downsMs: [], pauseMs: 0 };

export interface Fall {
  readonly osd: OsdId;
  readonly upForMs: number;
}

export function fell(
  flaps: Flaps,
  { osd, upForMs }: Fall,
  options: FlapOptions,
  nowMs: number,
): void {
  const { markdownCountMax, markdownPeriod } = options;
  const { downsMs, pauseMs } = upForMs >= markdownPeriod ? CALM : (flaps.get(osd) ?? CALM);
  const recent = [...downsMs, nowMs].filter((downMs) => nowMs - downMs < markdownPeriod);
  const isFlapping = pauseMs > 0 || recent.length > markdownCountMax;
  const next = pauseMs === 0 ? PAUSE_MS : 2 * pauseMs;
  flaps.set(osd, {
    downsMs: recent.slice(-markdownCountMax - 1),
    pauseMs: isFlapping ? Math.min(next, PAUSE_MS_MAX) : 0,
  });
}

/** Before that time it must not boot; undefined if it may now. */
export function pauseEnd(flaps: Flaps, osd: OsdId, nowMs: number): number | undefined {
  const { downsMs, pauseMs } = flaps.get(osd) ?? CALM;
  const endMs = (downsMs.at(-1) ?? 0) + pauseMs;
  return pauseMs > 0 && nowMs < endMs ? endMs : undefined;
}
