/**
 * Reads what a Writer wrote, from bytes that may be anything: whatever they are, a Reader returns a
 * value or throws CodecError. A size is compared with what remains before anything of that size is
 * made.
 */
import { lossyTextOf, textOf } from "../base/bytes.ts";
import { CodecError, type CodecErrorCode } from "./codec-error.ts";

/** Up to here adding up characters is faster than a call of the decoder. */
const SHORT_TEXT = 24;
const U53_HIGH_MAX = 2 ** 21 - 1;

export class Reader {
  readonly #bytes: Uint8Array;
  readonly #size: number;
  #offset = 0;
  #view: DataView | undefined;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#size = bytes.byteLength;
  }

  get offset(): number {
    return this.#offset;
  }

  get remaining(): number {
    return this.#size - this.#offset;
  }

  u8(): number {
    const at = this.#advance(1);
    return this.#bytes[at] as number;
  }

  u16(): number {
    const at = this.#advance(2);
    return (this.#bytes[at] as number) | ((this.#bytes[at + 1] as number) << 8);
  }

  u32(): number {
    return this.i32() >>> 0;
  }

  i32(): number {
    const bytes = this.#bytes;
    const at = this.#advance(4);
    return (
      (bytes[at] as number) |
      ((bytes[at + 1] as number) << 8) |
      ((bytes[at + 2] as number) << 16) |
      ((bytes[at + 3] as number) << 24)
    );
  }

  /** Big-endian, as ZooKeeper's protocol and archive formats of others have it. */
  i32be(): number {
    const bytes = this.#bytes;
    const at = this.#advance(4);
    return (
      ((bytes[at] as number) << 24) |
      ((bytes[at + 1] as number) << 16) |
      ((bytes[at + 2] as number) << 8) |
      (bytes[at + 3] as number)
    );
  }

  i64be(): bigint {
    const at = this.#advance(8);
    return this.#dataView().getBigInt64(at, false);
  }

  u53(): number {
    const low = this.u32();
    const high = this.u32();
    if (high > U53_HIGH_MAX) throw this.fail("OUT_OF_RANGE", "a number of more than 53 bits", 8);
    return high * 2 ** 32 + low;
  }

  u64(): bigint {
    const at = this.#advance(8);
    return this.#dataView().getBigUint64(at, true);
  }

  i64(): bigint {
    const at = this.#advance(8);
    return this.#dataView().getBigInt64(at, true);
  }

  f64(): number {
    const at = this.#advance(8);
    return this.#dataView().getFloat64(at, true);
  }

  bool(): boolean {
    const value = this.u8();
    if (value > 1) throw this.fail("OUT_OF_RANGE", `${value} is neither true (1) nor false (0)`, 1);
    return value === 1;
  }

  /** A view of the input, not a copy: whoever keeps it for long copies it. */
  bytes(): Uint8Array {
    return this.raw(this.u32());
  }

  /** So many bytes as they are, as a view of the input. */
  raw(size: number): Uint8Array {
    const at = this.#advance(size);
    return viewOf(this.#bytes, at, size);
  }

  str(): string {
    const size = this.u32();
    const at = this.#advance(size);
    const short = size <= SHORT_TEXT ? this.#ascii(at, at + size) : undefined;
    if (short !== undefined) return short;
    const text = utf8Text(viewOf(this.#bytes, at, size));
    if (text === undefined) throw this.fail("BAD_TEXT", "a text that is no UTF-8", size);
    return text;
  }

  /** A text of so many bytes, in which a replacement character stands for what is no UTF-8. */
  lossyText(size: number): string {
    const at = this.#advance(size);
    const short = size <= SHORT_TEXT ? this.#ascii(at, at + size) : undefined;
    return short ?? lossyTextOf(viewOf(this.#bytes, at, size));
  }

  /** The error to throw about what begins `back` bytes before the present position. */
  fail(code: CodecErrorCode, what: string, back = 0): CodecError {
    return new CodecError(code, what, this.#offset - back);
  }

  #advance(size: number): number {
    const at = this.#offset;
    if (size > this.#size - at) {
      throw this.fail("TRUNCATED", `${size} bytes expected, ${this.remaining} left`);
    }
    this.#offset = at + size;
    return at;
  }

  #ascii(from: number, to: number): string | undefined {
    const bytes = this.#bytes;
    let text = "";
    for (let index = from; index < to; index++) {
      const byte = bytes[index] as number;
      if (byte >= 0x80) return undefined;
      text += String.fromCharCode(byte);
    }
    return text;
  }

  #dataView(): DataView {
    const { buffer, byteOffset, byteLength } = this.#bytes;
    this.#view ??= new DataView(buffer, byteOffset, byteLength);
    return this.#view;
  }
}

/** Like subarray, but always a plain Uint8Array, also of the Buffer that a socket hands over. */
export function viewOf(bytes: Uint8Array, from: number, size: number): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset + from, size);
}

function utf8Text(bytes: Uint8Array): string | undefined {
  try {
    return textOf(bytes);
  } catch {
    return undefined;
  }
}
