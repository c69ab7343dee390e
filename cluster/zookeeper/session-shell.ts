/**
 * Runs a session core on a network and a clock. Events are stepped in rounds of their own, never
 * from inside a socket's callback, so that all requests of one turn leave in one write.
 *
 * What the core says to its user (answers, events, states) is told in that order. An answer settles
 * a promise, whose followers run in microtasks; so news that comes behind an answer waits for the
 * next turn, and whoever awaited the answer has seen it by then.
 */
import { assert, unreachable } from "../base/assert.ts";
import type { Clock, Timer } from "../base/clock.ts";
import { TICK_LATE_MS } from "../runtime/core.ts";
import type { ByteStream, StreamNetwork } from "../runtime/stream.ts";
import { PacketDecoder } from "./packet-decoder.ts";
import { stepSession, wakeAtMs } from "./session-core.ts";
import type {
  Attempt,
  Outcome,
  RequestId,
  SessionEffect,
  SessionEvent,
  SessionState,
  SessionStatus,
} from "./session-state.ts";
import type { EventType } from "./watch-records.ts";
import type { Watcher } from "./watch-table.ts";

export interface SessionListener {
  /** A request was answered or has failed. */
  replied(id: RequestId, outcome: Outcome): void;
  notified(watchers: readonly Watcher[], event: { type: EventType; path: string }): void;
  statusChanged(status: SessionStatus, reason: string): void;
}

interface Connection {
  readonly attempt: Attempt;
  readonly giveUp: AbortController;
  stream: ByteStream | undefined;
  /** To be written at the end of the round. */
  chunks: Uint8Array[];
}

type Delivery = Extract<SessionEffect, { type: "reply" | "notify" | "statusChanged" }>;

export class SessionShell {
  readonly #state: SessionState;
  readonly #network: StreamNetwork;
  readonly #clock: Clock;
  readonly #listener: SessionListener;
  readonly #responseSizeMax: number;
  #events: SessionEvent[] = [];
  #isRoundPlanned = false;
  #deliveries: Delivery[] = [];
  #isDeliveryPlanned = false;
  #connection: Connection | undefined;
  #wake: { readonly atMs: number; readonly timer: Timer } | undefined;

  constructor(options: {
    state: SessionState;
    network: StreamNetwork;
    clock: Clock;
    listener: SessionListener;
    responseSizeMax: number;
  }) {
    this.#state = options.state;
    this.#network = options.network;
    this.#clock = options.clock;
    this.#listener = options.listener;
    this.#responseSizeMax = options.responseSizeMax;
    this.#planRound();
  }

  submit(event: SessionEvent): void {
    this.#events.push(event);
    this.#planRound();
  }

  #planRound(): void {
    if (this.#isRoundPlanned) return;
    this.#isRoundPlanned = true;
    this.#clock.soon(() => this.#round());
  }

  #round(): void {
    this.#isRoundPlanned = false;
    const events = this.#events;
    this.#events = [];
    const nowMs = this.#clock.nowMs();
    const lateness = nowMs - (this.#wake?.atMs ?? nowMs);
    const lateMs = lateness > TICK_LATE_MS ? lateness : 0;
    // Before events are judged at a time, the core learns how late it is.
    if (lateness >= 0) this.#perform(stepSession(this.#state, { type: "tick", lateMs }, nowMs));
    for (const event of events) this.#perform(stepSession(this.#state, event, nowMs));
    this.#write();
    this.#planWake(nowMs);
    if (!this.#isDeliveryPlanned) this.#deliver();
  }

  /** A timer that is early does no harm; so it is only replaced by an earlier one, or at the end. */
  #planWake(nowMs: number): void {
    const atMs = wakeAtMs(this.#state);
    const isOver = atMs === Number.POSITIVE_INFINITY;
    const isEarly = this.#wake !== undefined && this.#wake.atMs > nowMs && this.#wake.atMs <= atMs;
    if (isEarly && !isOver) return;
    this.#wake?.timer.cancel();
    this.#wake = undefined;
    if (isOver) return; // A timer that is left would keep the process from ending.
    const timer = this.#clock.after(Math.max(0, atMs - nowMs), () => this.#planRound());
    this.#wake = { atMs, timer };
  }

  #perform(effects: readonly SessionEffect[]): void {
    for (const effect of effects) {
      switch (effect.type) {
        case "connect":
          this.#connect(effect.attempt, effect.server);
          break;
        case "disconnect":
          this.#disconnect(effect.attempt);
          break;
        case "send":
          if (this.#connection?.attempt === effect.attempt) {
            this.#connection.chunks.push(effect.packet);
          }
          break;
        case "reply":
        case "notify":
        case "statusChanged":
          this.#deliveries.push(effect);
          break;
        default:
          unreachable(effect, "effect");
      }
    }
  }

  #connect(attempt: Attempt, server: string): void {
    assert(this.#connection === undefined, "one connection at a time");
    const giveUp = new AbortController();
    const connection: Connection = { attempt, giveUp, stream: undefined, chunks: [] };
    this.#connection = connection;
    this.#network.connect(server, giveUp.signal).then(
      (stream) => this.#connected(connection, stream),
      (error: unknown) => {
        const reason = error instanceof Error ? error.message : String(error);
        this.submit({ type: "disconnected", attempt, reason });
      },
    );
  }

  #connected(connection: Connection, stream: ByteStream): void {
    if (this.#connection !== connection) {
      stream.destroy();
      return;
    }
    const { attempt } = connection;
    const decoder = new PacketDecoder(this.#responseSizeMax);
    connection.stream = stream;
    stream.start({
      data: (chunk) => this.#received(connection, decoder, chunk),
      drain: () => {},
      close: (reason) => this.submit({ type: "disconnected", attempt, reason }),
    });
    this.submit({ type: "connected", attempt });
  }

  #received(connection: Connection, decoder: PacketDecoder, chunk: Uint8Array): void {
    if (this.#connection !== connection) return;
    const { attempt } = connection;
    try {
      decoder.push(chunk);
      for (let packet = decoder.next(); packet !== undefined; packet = decoder.next()) {
        this.submit({ type: "packetReceived", attempt, packet });
      }
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.submit({ type: "disconnected", attempt, reason });
    }
  }

  #disconnect(attempt: Attempt): void {
    if (this.#connection?.attempt !== attempt) return;
    const { stream, giveUp } = this.#connection;
    this.#connection = undefined;
    giveUp.abort();
    stream?.destroy();
  }

  #write(): void {
    const connection = this.#connection;
    if (connection?.stream === undefined || connection.chunks.length === 0) return;
    connection.stream.write(connection.chunks);
    connection.chunks = [];
  }

  #deliver(): void {
    this.#isDeliveryPlanned = false;
    const deliveries = this.#deliveries;
    let hasReplied = false;
    let count = 0;
    for (; count < deliveries.length; count++) {
      const delivery = deliveries[count] as Delivery;
      if (delivery.type === "reply") hasReplied = true;
      else if (hasReplied) break;
      this.#tell(delivery);
    }
    this.#deliveries = deliveries.slice(count);
    if (this.#deliveries.length === 0) return;
    this.#isDeliveryPlanned = true;
    this.#clock.soon(() => this.#deliver());
  }

  #tell(delivery: Delivery): void {
    switch (delivery.type) {
      case "reply":
        this.#listener.replied(delivery.id, delivery.outcome);
        break;
      case "notify":
        this.#listener.notified(delivery.watchers, delivery.event);
        break;
      case "statusChanged":
        this.#listener.statusChanged(delivery.status, delivery.reason);
        break;
      default:
        unreachable(delivery, "delivery");
    }
  }
}
