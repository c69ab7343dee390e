/** `kelp znode` as it is typed, against a toy server on a real socket. */
import { vi } from "vitest";
import { failureOf } from "../../../cli/failure.ts";
import { createProgram } from "../../../cli/program.ts";
import type { Listener } from "../../../cluster/runtime/stream.ts";
import { tcpNetwork } from "../../../cluster/runtime/tcp.ts";
import { ToyServer } from "../../cluster/zookeeper/toy-server.ts";

export interface Outcome {
  readonly out: string;
  readonly err: string;
  readonly exitCode: number;
}

export class ZnodeCommand {
  readonly server: ToyServer;
  readonly #listener: Listener;

  private constructor(server: ToyServer, listener: Listener) {
    this.server = server;
    this.#listener = listener;
  }

  static async start(): Promise<ZnodeCommand> {
    const server = new ToyServer();
    return new ZnodeCommand(server, await server.listen(tcpNetwork, "127.0.0.1:0"));
  }

  get address(): string {
    return this.#listener.address;
  }

  async stop(): Promise<void> {
    await this.#listener.close();
    this.server.cut();
  }

  async run(...words: string[]): Promise<Outcome> {
    const [name = "", ...rest] = words;
    return await this.runAs(name, "--server", this.address, ...rest);
  }

  async runAs(...words: string[]): Promise<Outcome> {
    const chunks: Buffer[] = [];
    let err = "";
    vi.spyOn(process.stdout, "write").mockImplementation((chunk) => {
      chunks.push(Buffer.from(chunk));
      return true;
    });
    vi.spyOn(process.stderr, "write").mockImplementation((chunk) => {
      err += chunk;
      return true;
    });
    const program = createProgram("1.2.3", {
      writeErr: (text) => {
        err += text;
      },
    });
    let exitCode = 0;
    await program.parseAsync(["znode", ...words], { from: "user" }).catch((error: unknown) => {
      const failure = failureOf(error, Number.POSITIVE_INFINITY);
      err += failure.text;
      exitCode = failure.exitCode;
    });
    vi.restoreAllMocks();
    return { out: Buffer.concat(chunks).toString("latin1"), err, exitCode };
  }
}
