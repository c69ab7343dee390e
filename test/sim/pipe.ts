/**
 * One direction of a simulated byte stream: a writer's queue, then a window of bytes that are under way or wait to be
 * taken by the receiver. In order, cut anew at random places; stalled while the path is blocked, never lost.
 */
import { present } from "../../cluster/base/assert.ts";
import { concatBytes } from "../../cluster/base/bytes.ts";
import type { Scheduler } from "./scheduler.ts";

export const WINDOW_BYTES = 256 << 10;

/** Bytes, or how it ends: "end" after everything written, "reset" as soon as it arrives. */
export type Piece = Uint8Array | "end" | "reset";

export interface PipeOptions {
  readonly scheduler: Scheduler;
  drawDelayMs(): number;
  drawPieceBytes(): number;
  /** Nothing passes now, this way or, for what the receiver acknowledges, the other way. */
  isBlocked(): boolean;
  isBackBlocked(): boolean;
  /** In order, each in an event of the receiver. */
  arrived(piece: Piece): void;
  /** The queue is empty again. */
  drained(): void;
}

export class Pipe {
  readonly #options: PipeOptions;
  readonly #queue: Uint8Array[] = [];
  #queuedBytes = 0;
  #flight: { readonly piece: Piece; readonly dueMs: number }[] = [];
  #lastDueMs = 0;
  /** Sent and not known to be taken. */
  #windowBytes = 0;
  /** Taken by the receiver, which the sender does not know yet. */
  #takenBytes = 0;
  #ending: "no" | "after-queue" | "sent" = "no";

  constructor(options: PipeOptions) {
    this.#options = options;
  }

  get queuedBytes(): number {
    return this.#queuedBytes;
  }

  write(chunks: readonly Uint8Array[]): void {
    if (this.#ending !== "no") return;
    for (const chunk of chunks) {
      if (chunk.byteLength > 0) this.#queue.push(chunk);
      this.#queuedBytes += chunk.byteLength;
    }
    this.#fillWindow();
  }

  /** Everything written has been sent, and the end behind it. */
  get isFinished(): boolean {
    return this.#ending === "sent";
  }

  /** Ends after what was written. */
  finish(): void {
    if (this.#ending !== "no") return;
    this.#ending = "after-queue";
    this.#fillWindow();
  }

  /** Forgets what is still queued and sends nothing more but this. What is under way arrives before it. */
  abort(last: "end" | "reset" | "nothing"): void {
    this.#queue.length = 0;
    this.#queuedBytes = 0;
    if (last === "reset" || (last === "end" && this.#ending !== "sent")) this.#send(last);
    this.#ending = "sent";
  }

  /** Loses what is under way, too. */
  cut(): void {
    this.abort("nothing");
    this.#flight = [];
  }

  /** The receiver has taken so many bytes. */
  took(bytes: number): void {
    this.#takenBytes += bytes;
    this.#options.scheduler.after(this.#options.drawDelayMs(), this.#acknowledge);
  }

  /** A partition came or went. */
  pathChanged(): void {
    this.#options.scheduler.after(this.#options.drawDelayMs(), () => {
      this.#deliver();
      this.#acknowledge();
    });
  }

  readonly #acknowledge = (): void => {
    if (this.#takenBytes === 0 || this.#options.isBackBlocked()) return;
    this.#windowBytes -= this.#takenBytes;
    this.#takenBytes = 0;
    const wasQueued = this.#queuedBytes > 0;
    this.#fillWindow();
    if (wasQueued && this.#queuedBytes === 0) this.#options.drained();
  };

  #fillWindow(): void {
    while (this.#queuedBytes > 0 && this.#windowBytes < WINDOW_BYTES) {
      const room = Math.min(WINDOW_BYTES - this.#windowBytes, this.#options.drawPieceBytes());
      const piece = this.#takeFromQueue(Math.min(room, this.#queuedBytes));
      this.#windowBytes += piece.byteLength;
      this.#queuedBytes -= piece.byteLength;
      this.#send(piece);
    }
    if (this.#queuedBytes > 0 || this.#ending !== "after-queue") return;
    this.#ending = "sent";
    this.#send("end");
  }

  /** A copy: the two ends share no memory. */
  #takeFromQueue(size: number): Uint8Array {
    const parts: Uint8Array[] = [];
    let missing = size;
    while (missing > 0) {
      const chunk = present(this.#queue.shift(), "a chunk of the queued bytes");
      parts.push(chunk.subarray(0, missing));
      if (chunk.byteLength > missing) this.#queue.unshift(chunk.subarray(missing));
      missing -= Math.min(missing, chunk.byteLength);
    }
    return new Uint8Array(concatBytes(...parts));
  }

  #send(piece: Piece): void {
    const { scheduler, drawDelayMs } = this.#options;
    this.#lastDueMs = Math.max(this.#lastDueMs, scheduler.nowMs + drawDelayMs());
    this.#flight.push({ piece, dueMs: this.#lastDueMs });
    scheduler.at(this.#lastDueMs, () => this.#deliver());
  }

  #deliver(): void {
    const { scheduler, isBlocked, arrived } = this.#options;
    for (;;) {
      const next = this.#flight[0];
      if (next === undefined || next.dueMs > scheduler.nowMs || isBlocked()) return;
      this.#flight.shift();
      arrived(next.piece);
    }
  }
}
