/** Asks a server with one of its four-letter words. */
import { connect } from "node:net";

const ANSWER_MS_MAX = 2_000;

/** What it answered before it closed the connection; nothing if it did not. */
export function fourLetterWord(port: number, word: string): Promise<string> {
  return new Promise((resolve) => {
    let answer = "";
    const socket = connect({ host: "127.0.0.1", port });
    socket.setTimeout(ANSWER_MS_MAX, () => socket.destroy());
    socket.on("connect", () => socket.write(word));
    socket.on("data", (chunk) => {
      answer += chunk.toString("latin1");
    });
    // "close" follows, and says with an empty answer what there is to say.
    socket.on("error", () => {});
    socket.on("close", () => resolve(answer));
  });
}

/** "standalone", "leader", "follower", or undefined while it does not serve. */
export async function serverMode(port: number): Promise<string | undefined> {
  return /^Mode: (\S+)/m.exec(await fourLetterWord(port, "srvr"))?.[1];
}
