/** One end of a simulated byte stream: what a socket is, over two pipes. */
import { assert, present } from "../../cluster/base/assert.ts";
import type { PeerName } from "../../cluster/base/ids.ts";
import type { ByteStream, StreamHandler } from "../../cluster/runtime/stream.ts";
import { type Piece, Pipe } from "./pipe.ts";
import type { Scheduler } from "./scheduler.ts";

/** What one end knows of the network. */
export interface StreamWorld {
  readonly scheduler: Scheduler;
  /** Runs what calls the process, when the process runs. */
  run(callback: () => void): void;
  drawDelayMs(): number;
  drawPieceBytes(): number;
  /** Nothing that this end sends gets through now. */
  isBlocked(): boolean;
  /** It has closed and calls nobody any more. */
  closed(stream: SimStream): void;
}

export class SimStream implements ByteStream {
  readonly remoteAddress: string;
  readonly peer: PeerName;
  readonly #world: StreamWorld;
  #joined: { readonly remote: SimStream; readonly pipe: Pipe } | undefined;
  #handler: StreamHandler | undefined;
  /** Arrived and not taken: nobody has started to read, or reading is paused. */
  #inbox: Piece[] = [];
  #isPaused = false;
  #hasReadEnd = false;
  /** Silent: its machine is gone, and not even its kernel answers. */
  #status: "open" | "closed" | "crashed" | "silent" = "open";
  #closeReason = "";

  constructor(world: StreamWorld, peer: PeerName, remoteAddress: string) {
    this.#world = world;
    this.peer = peer;
    this.remoteAddress = remoteAddress;
  }

  /** For the network, on both ends, before anything else. */
  join(remote: SimStream): void {
    const { scheduler, drawDelayMs, drawPieceBytes, isBlocked } = this.#world;
    const pipe = new Pipe({
      scheduler,
      drawDelayMs,
      drawPieceBytes,
      isBlocked,
      isBackBlocked: () => remote.#world.isBlocked(),
      arrived: (piece) => remote.#arrived(piece),
      drained: () => this.#drained(),
    });
    this.#joined = { remote, pipe };
  }

  get queuedBytes(): number {
    return this.#pipe.queuedBytes;
  }

  start(handler: StreamHandler): void {
    assert(this.#handler === undefined, "a stream is started once");
    this.#handler = handler;
    this.#readSoon();
    if (this.#status === "closed") this.#tellClosed();
  }

  write(chunks: readonly Uint8Array[]): void {
    if (this.#status === "open") this.#pipe.write(chunks);
  }

  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
    this.#readSoon();
  }

  end(): void {
    if (this.#status !== "open") return;
    this.#pipe.finish();
    this.#maybeClose();
  }

  destroy(): void {
    if (this.#status !== "open") return;
    this.#pipe.abort("end");
    this.#close("closed on this side");
  }

  /** For the network: both ends at once. */
  reset(): void {
    for (const end of [this, this.#remote]) {
      end.#pipe.cut();
      end.#close("connection reset");
    }
  }

  /** For the network: its process is gone. */
  crash(notice: "reset" | "silence"): void {
    const tellsPeer = notice === "reset" && this.#status === "open";
    this.#pipe.abort(tellsPeer ? "reset" : "nothing");
    this.#status = notice === "reset" ? "crashed" : "silent";
    this.#inbox = [];
  }

  /** For the network: a partition came or went. */
  pathChanged(): void {
    this.#pipe.pathChanged();
    this.#remote.#pipe.pathChanged();
  }

  get #pipe(): Pipe {
    return present(this.#joined, "the other end").pipe;
  }

  get #remote(): SimStream {
    return present(this.#joined, "the other end").remote;
  }

  #drained(): void {
    this.#world.run(() => {
      if (this.#status === "open" && this.queuedBytes === 0) this.#handler?.drain();
    });
    this.#maybeClose();
  }

  #arrived(piece: Piece): void {
    if (this.#status === "silent") return;
    if (this.#status !== "open") {
      // The kernel answers for a socket that is no more.
      if (piece instanceof Uint8Array) this.#pipe.abort("reset");
    } else if (piece === "reset") {
      this.#close("connection reset");
    } else {
      this.#inbox.push(piece);
      this.#world.run(() => this.#read());
    }
  }

  #readSoon(): void {
    this.#world.scheduler.after(0, () => this.#world.run(() => this.#read()));
  }

  /** A handler may pause or close between any two pieces. */
  #read(): void {
    while (this.#handler !== undefined && !this.#isPaused && this.#status === "open") {
      const piece = this.#inbox.shift();
      if (piece === undefined) return;
      if (piece instanceof Uint8Array) {
        this.#remote.#pipe.took(piece.byteLength);
        this.#handler.data(piece);
      } else {
        this.#hasReadEnd = true;
        this.end(); // A socket whose peer ended sends what it still has, and ends too.
      }
    }
  }

  #maybeClose(): void {
    if (this.#hasReadEnd && this.#pipe.isFinished) this.#close("the peer closed the connection");
  }

  #close(reason: string): void {
    if (this.#status !== "open") return;
    this.#status = "closed";
    this.#closeReason = reason;
    this.#inbox = [];
    this.#world.closed(this);
    if (this.#handler !== undefined) this.#tellClosed();
  }

  /** In an event of its own: whoever destroys a stream is not called back from within. */
  #tellClosed(): void {
    this.#world.scheduler.after(0, () => {
      this.#world.run(() => {
        if (this.#status === "closed") this.#handler?.close(this.#closeReason);
      });
    });
  }
}
