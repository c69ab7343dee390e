/** Figures as people read them: three digits, because the next one is noise. */

const THREE_DIGITS = new Intl.NumberFormat("en", {
  minimumSignificantDigits: 3,
  maximumSignificantDigits: 3,
});
const WHOLE_NUMBER = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });

/** 435,912 -> "436,000"; 2.5471 -> "2.55"; 0 -> "0". */
export function figure(value: number): string {
  return value === 0 ? "0" : THREE_DIGITS.format(value);
}

export function count(value: number): string {
  return WHOLE_NUMBER.format(value);
}

/** 67 -> "67.0 ms"; 2871 -> "2.87 s". */
export function duration(ms: number): string {
  return ms < 1000 ? `${figure(ms)} ms` : `${figure(ms / 1000)} s`;
}

const PERCENT_MIN = 0.001;

/** 0.0999 -> "9.99 %"; 1.26 -> "126 %". */
export function percent(part: number): string {
  const value = part * 100;
  return value > 0 && value < PERCENT_MIN ? `<${PERCENT_MIN} %` : `${figure(value)} %`;
}

/** More than this is no better and no worse, and would make a column wide. */
const EXCESS_MAX = 999;

/** What moved over what had to: "–" if the scheme cannot say, "∞" if nothing had to. */
export function excess(moved: number | undefined, least: number): string {
  if (moved === undefined) return "–";
  if (least === 0 && moved > 0) return "∞";
  const ratio = least === 0 ? 1 : moved / least;
  if (ratio > EXCESS_MAX) return `>${EXCESS_MAX}`;
  // From here on two decimals would be a fourth digit.
  return ratio < 9.995 ? ratio.toFixed(2) : figure(ratio);
}
