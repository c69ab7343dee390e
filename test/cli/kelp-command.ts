/** `kelp` as it is typed, beside a toy server on a real socket. */
import { vi } from "vitest";
import { failureOf } from "../../cli/failure.ts";
import { createProgram } from "../../cli/program.ts";
import type { Listener } from "../../cluster/runtime/stream.ts";
import { tcpNetwork } from "../../cluster/runtime/tcp.ts";
import { ToyServer } from "../cluster/zookeeper/toy-server.ts";

export interface Outcome {
  readonly out: string;
  readonly err: string;
  readonly exitCode: number;
}

export class KelpCommand {
  readonly server: ToyServer;
  readonly #listener: Listener;

  private constructor(server: ToyServer, listener: Listener) {
    this.server = server;
    this.#listener = listener;
  }

  static async start(): Promise<KelpCommand> {
    const server = new ToyServer();
    return new KelpCommand(server, await server.listen(tcpNetwork, "127.0.0.1:0"));
  }

  get address(): string {
    return this.#listener.address;
  }

  async stop(): Promise<void> {
    await this.#listener.close();
    this.server.cut();
  }

  async run(...words: string[]): Promise<Outcome> {
    let [out, err, exitCode] = ["", "", 0];
    vi.spyOn(process.stdout, "write").mockImplementation((chunk) => {
      out += chunk;
      return true;
    });
    const writeErr = (text: string): void => {
      err += text;
    };
    const program = createProgram("1.2.3", { writeErr });
    await program.parseAsync(words, { from: "user" }).catch((error: unknown) => {
      // As if the terminal were endlessly wide: where lines break is tested where they are broken.
      const failure = failureOf(error, Number.POSITIVE_INFINITY);
      err += failure.text;
      exitCode = failure.exitCode;
    });
    vi.restoreAllMocks();
    return { out, err, exitCode };
  }
}
