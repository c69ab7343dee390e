/**
 * A session that does as little as a client can: it keeps a window of requests on their way, sends
 * all of one turn in one write, and reads of a reply no more than its header. If it may reconnect,
 * it goes on at the next server with the same session; what was on its way then ends as lost.
 */
import { connect, type Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { assert } from "../../cluster/base/assert.ts";
import { encode } from "../../cluster/wire/codec.ts";
import { ERRORS } from "../../cluster/zookeeper/error-codes.ts";
import { XIDS } from "../../cluster/zookeeper/header-records.ts";
import {
  connectRequest,
  NO_SESSION,
  PASSWORD_SIZE,
  PROTOCOL_VERSION,
} from "../../cluster/zookeeper/session-records.ts";
import { closeFrame, type Frame, pingFrame, setXid } from "./frames.ts";

export interface Address {
  readonly host: string;
  readonly port: number;
}

export interface LoadSessionOptions {
  readonly servers: readonly Address[];
  /** Which of them comes first. */
  readonly first: number;
  readonly timeoutMs: number;
  /** Off by default. */
  readonly reconnects?: boolean;
}

/** The error code, and the reply if there was one: xid, zxid and err come before its body. */
export type Answered = (err: number, reply: Buffer | undefined) => void;

export const REPLY_BODY_OFFSET = 16;
export const LOST = ERRORS.CONNECTIONLOSS;
const RECONNECT_MS = 20;
const CLOSE_MS_MAX = 2_000;

export class LoadSession {
  readonly #options: LoadSessionOptions;
  readonly #ping = pingFrame();
  /** Called with the type of each event. */
  onEvent: (type: number) => void = () => {};
  /** Called when it can send, first and after each reconnect. */
  onUp: () => void = () => {};
  reconnectCount = 0;
  expiredCount = 0;
  #at: number;
  #socket: Socket | undefined;
  #isUp = false;
  #isClosed = false;
  #sessionId = NO_SESSION;
  #password: Uint8Array = new Uint8Array(PASSWORD_SIZE);
  #lastZxid = 0n;
  #lastXid = 0;
  /** Before `#answeredCount` they are answered: shifting each off would cost more than all else. */
  #pending: { readonly xid: number; readonly answered: Answered }[] = [];
  #answeredCount = 0;
  #unsent: Frame[] = [];
  #rest: Buffer | undefined;
  #sentMs = 0;
  #heardMs = 0;
  #keepAlive: NodeJS.Timeout | undefined;

  constructor(options: LoadSessionOptions) {
    this.#options = options;
    this.#at = options.first;
  }

  get isUp(): boolean {
    return this.#isUp;
  }

  /** Resolves with the session there; rejects if this server gives none. */
  open(): Promise<void> {
    const { servers } = this.#options;
    const server = servers[this.#at % servers.length];
    assert(server !== undefined, "a session needs a server");
    const socket = connect({ ...server, noDelay: true });
    this.#socket = socket;
    this.#rest = undefined;
    return new Promise((resolve, reject) => {
      let reason = new Error(`no session from ${server.host}:${server.port}`);
      socket.on("error", (error) => {
        reason = error;
      });
      socket.on("connect", () => socket.write(this.#handshake()));
      socket.on("data", (chunk) => {
        const wasUp = this.#isUp;
        this.#read(chunk);
        if (!wasUp && this.#isUp) {
          resolve();
          this.onUp();
        }
      });
      socket.on("close", () => {
        const wasUp = this.#isUp;
        this.#lose();
        if (!wasUp) reject(reason);
        else if (this.#options.reconnects === true && !this.#isClosed) void this.#comeBack();
      });
    });
  }

  send(packet: Frame, answered: Answered): void {
    this.#lastXid += 1;
    setXid(packet, this.#lastXid);
    this.#pending.push({ xid: this.#lastXid, answered });
    this.#unsent.push(packet);
    if (this.#unsent.length === 1) queueMicrotask(() => this.#flush());
  }

  call(packet: Frame): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      this.send(packet, (err, reply) => {
        if (err === 0 && reply !== undefined) resolve(reply);
        else reject(new Error(`the server answered ${err}`));
      });
    });
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    if (this.#isUp) {
      const answer = this.call(closeFrame()).catch(() => undefined);
      await Promise.race([answer, delay(CLOSE_MS_MAX, undefined, { ref: false })]);
    }
    this.#socket?.destroy();
  }

  #handshake(): Buffer {
    const body = encode(connectRequest, {
      protocolVersion: PROTOCOL_VERSION,
      lastZxidSeen: Number(this.#lastZxid),
      timeOut: this.#options.timeoutMs,
      sessionId: this.#sessionId,
      passwd: this.#password,
      readOnly: false,
    });
    const size = Buffer.alloc(4);
    size.writeInt32BE(body.byteLength);
    return Buffer.concat([size, body]);
  }

  #read(chunk: Buffer): void {
    this.#heardMs = performance.now();
    const bytes = this.#rest === undefined ? chunk : Buffer.concat([this.#rest, chunk]);
    let offset = 0;
    while (bytes.byteLength - offset >= 4) {
      const end = offset + 4 + bytes.readInt32BE(offset);
      if (end > bytes.byteLength) break;
      const packet = bytes.subarray(offset + 4, end);
      offset = end;
      if (this.#isUp) this.#takeReply(packet);
      else this.#begin(packet);
    }
    // A copy: the little that is left would keep all of the chunk.
    this.#rest = offset < bytes.byteLength ? Buffer.from(bytes.subarray(offset)) : undefined;
    this.#flush();
  }

  /** int version, int timeout, long session, buffer password. */
  #begin(packet: Buffer): void {
    const timeoutMs = packet.readInt32BE(4);
    if (timeoutMs <= 0) {
      this.expiredCount += 1;
      this.#sessionId = NO_SESSION;
      this.#password = new Uint8Array(PASSWORD_SIZE);
      this.#socket?.destroy();
      return;
    }
    this.#sessionId = packet.readBigInt64BE(8);
    this.#password = Buffer.from(packet.subarray(20, 20 + packet.readInt32BE(16)));
    this.#isUp = true;
    this.#sentMs = this.#heardMs;
    this.#keepAlive = setInterval(() => this.#stayAlive(timeoutMs), timeoutMs / 6);
  }

  #stayAlive(timeoutMs: number): void {
    const nowMs = performance.now();
    if (nowMs - this.#heardMs > (timeoutMs * 2) / 3) {
      this.#socket?.destroy();
    } else if (nowMs - this.#sentMs > timeoutMs / 3) {
      setXid(this.#ping, XIDS.ping);
      this.#sentMs = nowMs;
      this.#socket?.write(this.#ping);
    }
  }

  #takeReply(packet: Buffer): void {
    const xid = packet.readInt32BE(0);
    if (xid === XIDS.ping) return;
    if (xid === XIDS.notification) {
      this.onEvent(packet.readInt32BE(REPLY_BODY_OFFSET));
      return;
    }
    const zxid = packet.readBigInt64BE(4);
    if (zxid > this.#lastZxid) this.#lastZxid = zxid;
    const next = this.#pending[this.#answeredCount];
    assert(next?.xid === xid, `xid ${xid} is out of order`);
    this.#answeredCount += 1;
    if (this.#answeredCount === this.#pending.length || this.#answeredCount > PENDING_CUT) {
      this.#pending = this.#pending.slice(this.#answeredCount);
      this.#answeredCount = 0;
    }
    next.answered(packet.readInt32BE(12), packet);
  }

  #flush(): void {
    if (this.#unsent.length === 0 || this.#socket === undefined) return;
    const [only] = this.#unsent;
    const packets = this.#unsent;
    this.#unsent = [];
    this.#sentMs = performance.now();
    this.#socket.write(packets.length === 1 && only ? only : Buffer.concat(packets));
  }

  #lose(): void {
    clearInterval(this.#keepAlive);
    this.#socket = undefined;
    this.#isUp = false;
    this.#unsent = [];
    const lost = this.#pending.slice(this.#answeredCount);
    this.#pending = [];
    this.#answeredCount = 0;
    for (const { answered } of lost) answered(LOST, undefined);
  }

  async #comeBack(): Promise<void> {
    while (!this.#isClosed) {
      this.#at += 1;
      this.reconnectCount += 1;
      try {
        await this.open();
        return;
      } catch {
        // That server is gone, which is what this is for: the next one may be there.
        await delay(RECONNECT_MS);
      }
    }
  }
}

const PENDING_CUT = 4096;

/** Spread over the servers by turns. */
export async function openSessions(
  count: number,
  options: Omit<LoadSessionOptions, "first">,
): Promise<LoadSession[]> {
  const sessions = Array.from(
    { length: count },
    (_, first) => new LoadSession({ ...options, first }),
  );
  for (let from = 0; from < count; from += OPENED_AT_ONCE) {
    const some = sessions.slice(from, from + OPENED_AT_ONCE);
    await Promise.all(some.map((session) => session.open()));
  }
  return sessions;
}

const OPENED_AT_ONCE = 50;

/** Many requests through one session, so many at a time. */
export function sendMany(
  session: LoadSession,
  count: number,
  make: (number: number) => Frame,
  { window = 256 }: { readonly window?: number } = {},
): Promise<void> {
  return new Promise((resolve, reject) => {
    let sent = 0;
    let done = 0;
    if (count === 0) resolve();
    const one = (): void =>
      session.send(make(sent++), (err) => {
        if (err !== 0 && err !== ERRORS.NONODE) reject(new Error(`the server answered ${err}`));
        done += 1;
        if (done === count) resolve();
        else if (sent < count) one();
      });
    while (sent < Math.min(window, count)) one();
  });
}
