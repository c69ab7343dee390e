/**
 * Packets out of a stream of chunks, cut anywhere: an int size, then so many bytes. A packet that
 * lies within one chunk is handed out as a view of it. One that does not is gathered in a buffer
 * that grows with what has arrived, so a size alone makes nobody set memory aside; up to
 * GATHER_SIZE_MIN every byte is copied once, beyond it less than twice more.
 *
 * Packets are pulled, so that the limit can change between two of one chunk. A size that is
 * impossible throws CodecError and ends the stream: there is no telling where the next would begin.
 */
import { CodecError } from "../wire/codec-error.ts";
import { viewOf } from "../wire/reader.ts";
import { uninitializedBytes } from "../wire/writer.ts";

/** What Apache ZooKeeper allows where nobody sets jute.maxbuffer. */
export const JUTE_MAXBUFFER = 0xfffff;
const SIZE_SIZE = 4;
const GATHER_SIZE_MIN = 4 * 1024;

export class PacketDecoder {
  #sizeMax: number;
  #chunks: Uint8Array[] = [];
  #chunkIndex = 0;
  /** Bytes of the current chunk that have been taken. */
  #chunkOffset = 0;
  /** Of the current packet, once it is known. */
  #size: number | undefined;
  /** What comes next, if it began in an earlier chunk. */
  #gathered: Uint8Array | undefined;
  #gatheredSize = 0;
  /** Where in the stream the current packet begins. */
  #offset = 0;
  #isDead = false;

  constructor(sizeMax: number = JUTE_MAXBUFFER) {
    this.#sizeMax = sizeMax;
  }

  /** Of memory, for a packet of which a part has arrived. */
  get gatheredBytes(): number {
    return this.#gathered?.byteLength ?? 0;
  }

  /** For packets whose size has not been read. */
  setSizeMax(sizeMax: number): void {
    this.#sizeMax = sizeMax;
  }

  /** The chunk must not change until the packets in it have been used. */
  push(chunk: Uint8Array): void {
    this.#mustLive();
    if (chunk.byteLength > 0) this.#chunks.push(chunk);
  }

  /**
   * The size of the next packet as it stands there, neither judged nor taken, or undefined until it
   * has arrived: four-letter words come to the same port.
   */
  peekSize(): number | undefined {
    this.#mustLive();
    this.#size ??= this.#takeSize();
    return this.#size;
  }

  /** The next packet without its size, or undefined until more has been pushed. */
  next(): Uint8Array | undefined {
    const size = this.peekSize();
    if (size === undefined) return undefined;
    if (size < 0 || size > this.#sizeMax) throw this.#end(size);
    const packet = this.#take(size);
    if (packet === undefined) return undefined;
    this.#size = undefined;
    this.#offset += SIZE_SIZE + size;
    return packet;
  }

  #takeSize(): number | undefined {
    const bytes = this.#take(SIZE_SIZE);
    if (bytes === undefined) return undefined;
    return new DataView(bytes.buffer, bytes.byteOffset, SIZE_SIZE).getInt32(0, false);
  }

  /** So many bytes in one piece, or undefined until they are there. */
  #take(size: number): Uint8Array | undefined {
    if (size === 0) return new Uint8Array(0);
    while (this.#chunkIndex < this.#chunks.length) {
      const chunk = this.#chunks[this.#chunkIndex] as Uint8Array;
      const offset = this.#chunkOffset;
      const missing = size - this.#gatheredSize;
      const found = Math.min(missing, chunk.byteLength - offset);
      if (found === size) {
        this.#passOver(chunk, found);
        return viewOf(chunk, offset, size);
      }
      this.#gather(viewOf(chunk, offset, found), size);
      this.#passOver(chunk, found);
      if (this.#gatheredSize === size) return this.#takeGathered(size);
    }
    this.#chunks = [];
    this.#chunkIndex = 0;
    return undefined;
  }

  #passOver(chunk: Uint8Array, size: number): void {
    this.#chunkOffset += size;
    if (this.#chunkOffset < chunk.byteLength) return;
    this.#chunkIndex += 1;
    this.#chunkOffset = 0;
  }

  #gather(part: Uint8Array, size: number): void {
    const needed = this.#gatheredSize + part.byteLength;
    if (this.#gathered === undefined || needed > this.#gathered.byteLength) {
      const grown = uninitializedBytes(Math.min(size, Math.max(GATHER_SIZE_MIN, 2 * needed)));
      if (this.#gathered !== undefined) grown.set(viewOf(this.#gathered, 0, this.#gatheredSize));
      this.#gathered = grown;
    }
    this.#gathered.set(part, this.#gatheredSize);
    this.#gatheredSize = needed;
  }

  #takeGathered(size: number): Uint8Array {
    const packet = viewOf(this.#gathered as Uint8Array, 0, size);
    this.#gathered = undefined;
    this.#gatheredSize = 0;
    return packet;
  }

  #end(size: number): CodecError {
    this.#isDead = true;
    this.#chunks = [];
    this.#gathered = undefined;
    const what =
      size < 0
        ? `${size} is no size`
        : `a packet of ${size} bytes where ${this.#sizeMax} are allowed`;
    return new CodecError(size < 0 ? "OUT_OF_RANGE" : "TOO_LARGE", what, this.#offset);
  }

  #mustLive(): void {
    if (!this.#isDead) return;
    throw new CodecError("BAD_STATE", "the stream ended with a size that is none", this.#offset);
  }
}
