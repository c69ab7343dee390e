/**
 * The port for those who watch a monitor: `/metrics` for Prometheus, `/healthz` (the process turns)
 * and `/readyz` (it serves clients) for whatever starts and stops it.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { assert } from "../../cluster/base/assert.ts";
import { ClusterError } from "../../cluster/base/error.ts";
import type { Metrics } from "../../cluster/runtime/metrics.ts";
import { formatAddress, parseAddress } from "../../cluster/runtime/tcp.ts";

const REQUEST_TIMEOUT_MS = 5_000;
const CONNECTIONS_MAX = 64;
const HEADER_SIZE_MAX = 8 << 10;

export interface HttpPortOptions {
  readonly metrics: Metrics;
  /** Undefined if it serves, else why it does not. */
  readonly whyNotReady: () => string | undefined;
  /** Called before metrics are shown. */
  readonly collect: () => void;
}

interface Answer {
  readonly status: number;
  readonly contentType: string;
  readonly text: string;
}

export class HttpPort {
  readonly #options: HttpPortOptions;
  readonly #server: Server;

  constructor(options: HttpPortOptions) {
    this.#options = options;
    this.#server = createServer(
      {
        requestTimeout: REQUEST_TIMEOUT_MS,
        headersTimeout: REQUEST_TIMEOUT_MS,
        maxHeaderSize: HEADER_SIZE_MAX,
      },
      (request, response) => {
        this.#answer(request).then(
          (answer) => send(request, response, answer),
          () => send(request, response, plain(500, "the metrics could not be put together")),
        );
      },
    );
    this.#server.maxConnections = CONNECTIONS_MAX;
  }

  /** Resolves with the address that was taken; rejects with UNREACHABLE. */
  listen(address: string): Promise<string> {
    const { host, port } = parseAddress(address);
    return new Promise((resolve, reject) => {
      this.#server.once("error", (cause) => {
        const message = `cannot listen on ${address} for HTTP: ${cause.message}`;
        reject(new ClusterError("UNREACHABLE", message, { cause }));
      });
      this.#server.listen({ host, port }, () => {
        const bound = this.#server.address();
        assert(bound !== null && typeof bound === "object", "a TCP server has an address");
        resolve(formatAddress(bound.address, bound.port));
      });
    });
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
  }

  async #answer({ method, url }: IncomingMessage): Promise<Answer> {
    if (method !== "GET" && method !== "HEAD") return plain(405, "only GET and HEAD are there");
    switch (url?.split("?")[0]) {
      case "/metrics": {
        this.#options.collect();
        const { contentType, text } = await this.#options.metrics.expose();
        return { status: 200, contentType, text };
      }
      case "/healthz":
        return plain(200, "ok");
      case "/readyz": {
        const why = this.#options.whyNotReady();
        return why === undefined ? plain(200, "ok") : plain(503, why);
      }
      default:
        return plain(404, "there are /metrics, /healthz and /readyz");
    }
  }
}

function plain(status: number, text: string): Answer {
  return { status, contentType: "text/plain; charset=utf-8", text: `${text}\n` };
}

function send({ method }: IncomingMessage, response: ServerResponse, answer: Answer): void {
  const { status, contentType, text } = answer;
  response.writeHead(status, {
    "content-type": contentType,
    "content-length": Buffer.byteLength(text),
    "cache-control": "no-store",
  });
  response.end(method === "HEAD" ? undefined : text);
}
