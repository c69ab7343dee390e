/** Shell: asks a server of the coordinator with a four-letter word. */
import type { Clock } from "../base/clock.ts";
import { isClusterError } from "../base/error.ts";
import { isRefusal, type StreamNetwork } from "../runtime/stream.ts";

/** An answer is a few hundred bytes; whoever sends more is something else. */
const ANSWER_SIZE_MAX = 64 << 10;

export type WordAnswer = { readonly text: string } | { readonly problem: string };

export interface AskWordOptions {
  readonly network: StreamNetwork;
  readonly clock: Clock;
  readonly timeoutMs: number;
}

/** What comes until the server closes the connection. Rejects with nothing but a bug. */
export async function askWord(
  address: string,
  word: string,
  { network, clock, timeoutMs }: AskWordOptions,
): Promise<WordAnswer> {
  const abort = new AbortController();
  const { signal } = abort;
  const timer = clock.after(timeoutMs, () => abort.abort());
  try {
    const stream = await network.connect(address, signal);
    return await new Promise<WordAnswer>((resolve) => {
      let text = "";
      signal.addEventListener("abort", () => {
        resolve({ problem: `no answer within ${timeoutMs} ms` });
        stream.destroy();
      });
      stream.start({
        data: (chunk) => {
          text += Buffer.from(chunk).toString("latin1");
          if (text.length > ANSWER_SIZE_MAX) stream.destroy();
        },
        drain: () => {},
        close: () => resolve({ text }),
      });
      stream.write([Buffer.from(word)]);
    });
  } catch (error) {
    if (signal.aborted) return { problem: `no connection within ${timeoutMs} ms` };
    if (!isClusterError(error)) throw error;
    return { problem: isRefusal(error) ? "nothing listens there" : error.message };
  } finally {
    timer.cancel();
  }
}
