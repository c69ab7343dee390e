/**
 * Frames over a byte stream, with signs of life.
 *
 * - Frames of one turn leave in one write: a busy connection pays for a system call per turn, not per message.
 * - Half-open connections end. Each side sends something at least every KEEPALIVE_MS and believes the other gone
 *   after SILENCE_MS without a byte. A side that stopped reading on purpose still sends, so being slow is not being
 *   dead. While it does not read it cannot hear the peer, and judges it by whether it takes what is sent.
 * - Who was itself stopped judges nobody by that time.
 * - Frames that arrived while reading was on and are not handled when it goes off wait, so `setReading` is exact.
 */
import type { Clock, Timer } from "../base/clock.ts";
import { CodecError } from "../wire/codec-error.ts";
import {
  encodeFrame,
  type Frame,
  FrameDecoder,
  type FrameLimits,
  TRANSPORT_FRAMES,
} from "../wire/frame.ts";
import { TICK_LATE_MS } from "./core.ts";
import type { ByteStream } from "./stream.ts";

export const KEEPALIVE_MS = 1_000;
export const SILENCE_MS = 5_000;

export interface FrameHandler {
  /** May throw CodecError: the peer's bytes make no sense, and the stream is closed. */
  frame(frame: Frame): void;
  /** Everything that waited has left. */
  drained(): void;
  /** Exactly once, last. */
  closed(reason: string): void;
}

export class FramedStream {
  readonly remoteAddress: string;
  readonly #stream: ByteStream;
  readonly #clock: Clock;
  readonly #handler: FrameHandler;
  readonly #decoder: FrameDecoder;
  #gathered: Uint8Array[] = [];
  #gatheredBytes = 0;
  #lastSentMs: number;
  #lastReceivedMs: number;
  #writtenBytes = 0;
  /** How much of it had left the process when that last became more, and when that was. */
  #takenBytes = 0;
  #lastTakenMs: number;
  #lifeTimer: Timer;
  #isReading = true;
  #isPulling = false;
  #isEnded = false;
  #isClosed = false;

  constructor(stream: ByteStream, limits: FrameLimits, clock: Clock, handler: FrameHandler) {
    this.remoteAddress = stream.remoteAddress;
    this.#stream = stream;
    this.#clock = clock;
    this.#handler = handler;
    this.#decoder = new FrameDecoder(limits);
    this.#lastSentMs = clock.nowMs();
    this.#lastReceivedMs = clock.nowMs();
    this.#lastTakenMs = clock.nowMs();
    this.#lifeTimer = this.#planLifeCheck();
  }

  /** Not in the constructor: a stream may call back at once, and whoever is told must know this object. */
  start(): void {
    this.#stream.start({
      data: (chunk) => this.#receive(chunk),
      drain: () => this.#handler.drained(),
      close: (reason) => this.close(reason),
    });
  }

  /** Bytes that have not left the process. */
  get queuedBytes(): number {
    return this.#gatheredBytes + this.#stream.queuedBytes;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  setLimits(limits: FrameLimits): void {
    this.#decoder.setLimits(limits);
  }

  /** Nothing is sent any more after `end`: bytes behind the end would cost those before it. */
  write(chunks: readonly Uint8Array[]): void {
    if (this.#isClosed || this.#isEnded) return;
    if (this.#gathered.length === 0) this.#clock.soon(this.#flush);
    for (const chunk of chunks) {
      this.#gathered.push(chunk);
      this.#gatheredBytes += chunk.byteLength;
      this.#writtenBytes += chunk.byteLength;
    }
  }

  setReading(reading: boolean): void {
    if (reading === this.#isReading) return;
    this.#isReading = reading;
    if (!reading) {
      this.#lastTakenMs = this.#clock.nowMs();
      this.#stream.pause();
      return;
    }
    this.#lastReceivedMs = this.#clock.nowMs(); // What the peer sent meanwhile is still to be read.
    this.#clock.soon(() => {
      this.#pull();
      if (this.#isReading && !this.#isClosed) this.#stream.resume();
    });
  }

  /** Closes after everything written has been sent. */
  end(): void {
    this.#flush();
    if (this.#isClosed || this.#isEnded) return;
    this.#isEnded = true;
    this.#stream.end();
  }

  close(reason: string): void {
    if (this.#isClosed) return;
    this.#flush(); // A last word, such as why a handshake was refused.
    this.#isClosed = true;
    this.#lifeTimer.cancel();
    this.#stream.destroy();
    this.#handler.closed(reason);
  }

  readonly #flush = (): void => {
    if (this.#gathered.length === 0 || this.#isClosed) return;
    const chunks = this.#gathered;
    this.#gathered = [];
    this.#gatheredBytes = 0;
    this.#lastSentMs = this.#clock.nowMs();
    this.#stream.write(chunks);
  };

  #receive(chunk: Uint8Array): void {
    this.#lastReceivedMs = this.#clock.nowMs();
    if (this.#isClosed) return;
    this.#decoder.push(chunk);
    this.#pull();
  }

  /** Hands on the frames that are complete, until its handler has enough. */
  #pull(): void {
    if (this.#isPulling) return;
    this.#isPulling = true;
    try {
      while (this.#isReading && !this.#isClosed) {
        const frame = this.#decoder.next();
        if (frame === undefined) break;
        if (frame.type !== TRANSPORT_FRAMES.PING) this.#handler.frame(frame);
      }
    } catch (error) {
      if (!(error instanceof CodecError)) throw error;
      this.close(`the peer sent what makes no sense: ${error.message}`);
    } finally {
      this.#isPulling = false;
    }
  }

  /** A peer that has nothing left to take owes nothing. */
  #noteTaken(nowMs: number): void {
    const takenBytes = this.#writtenBytes - this.queuedBytes;
    if (takenBytes > this.#takenBytes || this.queuedBytes === 0) this.#lastTakenMs = nowMs;
    this.#takenBytes = takenBytes;
  }

  #planLifeCheck(): Timer {
    const dueMs = this.#clock.nowMs() + KEEPALIVE_MS / 2;
    return this.#clock.after(KEEPALIVE_MS / 2, () => this.#checkLife(dueMs));
  }

  #checkLife(dueMs: number): void {
    const nowMs = this.#clock.nowMs();
    this.#noteTaken(nowMs);
    // This process did not run for a while: what the peer did meanwhile is still in the kernel.
    if (nowMs - dueMs > TICK_LATE_MS) {
      this.#lastReceivedMs = nowMs;
      this.#lastTakenMs = nowMs;
    }
    const isSilent = this.#isReading
      ? nowMs - this.#lastReceivedMs > SILENCE_MS
      : nowMs - this.#lastTakenMs > SILENCE_MS;
    if (isSilent) {
      const what = this.#isReading ? "sent" : "took";
      this.close(`the peer ${what} nothing for ${SILENCE_MS} ms`);
      return;
    }
    if (nowMs - this.#lastSentMs >= KEEPALIVE_MS / 2 && this.queuedBytes === 0) this.write(PING);
    this.#lifeTimer = this.#planLifeCheck();
  }
}

const PING = encodeFrame({ flags: 0, correlation: 0, timeoutMs: 0 }, () => TRANSPORT_FRAMES.PING);
