/**
 * Correctly rounded powers. Straw lengths are products of powers that are then cut to whole units,
 * so a last bit that differs from the C library's can change a length and with it placements, and
 * `Math.pow` may be wrong in that bit, differently in every engine.
 */

/** Fixed point with this many bits of fraction: 53 are wanted, the rest keeps roundings apart. */
const FRACTION_BITS = 128n;
const ONE = 1n << FRACTION_BITS;
const LN_2 = lnByAtanh(2n * ONE);

/** `base ** exponent` for base from 1 up and exponent in (0, 1]. */
export function power(base: number, exponent: number): number {
  if (base === 1) return 1;
  const product = (ln(fixed(base)) * fixed(exponent)) >> FRACTION_BITS;
  const doublings = product / LN_2;
  // The conversion to a double is the one rounding; scaling by a power of two is exact.
  return (Number(exp(product % LN_2)) / 2 ** Number(FRACTION_BITS)) * 2 ** Number(doublings);
}

function fixed(value: number): bigint {
  return BigInt(value * 2 ** Number(FRACTION_BITS));
}

function ln(value: bigint): bigint {
  let halvings = 0n;
  while (value >> halvings >= 2n * ONE) halvings++;
  return lnByAtanh(value >> halvings) + halvings * LN_2;
}

/** 2 * atanh((v - 1) / (v + 1)) as a series, which converges fast for v from 1 to 2. */
function lnByAtanh(value: bigint): bigint {
  const z = ((value - ONE) << FRACTION_BITS) / (value + ONE);
  const square = (z * z) >> FRACTION_BITS;
  let sum = 0n;
  let term = z;
  for (let i = 1n; term > 0n; i += 2n) {
    sum += term / i;
    term = (term * square) >> FRACTION_BITS;
  }
  return 2n * sum;
}

/** For values below ln 2. */
function exp(value: bigint): bigint {
  let sum = 0n;
  let term = ONE;
  for (let i = 1n; term > 0n; i++) {
    sum += term;
    term = ((term * value) >> FRACTION_BITS) / i;
  }
  return sum;
}
