/** Answers four-letter words, as far as it is told. */
import { once } from "node:events";
import { createServer, type Server } from "node:net";

export class WordServer {
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  /** Undefined as an answer: it says nothing and keeps the connection. */
  static async start(answer: string | undefined): Promise<WordServer> {
    const server = createServer((socket) => {
      socket.on("error", () => {});
      socket.once("data", (word) => {
        if (answer !== undefined) socket.end(answer.replace("%s", word.toString()));
      });
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return new WordServer(server);
  }

  get address(): string {
    const address = this.#server.address();
    if (address === null || typeof address === "string") throw new Error("it does not listen");
    return `127.0.0.1:${address.port}`;
  }

  async stop(): Promise<void> {
    this.#server.close();
    await once(this.#server, "close");
  }
}
