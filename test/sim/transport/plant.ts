/**
 * Bugs that can be planted below and above the messengers, for tests of the witness: it must see each of them.
 *
 * - lost-chunk: now and then a stream swallows bytes that had arrived.
 * - handled-twice: now and then a request is given to its handler a second time.
 * - early-end: a graceful close takes down the streams at once.
 */
import { type Prng, randomChance } from "../../../cluster/base/prng.ts";
import type { ByteStream } from "../../../cluster/runtime/stream.ts";

export const PLANTS = ["lost-chunk", "handled-twice", "early-end"] as const;
export type Plant = (typeof PLANTS)[number] | "none";

const LOSS_CHANCE = 0.001;

/** The stream, but some of what arrives gets lost. */
export function lossyStream(stream: ByteStream, prng: Prng): ByteStream {
  return {
    remoteAddress: stream.remoteAddress,
    get queuedBytes() {
      return stream.queuedBytes;
    },
    start: (handler) =>
      stream.start({
        data: (chunk) => {
          if (!randomChance(prng, LOSS_CHANCE)) handler.data(chunk);
        },
        drain: () => handler.drain(),
        close: (reason) => handler.close(reason),
      }),
    write: (chunks) => stream.write(chunks),
    pause: () => stream.pause(),
    resume: () => stream.resume(),
    end: () => stream.end(),
    destroy: () => stream.destroy(),
  };
}
