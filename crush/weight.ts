/**
 * Weights between their written form and 16.16 fixed point. Both ways go through 32-bit floats, as
 * in the original: a weight must come out of a text as the same 32 bits everywhere, because every
 * bit moves data.
 */
import { CrushError } from "./error.ts";

export const WEIGHT_ONE = 0x10000;
export const DEVICE_WEIGHT_MAX = 100 * WEIGHT_ONE;
export const BUCKET_WEIGHT_MAX = 65535 * WEIGHT_ONE;
const WEIGHT_END = 2 ** 32;

/**
 * The text must be a decimal number. Throws CrushError where a device or bucket cannot weigh that.
 */
export function parseWeight(text: string, kind: "device" | "bucket"): number {
  if (text.startsWith("-")) throw new CrushError("WEIGHT", `weight ${text} is negative`);
  const scaled = Math.trunc(nearestFloat(text) * WEIGHT_ONE);
  // The original computes in 32 bits, so that 65536.0 is 0 to it, and maps may rely on that.
  const weight = scaled === WEIGHT_END ? 0 : scaled;
  const limit = kind === "device" ? DEVICE_WEIGHT_MAX : BUCKET_WEIGHT_MAX;
  if (weight > limit) {
    const name = `${limit / WEIGHT_ONE}`;
    throw new CrushError("WEIGHT", `weight ${text} is above ${name}, the most of a ${kind}`);
  }
  return weight;
}

/** With three digits and ties to even, read as signed: `%.3f` of a float in C. */
export function formatWeight(weight: number): string {
  const signed = Math.fround(weight | 0);
  // A float has 24 bits, so this product is exact and a tie is a tie.
  const thousandths = (Math.abs(signed) * 1000) / WEIGHT_ONE;
  const below = Math.floor(thousandths);
  const rest = thousandths - below;
  const rounded = below + (rest > 0.5 || (rest === 0.5 && below % 2 === 1) ? 1 : 0);
  const digits = String(rounded).padStart(4, "0");
  return `${signed < 0 ? "-" : ""}${digits.slice(0, -3)}.${digits.slice(-3)}`;
}

/**
 * The 32-bit float nearest to a decimal number. Rounding to a double first goes wrong where that
 * double lies half-way between two floats: then the text itself has to decide.
 */
export function nearestFloat(text: string): number {
  const double = Number(text);
  const near = Math.fround(double);
  const far = 2 * double - near;
  const isHalfWay = far !== near && Math.fround(far) === far;
  // Outside of these bounds the float is no weight or less than the least one, whichever it is.
  if (!isHalfWay || double < 1 / WEIGHT_END || double > WEIGHT_END) return near;
  const side = compareDecimal(text, double);
  if (side === 0) return near;
  return side < 0 ? Math.min(near, far) : Math.max(near, far);
}

const DECIMAL = /^\+?(\d*)\.?(\d*)(?:[eE]([+-]?\d+))?$/;

/**
 * Negative, zero or positive as the decimal text is below, equal to or above the double, exactly.
 */
function compareDecimal(text: string, double: number): number {
  const [, whole = "", fraction = "", exponent = "0"] = DECIMAL.exec(text) ?? [];
  const tens = BigInt(Number(exponent) - fraction.length);
  // The double is half-way between floats, so it has at most 25 bits and is whole after this shift.
  const shift = 64;
  let left = BigInt(`${whole}${fraction}`) << BigInt(shift);
  let right = BigInt(double * 2 ** shift);
  if (tens >= 0n) left *= 10n ** tens;
  else right *= 10n ** -tens;
  return left < right ? -1 : Number(left > right);
}
