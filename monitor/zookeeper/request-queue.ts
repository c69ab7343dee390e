/**
 * What a connection has asked for and has not been answered, in the order in which it asked. The
 * answers leave in that order: a read behind an unanswered write waits, and so sees the write.
 *
 * Requests enter at the end and leave at the front, so an array with a moving start is enough.
 */
import type { ErrorCode } from "../../cluster/zookeeper/error-codes.ts";
import type { Identity } from "../tree/batch.ts";
import { isHeavy } from "./heavy-reads.ts";

/**
 * - write: goes through the log; answered by its outcome.
 * - sync: answered when this member has caught up with the leader.
 * - local: answered here, when its turn comes.
 * - settled: the answer is known and waits for its turn.
 */
export type RequestKind = "write" | "sync" | "local" | "settled";

export interface PendingRequest {
  kind: RequestKind;
  readonly xid: number;
  readonly op: number;
  readonly body: Uint8Array;
  /** Who the client was when it asked. */
  readonly identities: readonly Identity[];
  readonly receivedMs: number;
  /** Of a write: its number among those of its connection. */
  readonly sequence: number;
  /** Of a write: it is on its way to the log. */
  isForwarded: boolean;
  /**
   * What the answer's header shows; undefined for the tree's last one when the answer leaves, which
   * never goes back from one answer to the next.
   */
  readonly zxid: number | undefined;
  /** The answer, once it is settled. */
  error: ErrorCode;
  response: Uint8Array | undefined;
  /** The connection ends with this answer. */
  isLast: boolean;
}

const COMPACT_MIN = 64;
/** What a request costs beside its body. */
export const REQUEST_OVERHEAD = 256;

export function requestBytes({ body }: Pick<PendingRequest, "body">): number {
  return body.byteLength + REQUEST_OVERHEAD;
}

export class RequestQueue {
  #requests: (PendingRequest | undefined)[] = [];
  #start = 0;
  #bytes = 0;
  #forwardedCount = 0;
  #forwardedBytes = 0;

  get length(): number {
    return this.#requests.length - this.#start;
  }

  /** What the requests hold, with what they cost beside their bodies. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Writes among them that are on their way or have come back. */
  get forwardedCount(): number {
    return this.#forwardedCount;
  }

  /** What those hold. */
  get forwardedBytes(): number {
    return this.#forwardedBytes;
  }

  noteForwarded(request: PendingRequest): void {
    request.isForwarded = true;
    this.#forwardedCount += 1;
    this.#forwardedBytes += requestBytes(request);
  }

  first(): PendingRequest | undefined {
    return this.#requests[this.#start];
  }

  push(request: PendingRequest): void {
    this.#requests.push(request);
    this.#bytes += requestBytes(request);
  }

  shift(): void {
    const first = this.first();
    if (first === undefined) return;
    this.#bytes -= requestBytes(first);
    if (first.isForwarded) {
      this.#forwardedCount -= 1;
      this.#forwardedBytes -= requestBytes(first);
    }
    this.#requests[this.#start] = undefined;
    this.#start += 1;
    if (this.#start === this.#requests.length) this.clear();
    else if (this.#start >= COMPACT_MIN && 2 * this.#start >= this.#requests.length) {
      this.#requests = this.#requests.slice(this.#start);
      this.#start = 0;
    }
  }

  /** The unanswered write with this number, if it is there. */
  write(sequence: number): PendingRequest | undefined {
    for (let index = this.#start; index < this.#requests.length; index++) {
      const request = this.#requests[index] as PendingRequest;
      if (request.kind !== "write") continue;
      return request.sequence === sequence ? request : this.#laterWrite(index + 1, sequence);
    }
    return undefined;
  }

  /** The writes on their way, in order. */
  forwarded(): PendingRequest[] {
    return [...this].filter(({ kind, isForwarded }) => kind === "write" && isForwarded);
  }

  /** The writes that are held back and may go: those before the first unanswered sync or heavy read. */
  held(): PendingRequest[] {
    const held: PendingRequest[] = [];
    for (const request of this) {
      if (request.kind === "sync") break;
      if (request.kind === "local" && isHeavy(request.op)) break;
      if (request.kind === "write" && !request.isForwarded) held.push(request);
    }
    return held;
  }

  *[Symbol.iterator](): Iterator<PendingRequest> {
    for (let index = this.#start; index < this.#requests.length; index++) {
      yield this.#requests[index] as PendingRequest;
    }
  }

  clear(): void {
    this.#requests = [];
    this.#start = 0;
    this.#bytes = 0;
    this.#forwardedCount = 0;
    this.#forwardedBytes = 0;
  }

  /** Writes get their outcomes in order, so it is hardly ever a later one that is asked for. */
  #laterWrite(from: number, sequence: number): PendingRequest | undefined {
    for (let index = from; index < this.#requests.length; index++) {
      const request = this.#requests[index] as PendingRequest;
      if (request.kind === "write" && request.sequence === sequence) return request;
    }
    return undefined;
  }
}
