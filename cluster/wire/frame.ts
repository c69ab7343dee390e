/**
 * The frame in which everything between members of the cluster travels. All numbers little-endian:
 *
 *    0 ┌──────────────────┬──────────┬──────────┐
 *      │ magic "KLP1"     │ type u16 │ flags u16│
 *    8 ├──────────────────┼──────────┴──────────┤
 *      │ correlation u32  │ controlSize u32     │
 *   16 ├──────────────────┼─────────────────────┤
 *      │ payloadSize u32  │ timeoutMs u32       │   timeoutMs 0: none
 *   24 ├──────────────────┴─────────────────────┤
 *      │ xxh64 of the control part              │
 *   32 ├────────────────────────────────────────┤
 *      │ xxh64 of the payload, 0 if it is empty │
 *   40 ├────────────────────────────────────────┤
 *      │ xxh64 of bytes 0 to 39                 │
 *   48 ├────────────────────────────────────────┤
 *      │ control part, then payload             │
 *      └────────────────────────────────────────┘
 *
 * The header has a checksum of its own, so that no size in it is believed before it is known to be
 * what the sender wrote. The payload's covers the payload alone: a storage daemon keeps it as the
 * checksum of the extent that it writes, and nobody hashes the same bytes twice.
 */
import { EMPTY_BYTES } from "../base/bytes.ts";
import { xxh64, xxh64OfChunks } from "./checksum.ts";
import { CodecError, type CodecErrorCode } from "./codec-error.ts";
import { Reader, viewOf } from "./reader.ts";
import { uninitializedBytes, Writer } from "./writer.ts";

export const HEADER_SIZE = 48;
const HEADER_CHECKSUM_AT = 40;
const MAGIC = 0x31504c4b; // "KLP1"
/** The checksum of a payload that is not there, so that nothing is hashed for it. */
const NO_PAYLOAD = 0n;

/** The types below FIRST_MESSAGE_ID: what the transport says for itself. */
export const TRANSPORT_FRAMES = {
  HELLO: 1,
  CHALLENGE: 2,
  PROOF: 3,
  WELCOME: 4,
  REFUSED: 5,
  PING: 6,
  CANCEL: 7,
  FAILURE: 8,
  GOODBYE: 9,
} as const;

export interface FrameHeader {
  readonly type: number;
  readonly flags: number;
  /** Ties an answer to its request; 0 where none is expected. */
  readonly correlation: number;
  /** How long the sender will wait for the answer; 0 if it does not say. */
  readonly timeoutMs: number;
}

/** Both parts may be views of the chunks that were pushed. */
export interface Frame extends FrameHeader {
  readonly control: Uint8Array;
  readonly payload: Uint8Array;
  readonly payloadChecksum: bigint;
}

export interface FrameLimits {
  readonly controlSizeMax: number;
  readonly payloadSizeMax: number;
}

/**
 * Up to about here (measured on node:net) copying the payload is cheaper than one more chunk for
 * the socket.
 */
const SINGLE_CHUNK_MAX = 1024;
const SLAB_SIZE = 64 * 1024;
const frames = new Writer(SLAB_SIZE);

/**
 * The chunks to write to a socket. `control` writes the control part and returns the frame's type.
 * The payload is not copied if it is large, so it must not change until it has been sent.
 */
export function encodeFrame(
  header: Omit<FrameHeader, "type">,
  control: (out: Writer) => number,
  payload: Uint8Array | readonly Uint8Array[] = EMPTY_BYTES,
): Uint8Array[] {
  const out = frames;
  out.reset(); // A control part that failed half way left its beginning here.
  out.skip(HEADER_SIZE);
  const type = control(out);
  const controlSize = out.length - HEADER_SIZE;
  const chunks = payload instanceof Uint8Array ? [payload] : payload;
  const payloadSize = chunks.reduce((sum, chunk) => sum + chunk.byteLength, 0);
  const controlChecksum = xxh64(out.written(HEADER_SIZE, out.length));
  const payloadChecksum = payloadSize === 0 ? NO_PAYLOAD : xxh64OfChunks(chunks);
  out.rewrite(0, () => {
    out.u32(MAGIC);
    out.u16(type);
    out.u16(header.flags);
    out.u32(header.correlation);
    out.u32(controlSize);
    out.u32(payloadSize);
    out.u32(header.timeoutMs);
    out.u64(controlChecksum);
    out.u64(payloadChecksum);
    out.u64(xxh64(out.written(0, HEADER_CHECKSUM_AT)));
  });
  if (controlSize + payloadSize > SINGLE_CHUNK_MAX) return [out.finish(), ...chunks];
  for (const chunk of chunks) out.raw(chunk);
  return [out.finish()];
}

interface TrustedHeader extends FrameHeader {
  readonly controlSize: number;
  readonly payloadSize: number;
  readonly controlChecksum: bigint;
  readonly payloadChecksum: bigint;
}

/**
 * Frames out of a stream of chunks, cut anywhere. A part that lies within one chunk is handed out
 * as a view of it; one that does not is gathered in a buffer of its exact size, each byte copied
 * once. Frames are pulled, so the limits can change between two frames of one chunk, and chunks
 * that were pushed and not read are only referred to.
 *
 * The first thing that makes no sense ends the stream: there is no telling where the next frame
 * would begin.
 */
export class FrameDecoder {
  #limits: FrameLimits;
  #chunks: Uint8Array[] = [];
  #chunkIndex = 0;
  /** Bytes of the current chunk that have been taken. */
  #chunkOffset = 0;
  /** What of the current frame has been read. */
  #header: TrustedHeader | undefined;
  #control: Uint8Array | undefined;
  /** The part that comes next, if it began in an earlier chunk. */
  #partial: Uint8Array | undefined;
  #partialSize = 0;
  /** Where in the stream the current frame begins. */
  #frameOffset = 0;
  #isDead = false;

  constructor(limits: FrameLimits) {
    this.#limits = limits;
  }

  /** For frames whose header has not been read. */
  setLimits(limits: FrameLimits): void {
    this.#limits = limits;
  }

  push(chunk: Uint8Array): void {
    this.#mustLive();
    if (chunk.byteLength > 0) this.#chunks.push(chunk);
  }

  /** The next frame, or undefined until more has been pushed. */
  next(): Frame | undefined {
    this.#mustLive();
    try {
      return this.#next();
    } catch (error) {
      this.#isDead = true;
      this.#chunks = [];
      this.#partial = undefined;
      throw error;
    }
  }

  #next(): Frame | undefined {
    const header = this.#header ?? this.#takeHeader();
    if (header === undefined) return undefined;
    this.#header = header;
    const control = this.#control ?? this.#takeControl(header);
    if (control === undefined) return undefined;
    this.#control = control;
    const payload = this.#takePayload(header);
    if (payload === undefined) return undefined;
    this.#header = undefined;
    this.#control = undefined;
    this.#frameOffset += HEADER_SIZE + header.controlSize + header.payloadSize;
    const { type, flags, correlation, timeoutMs, payloadChecksum } = header;
    return { type, flags, correlation, timeoutMs, control, payload, payloadChecksum };
  }

  #takeHeader(): TrustedHeader | undefined {
    const bytes = this.#take(HEADER_SIZE);
    return bytes === undefined ? undefined : this.#readHeader(bytes);
  }

  #takeControl({ controlSize, controlChecksum }: TrustedHeader): Uint8Array | undefined {
    const control = this.#take(controlSize);
    if (control === undefined || xxh64(control) === controlChecksum) return control;
    throw this.#damaged("control part");
  }

  #takePayload({ payloadSize, payloadChecksum }: TrustedHeader): Uint8Array | undefined {
    const payload = this.#take(payloadSize);
    if (payload === undefined || checksumOf(payload) === payloadChecksum) return payload;
    throw this.#damaged("payload");
  }

  #readHeader(bytes: Uint8Array): TrustedHeader {
    const input = new Reader(bytes);
    if (input.u32() !== MAGIC) throw this.#fail("BAD_MAGIC", "this is another protocol");
    const header = {
      type: input.u16(),
      flags: input.u16(),
      correlation: input.u32(),
      controlSize: input.u32(),
      payloadSize: input.u32(),
      timeoutMs: input.u32(),
      controlChecksum: input.u64(),
      payloadChecksum: input.u64(),
    };
    if (xxh64(viewOf(bytes, 0, HEADER_CHECKSUM_AT)) !== input.u64()) throw this.#damaged("header");
    this.#checkSize("control part", header.controlSize, this.#limits.controlSizeMax);
    this.#checkSize("payload", header.payloadSize, this.#limits.payloadSizeMax);
    return header;
  }

  #checkSize(part: string, size: number, max: number): void {
    if (size > max) {
      throw this.#fail("TOO_LARGE", `a ${part} of ${size} bytes where ${max} are allowed`);
    }
  }

  /**
   * The next `size` bytes, or undefined, and everything there is gathered, if there are not so
   * many.
   */
  #take(size: number): Uint8Array | undefined {
    if (size === 0) return EMPTY_BYTES;
    let chunk = this.#chunks[this.#chunkIndex];
    if (this.#partial === undefined) {
      if (chunk === undefined) return undefined;
      const from = this.#chunkOffset;
      if (chunk.byteLength - from >= size) {
        this.#skip(chunk, size);
        return viewOf(chunk, from, size);
      }
      this.#partial = uninitializedBytes(size);
      this.#partialSize = 0;
    }
    const partial = this.#partial;
    while (chunk !== undefined && this.#partialSize < size) {
      const from = this.#chunkOffset;
      const count = Math.min(size - this.#partialSize, chunk.byteLength - from);
      partial.set(viewOf(chunk, from, count), this.#partialSize);
      this.#partialSize += count;
      this.#skip(chunk, count);
      chunk = this.#chunks[this.#chunkIndex];
    }
    if (this.#partialSize < size) return undefined;
    this.#partial = undefined;
    return partial;
  }

  #skip(chunk: Uint8Array, count: number): void {
    this.#chunkOffset += count;
    if (this.#chunkOffset < chunk.byteLength) return;
    this.#chunkOffset = 0;
    this.#chunkIndex += 1;
    if (this.#chunkIndex < this.#chunks.length) return;
    this.#chunks = [];
    this.#chunkIndex = 0;
  }

  #mustLive(): void {
    if (this.#isDead) throw this.#fail("BAD_STATE", "an earlier frame made no sense");
  }

  #damaged(part: string): CodecError {
    return this.#fail("BAD_CHECKSUM", `the ${part} does not match its checksum`);
  }

  #fail(code: CodecErrorCode, what: string): CodecError {
    return new CodecError(code, what, this.#frameOffset);
  }
}

function checksumOf(payload: Uint8Array): bigint {
  return payload.byteLength === 0 ? NO_PAYLOAD : xxh64(payload);
}
