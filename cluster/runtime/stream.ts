/**
 * Connections that carry bytes: node:net in production (tcp.ts), simulated in tests. Everything above (handshake,
 * frames, deadlines, reconnecting) sees the network only through this.
 */

export interface ByteStream {
  /** The other end as an operator would write it. */
  readonly remoteAddress: string;
  /** Bytes that were written and have not yet been handed to the operating system. */
  readonly queuedBytes: number;
  /** Called once. What happened before is told after it returns, never while it runs. */
  start(handler: StreamHandler): void;
  /** Never refuses; whoever writes watches `queuedBytes`. The chunks must not change afterwards. */
  write(chunks: readonly Uint8Array[]): void;
  /** Stops and restarts `data`: what the receiver does not take, the sender's kernel will hold back. */
  pause(): void;
  resume(): void;
  /** Ends the connection after what was written has been sent. */
  end(): void;
  /** Ends it now. `close` is still called, once. */
  destroy(): void;
}

export interface StreamHandler {
  data(chunk: Uint8Array): void;
  /** `queuedBytes` is zero again after it was not. */
  drain(): void;
  /** Exactly once, last, however the connection ended. */
  close(reason: string): void;
}

export interface Listener {
  /** With the port that was really taken when port 0 was asked for. */
  readonly address: string;
  /** Takes no more connections; those that exist live on. */
  close(): Promise<void>;
}

export interface StreamNetwork {
  /** Rejects with CONFIG_INVALID for an address that is none, UNREACHABLE if it cannot be bound. */
  listen(address: string, accept: (stream: ByteStream) => void): Promise<Listener>;
  /** Rejects with UNREACHABLE (see `isRefusal`). Gives up when the signal aborts. */
  connect(address: string, signal: AbortSignal): Promise<ByteStream>;
}

/** What an attempt to connect rejects with if the machine is there and nobody listens on it. */
export const REFUSAL = { code: "ECONNREFUSED" } as const;

export function isRefusal(error: unknown): boolean {
  const cause = error instanceof Error ? error.cause : undefined;
  return (
    typeof cause === "object" && cause !== null && "code" in cause && cause.code === REFUSAL.code
  );
}
