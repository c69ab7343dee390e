/**
 * The logarithm of straw2: `crush_ln(u)` approximates 2^44 * log2(u + 1) for 16-bit u, by a coarse
 * table of pairs (RH, LH) and a fine table LL. The tables follow formulas, with exceptions that
 * look like slips of the program that once printed them. Every placement depends on the exceptions
 * too, so they are part of the format; the checksums in the tests guard all values.
 *
 * The domain has 16 bits, so all its values are computed once, here. They fit doubles exactly.
 */

const LN_COUNT = 65536;
const TWO_48 = 2 ** 48;

/** What `floorLog2` works with; its truncations stay far below the 48 bits that it returns. */
const FRACTION_BITS = 200n;

/** floor(2^48 * log2(numerator / denominator)), exactly, for a quotient from 1 up to 2. */
export function floorLog2(numerator: number, denominator: number): number {
  let power = (BigInt(numerator) << FRACTION_BITS) / BigInt(denominator);
  let bits = 0;
  for (let i = 0; i < 48; i++) {
    // Squaring doubles the logarithm; its next bit says whether the square reached 2.
    power = (power * power) >> FRACTION_BITS;
    const bit = Number(power >> (FRACTION_BITS + 1n));
    if (bit === 1) power >>= 1n;
    bits = bits * 2 + bit;
  }
  return bits;
}

function coarseTables(): { reciprocals: number[]; logarithms: number[] } {
  const reciprocals: number[] = [];
  const logarithms: number[] = [];
  for (let k = 0; k <= 128; k++) {
    const divisor = BigInt(128 + k);
    reciprocals.push(Number(((1n << 55n) + divisor - 1n) / divisor));
    // The last one should be 2^48. It makes crush_ln(65535) smaller than crush_ln(65534).
    logarithms.push(k === 128 ? TWO_48 - 2 ** 32 : floorLog2(128 + k, 128));
  }
  return { reciprocals, logarithms };
}

/** What nearly every entry of the fine table is too large by. */
const FINE_OFFSET = 0x147700000;

/** The entries that are not. */
const FINE_WITHOUT_OFFSET = new Set([
  0, 1, 203, 216, 222, 233, 237, 238, 239, 243, 244, 245, 246, 248, 249, 250, 251, 252, 253, 254,
  255,
]);

/** The entries that no formula gives. */
const FINE_EXCEPTIONS: ReadonlyMap<number, number> = new Map([
  [56, 0xa2b07f3458],
  [127, 0x16df6ca19bd],
  [134, 0x182b07f3458],
  [181, 0x209c06e6212],
  [184, 0x212b07f3458],
  [188, 0x21d6a73a78f],
  [193, 0x22c23679b4e],
  [198, 0x23a2c3b0ea4],
  [199, 0x23d13ee805b],
  [200, 0x24035e9221f],
  [207, 0x25492644d65],
  [210, 0x25d13ee805b],
  [212, 0x26296453882],
  [225, 0x287bdbf5255],
  [227, 0x28d13ee805b],
  [228, 0x29035e9221f],
  [229, 0x29296453882],
  [231, 0x29902a37aab],
  [235, 0x2a4c7605d61],
  [236, 0x2a7bdbf5255],
  [240, 0x2b296453882],
  [241, 0x2b5d022d80f],
  [247, 0x2c61a5e8f4c],
]);

function fineTable(): number[] {
  const fine: number[] = [];
  for (let k = 0; k < 256; k++) {
    const offset = FINE_WITHOUT_OFFSET.has(k) ? 0 : FINE_OFFSET;
    fine.push(FINE_EXCEPTIONS.get(k) ?? floorLog2(32768 + k, 32768) + offset);
  }
  return fine;
}

function lnMinus48(): Float64Array {
  const { reciprocals, logarithms } = coarseTables();
  const fine = fineTable();
  const table = new Float64Array(LN_COUNT);
  for (let u = 0; u < LN_COUNT; u++) {
    const shift = Math.max(0, Math.clz32(u + 1) - 16);
    const x = (u + 1) << shift;
    const i = (x >> 8) - 128;
    const reciprocal = reciprocals[i] as number;
    // Bits 48 to 55 of x * reciprocal. The product has 64 bits, so it is made of two halves.
    const low = Math.floor((x * (reciprocal % 2 ** 24)) / 2 ** 24);
    const product = x * Math.floor(reciprocal / 2 ** 24) + low;
    const j = Math.floor(product / 2 ** 24) & 0xff;
    const fraction = Math.floor(((logarithms[i] as number) + (fine[j] as number)) / 16);
    table[u] = (15 - shift) * 2 ** 44 + fraction - TWO_48;
  }
  return table;
}

/** `crush_ln(u) - 2^48` for u in 0..65535: at most 0, and larger for a longer straw. */
export const LN: Float64Array = lnMinus48();

/**
 * Where `LN[u]` stands among all distinct values: the same order and the same ties in 16 bits.
 * `step` is the least difference between two that differ.
 */
function rankLn(): { ranks: Uint16Array; step: number } {
  const ascending = [...LN.keys()].sort((a, b) => (LN[a] as number) - (LN[b] as number));
  const ranks = new Uint16Array(LN_COUNT);
  let rank = 0;
  let step = TWO_48;
  let previous = LN[ascending[0] as number] as number;
  for (const u of ascending) {
    const ln = LN[u] as number;
    if (ln > previous) {
      rank++;
      step = Math.min(step, ln - previous);
      previous = ln;
    }
    ranks[u] = rank;
  }
  return { ranks, step };
}

const { ranks, step } = rankLn();
export const LN_RANK: Uint16Array = ranks;
export const LN_STEP: number = step;
