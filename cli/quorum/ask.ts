/** Shell: asks a server with a four-letter word. */
import { isClusterError } from "../../cluster/base/error.ts";
import { tcpNetwork } from "../../cluster/runtime/tcp.ts";

/** An answer is a few hundred bytes; whoever sends more is something else. */
const ANSWER_SIZE_MAX = 64 << 10;

export type Answer = { readonly text: string } | { readonly problem: string };

/** What comes until the server closes the connection. Never rejects. */
export async function askWord(address: string, word: string, timeoutMs: number): Promise<Answer> {
  const signal = AbortSignal.timeout(timeoutMs);
  try {
    const stream = await tcpNetwork.connect(address, signal);
    return await new Promise<Answer>((resolve) => {
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
    const { cause } = error;
    const isRefused = cause instanceof Error && "code" in cause && cause.code === "ECONNREFUSED";
    return { problem: isRefused ? "nothing listens there" : error.message };
  }
}
