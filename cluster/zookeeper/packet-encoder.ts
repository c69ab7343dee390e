/**
 * Packets for a stream: each gets its size in front, and those that are appended before they are
 * taken leave as one chunk, which is one system call.
 */
import { Writer } from "../wire/writer.ts";

const SLAB_SIZE = 16 * 1024;
const SIZE_SIZE = 4;

export class PacketEncoder {
  readonly #out: Writer;

  constructor(slabSize = SLAB_SIZE) {
    this.#out = new Writer(slabSize);
  }

  /** Bytes that were appended and not taken. */
  get length(): number {
    return this.#out.length;
  }

  /** Returns the packet's size, without the four bytes that tell it. */
  append(write: (out: Writer) => void): number {
    const out = this.#out;
    const start = out.length;
    out.skip(SIZE_SIZE);
    write(out);
    const size = out.length - start - SIZE_SIZE;
    out.rewrite(start, () => out.i32be(size));
    return size;
  }

  /** All that was appended; nobody writes to these bytes again. */
  take(): Uint8Array {
    return this.#out.finish();
  }
}
