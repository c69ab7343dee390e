/**
 * Writes numbers, texts and bytes behind one another. Little-endian, here and everywhere on Kelp's
 * own wire: it is what the processors that run this use, so no number is turned around on its way.
 * Texts and bytes carry their size as a u32. What ends in `be` is big-endian, for the protocols of
 * others.
 *
 * A Writer is also an allocator: `finish` hands out what was written as a view, and the Writer goes
 * on in the space behind it. Bytes that were handed out never change, so they may wait in a
 * socket's queue, and nothing is copied. They keep their whole slab alive: whoever stores a small
 * result for long copies it.
 *
 * A value that does not fit its type is a bug of the caller, who had it in its hands, and fails an
 * assertion.
 */
import { AssertionError, assert } from "../base/assert.ts";

const SLAB_SIZE = 1024;
/** Up to here a loop over the characters is faster than a call of the encoder. */
const SHORT_TEXT = 32;
const UTF8_BYTES_PER_UNIT = 3;

const encoder = new TextEncoder();

export class Writer {
  readonly #slabSize: number;
  #bytes: Uint8Array;
  #view: DataView;
  /** Bytes before `#start` belong to those who got them from `finish`. */
  #start = 0;
  #position = 0;

  constructor(slabSize = SLAB_SIZE) {
    this.#slabSize = slabSize;
    this.#bytes = uninitializedBytes(slabSize);
    this.#view = viewOf(this.#bytes);
  }

  /** Bytes written since the last `finish`. */
  get length(): number {
    return this.#position - this.#start;
  }

  u8(value: number): void {
    if (value >>> 0 !== value || value > 0xff) throw misfit("u8", value);
    const at = this.#advance(1);
    this.#bytes[at] = value;
  }

  u16(value: number): void {
    if (value >>> 0 !== value || value > 0xffff) throw misfit("u16", value);
    const at = this.#advance(2);
    this.#view.setUint16(at, value, true);
  }

  u32(value: number): void {
    if (value >>> 0 !== value) throw misfit("u32", value);
    const at = this.#advance(4);
    this.#view.setUint32(at, value, true);
  }

  i32(value: number): void {
    if ((value | 0) !== value) throw misfit("i32", value);
    const at = this.#advance(4);
    this.#view.setInt32(at, value, true);
  }

  i32be(value: number): void {
    if ((value | 0) !== value) throw misfit("i32", value);
    const at = this.#advance(4);
    this.#view.setInt32(at, value, false);
  }

  i64be(value: bigint): void {
    if (BigInt.asIntN(64, value) !== value) throw misfit("i64", value);
    const at = this.#advance(8);
    this.#view.setBigInt64(at, value, false);
  }

  /** Eight bytes, of which a JavaScript number can fill 53 bits exactly. */
  u53(value: number): void {
    if (!Number.isSafeInteger(value) || value < 0) throw misfit("u53", value);
    const at = this.#advance(8);
    this.#view.setUint32(at, value, true); // Takes the value modulo 2^32.
    this.#view.setUint32(at + 4, value / 2 ** 32, true);
  }

  u64(value: bigint): void {
    if (BigInt.asUintN(64, value) !== value) throw misfit("u64", value);
    const at = this.#advance(8);
    this.#view.setBigUint64(at, value, true);
  }

  i64(value: bigint): void {
    if (BigInt.asIntN(64, value) !== value) throw misfit("i64", value);
    const at = this.#advance(8);
    this.#view.setBigInt64(at, value, true);
  }

  f64(value: number): void {
    const at = this.#advance(8);
    this.#view.setFloat64(at, value, true);
  }

  bool(value: boolean): void {
    const at = this.#advance(1);
    this.#bytes[at] = value ? 1 : 0;
  }

  bytes(value: Uint8Array): void {
    this.u32(value.byteLength);
    this.raw(value);
  }

  str(value: string): void {
    this.#text(value, true);
  }

  strBe(value: string): void {
    this.#text(value, false);
  }

  /** The bytes as they are, without their size. */
  raw(value: Uint8Array): void {
    const at = this.#advance(value.byteLength);
    this.#bytes.set(value, at);
  }

  /** Leaves room that `rewrite` will fill. */
  skip(size: number): void {
    this.#advance(size);
  }

  /** Writes over what was written or skipped at `position`, no further than the present end. */
  rewrite(position: number, write: () => void): void {
    const end = this.#position;
    this.#position = this.#start + position;
    write();
    assert(this.#position <= end, "what is written over an earlier part must fit into it");
    this.#position = end;
  }

  /** A view of what was written at [from, to), good until the next write. */
  written(from: number, to: number): Uint8Array {
    assert(from >= 0 && from <= to && to <= this.length, "only what was written can be seen");
    return new Uint8Array(
      this.#bytes.buffer,
      this.#bytes.byteOffset + this.#start + from,
      to - from,
    );
  }

  /**
   * Everything written since the last time: a view, not a copy, of bytes that nobody will write to
   * again.
   */
  finish(): Uint8Array {
    const bytes = this.written(0, this.length);
    this.#start = this.#position;
    // Small results that came to lie behind a large one would keep all of its slab alive.
    if (this.#bytes.byteLength > this.#slabSize) this.#replace(this.#slabSize);
    return bytes;
  }

  /** Forgets everything written since the last `finish`. */
  reset(): void {
    this.#position = this.#start;
  }

  /** Moves on by `size` and returns where the new part begins. */
  #advance(size: number): number {
    const at = this.#position;
    if (at + size > this.#bytes.byteLength) return this.#grow(size);
    this.#position = at + size;
    return at;
  }

  /** Continues in a new slab, and takes along what is not finished. */
  #grow(size: number): number {
    const { length } = this;
    const unfinished = this.#bytes.subarray(this.#start, this.#position);
    this.#replace(Math.max(this.#slabSize, 2 * (length + size)));
    this.#bytes.set(unfinished);
    this.#position = length + size;
    return length;
  }

  #replace(slabSize: number): void {
    this.#bytes = uninitializedBytes(slabSize);
    this.#view = viewOf(this.#bytes);
    this.#start = 0;
    this.#position = 0;
  }

  #text(value: string, isLittleEndian: boolean): void {
    if (value.length <= SHORT_TEXT && this.#ascii(value, isLittleEndian)) return;
    const bound = value.length * UTF8_BYTES_PER_UNIT;
    const at = this.#advance(4 + bound);
    const { written } = encoder.encodeInto(value, this.#bytes.subarray(at + 4));
    // The encoder silently replaces half a surrogate pair: another text would be read back.
    assert(
      written === value.length || !/\p{Surrogate}/u.test(value),
      "a text has half a character",
    );
    this.#view.setUint32(at, written, isLittleEndian);
    this.#position = at + 4 + written;
  }

  /** False, and nothing written, if the text is not all ASCII. */
  #ascii(value: string, isLittleEndian: boolean): boolean {
    const size = value.length;
    const at = this.#advance(4 + size);
    const bytes = this.#bytes;
    for (let index = 0; index < size; index++) {
      const unit = value.charCodeAt(index);
      if (unit >= 0x80) {
        this.#position = at;
        return false;
      }
      bytes[at + 4 + index] = unit;
    }
    this.#view.setUint32(at, size, isLittleEndian);
    return true;
  }
}

/**
 * For a buffer of which every byte will be written before anybody reads it: zeroing it first costs
 * as much again.
 */
export function uninitializedBytes(size: number): Uint8Array {
  return new Uint8Array(Buffer.allocUnsafeSlow(size).buffer);
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function misfit(type: string, value: unknown): AssertionError {
  return new AssertionError(`${String(value)} does not fit into ${type}`);
}
