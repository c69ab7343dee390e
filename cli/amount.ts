/** Amounts for people: how many, how much, for how long. With as many digits as somebody looks at. */

const BYTE_UNITS = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
const BYTE_STEP = 1024;
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** "512 B", "1.5 GiB", "15 GiB". */
export function formatBytes(bytes: number): string {
  let unit = 0;
  let value = bytes;
  // What would be shown as 1024 of a unit is 1 of the next.
  while (Math.round(value) >= BYTE_STEP && unit < BYTE_UNITS.length - 1) {
    value /= BYTE_STEP;
    unit += 1;
  }
  return `${threeDigits(value, unit === 0)} ${BYTE_UNITS[unit]}`;
}

/** "1,234,567". */
export function formatCount(count: number): string {
  const digits = Math.abs(count) < 10 && !Number.isInteger(count) ? 1 : 0;
  const [whole = "", fraction] = count.toFixed(digits).split(".");
  const grouped = whole.replaceAll(/\B(?=(\d{3})+$)/g, ",");
  return fraction === undefined ? grouped : `${grouped}.${fraction}`;
}

/** Of a share from 0 to 1: "12.3%". What is more than nothing is never shown as nothing. */
export function formatShare(share: number): string {
  if (share > 0 && share < 0.0005) return "<0.1%";
  return `${(share * 100).toFixed(share >= 0.9995 ? 0 : 1)}%`;
}

/** The two largest units: "45s", "2m 5s", "3h 20m", "12d 4h". */
export function formatDuration(durationMs: number): string {
  if (durationMs < 1_000) return `${Math.round(durationMs)}ms`;
  if (durationMs < MINUTE_MS) return `${Math.floor(durationMs / 1_000)}s`;
  if (durationMs < HOUR_MS) return pair(durationMs, [MINUTE_MS, "m"], [1_000, "s"]);
  if (durationMs < DAY_MS) return pair(durationMs, [HOUR_MS, "h"], [MINUTE_MS, "m"]);
  return pair(durationMs, [DAY_MS, "d"], [HOUR_MS, "h"]);
}

/** In UTC, to the second: "2026-11-25 15:49:09". */
export function formatTime(wallMs: number): string {
  const date = new Date(wallMs);
  return Number.isNaN(date.getTime()) ? "?" : date.toISOString().slice(0, 19).replace("T", " ");
}

/** "1 OSD", "2 OSDs". */
export function formatNumberOf(count: number, noun: string, plural = `${noun}s`): string {
  return `${formatCount(count)} ${count === 1 ? noun : plural}`;
}

type Unit = readonly [unitMs: number, name: string];

function pair(durationMs: number, [largeMs, large]: Unit, [smallMs, small]: Unit): string {
  const rest = Math.floor((durationMs % largeMs) / smallMs);
  const whole = `${Math.floor(durationMs / largeMs)}${large}`;
  return rest === 0 ? whole : `${whole} ${rest}${small}`;
}

function threeDigits(value: number, isWhole: boolean): string {
  if (isWhole) return String(Math.round(value));
  return value < 9.95 ? value.toFixed(1) : String(Math.round(value));
}
