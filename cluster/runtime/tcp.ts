/** Byte streams over TCP: a thin skin on node:net, so that everything above it also runs on simulated streams. */
import { connect, createServer, type Server, type Socket } from "node:net";
import { ClusterError } from "../base/error.ts";
import type { ByteStream, Listener, StreamHandler, StreamNetwork } from "./stream.ts";

export const tcpNetwork: StreamNetwork = {
  listen(address, accept) {
    return new Promise<Listener>((resolve, reject) => {
      const { host, port } = parseAddress(address);
      const server = createServer({ noDelay: true }, (socket) => accept(new TcpStream(socket)));
      server.once("error", (cause: NodeJS.ErrnoException) => {
        const hint = cause.code === "EADDRINUSE" ? "another process uses this port" : cause.message;
        reject(new ClusterError("UNREACHABLE", `cannot listen on ${address}: ${hint}`, { cause }));
      });
      server.listen({ host, port }, () => {
        // From here on an error is a connection that could not be accepted; its peer will try again.
        server.on("error", () => {});
        resolve(listenerOf(server));
      });
    });
  },

  connect(address, signal) {
    return new Promise<ByteStream>((resolve, reject) => {
      const { host, port } = parseAddress(address);
      const refuse = (why: string, cause?: unknown): void => {
        socket.destroy();
        signal.removeEventListener("abort", giveUp);
        reject(new ClusterError("UNREACHABLE", `cannot connect to ${address}: ${why}`, { cause }));
      };
      const giveUp = (): void => refuse("gave up waiting");
      const socket = connect({ host, port, noDelay: true });
      const failed = (cause: Error): void => refuse(cause.message, cause);
      socket.once("error", failed);
      socket.once("connect", () => {
        socket.off("error", failed);
        signal.removeEventListener("abort", giveUp);
        resolve(new TcpStream(socket));
      });
      if (signal.aborted) giveUp();
      else signal.addEventListener("abort", giveUp, { once: true });
    });
  },
};

/** `host:port` or `[v6]:port`. */
export function parseAddress(address: string): { host: string; port: number } {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^\s:[\]]+)):(\d{1,5})$/.exec(address);
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3]);
  if (host === undefined || port > 65_535) {
    throw new ClusterError("CONFIG_INVALID", `"${address}" is no address; write host:port`);
  }
  return { host, port };
}

export function formatAddress(host: string, port: number): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

function listenerOf(server: Server): Listener {
  const bound = server.address();
  if (bound === null || typeof bound === "string") throw new TypeError("not a TCP server");
  return {
    address: formatAddress(bound.address, bound.port),
    close: () => {
      server.close(); // Its callback would wait for the accepted connections too.
      return Promise.resolve();
    },
  };
}

class TcpStream implements ByteStream {
  readonly remoteAddress: string;
  readonly #socket: Socket;

  constructor(socket: Socket) {
    this.#socket = socket;
    this.remoteAddress = formatAddress(socket.remoteAddress ?? "unknown", socket.remotePort ?? 0);
    // Until a handler is there, an error must not end the process; close tells the story.
    socket.on("error", () => {});
  }

  get queuedBytes(): number {
    return this.#socket.writableLength;
  }

  start(handler: StreamHandler): void {
    const socket = this.#socket;
    let reason = "the peer closed the connection";
    socket.on("error", (error) => {
      reason = error.message;
    });
    socket.on("data", (chunk: Buffer) => handler.data(chunk));
    socket.on("drain", () => handler.drain());
    socket.once("close", () => handler.close(reason));
    if (socket.destroyed) queueMicrotask(() => handler.close("the connection was already closed"));
  }

  write(chunks: readonly Uint8Array[]): void {
    const socket = this.#socket;
    if (chunks.length === 1) {
      socket.write(chunks[0] as Uint8Array);
      return;
    }
    socket.cork(); // One writev for all of them.
    for (const chunk of chunks) socket.write(chunk);
    socket.uncork();
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  end(): void {
    this.#socket.end();
  }

  destroy(): void {
    this.#socket.destroy();
  }
}
