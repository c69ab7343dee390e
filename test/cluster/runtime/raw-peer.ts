/** The far end of a connection, driven frame by frame: for peers that do not behave. */
import { present } from "../../../cluster/base/assert.ts";
import type { ByteStream } from "../../../cluster/runtime/stream.ts";
import { type Frame, FrameDecoder } from "../../../cluster/wire/frame.ts";

export class RawPeer {
  readonly frames: Frame[] = [];
  closeReason: string | undefined;
  readonly #stream: ByteStream;

  constructor(stream: ByteStream) {
    this.#stream = stream;
    const decoder = new FrameDecoder({ controlSizeMax: 1 << 20, payloadSizeMax: 1 << 24 });
    stream.start({
      data: (chunk) => {
        decoder.push(chunk);
        for (let frame = decoder.next(); frame; frame = decoder.next()) this.frames.push(frame);
      },
      drain: () => {},
      close: (reason) => {
        this.closeReason = reason;
      },
    });
  }

  write(chunks: readonly Uint8Array[]): void {
    if (this.closeReason === undefined) this.#stream.write(chunks);
  }

  /** Takes nothing from here on, as a stopped process would. */
  pause(): void {
    this.#stream.pause();
  }

  /** The oldest frame of this type that has arrived. */
  take(type: number): Frame {
    const frame = this.frames.find((each) => each.type === type);
    this.frames.splice(0, this.frames.length, ...this.frames.filter((each) => each !== frame));
    return present(frame, `a frame of type ${type}`);
  }
}
