/** For tests of the simulated network: a small world, and processes in it that write down what happens to them. */
import type { Clock } from "../../cluster/base/clock.ts";
import { isClusterError } from "../../cluster/base/error.ts";
import { type PeerName, peerName } from "../../cluster/base/ids.ts";
import { createPrng } from "../../cluster/base/prng.ts";
import type { TransportHandler } from "../../cluster/runtime/transport.ts";
import { record, str } from "../../cluster/wire/codec.ts";
import { createRegistry, type MessageOf } from "../../cluster/wire/registry.ts";
import { versioned } from "../../cluster/wire/versioned.ts";
import { type NetworkFaults, NO_NETWORK_FAULTS } from "./lane.ts";
import { SimNetwork, type SimTransport } from "./network.ts";
import { Scheduler } from "./scheduler.ts";

const registry = createRegistry({
  note: { id: 0x0101, body: versioned(1, record({ text: str })) },
});
export type Message = MessageOf<typeof registry>;
export type Handler = TransportHandler<Message>;

export const A = peerName("mon.0");
export const B = peerName("osd.1");
export const C = peerName("osd.2");
/** Long after anything that these tests start is over. */
export const SETTLED_MS = 60_000;

export const note = (text: string): { message: Message } => ({ message: { type: "note", text } });

/** A process that writes down what happens to it and answers a request with its own text. */
export class Probe {
  readonly transport: SimTransport<Message>;
  readonly seen: string[] = [];

  constructor(world: World, name: PeerName, override: Partial<Handler> = {}) {
    this.transport = world.network.attach(
      name,
      {
        receive: ({ from, message }) => {
          this.seen.push(`${from} ${message.text}`);
        },
        answer: async ({ message }) => note(`re: ${message.text}`),
        connectionChanged: (peer, connected, reason) => {
          this.seen.push(`${peer} ${connected ? "up" : `down, ${reason}`}`);
        },
        ...override,
      },
      world.clock,
    );
  }

  get messages(): string[] {
    return this.seen.filter((line) => !/ (up|down,)/.test(line));
  }
}

export class World {
  readonly scheduler = new Scheduler();
  readonly records: string[] = [];
  readonly network: SimNetwork<Message>;
  readonly clock: Clock;

  constructor(faults: Partial<NetworkFaults> = {}, seed = 1) {
    const { scheduler } = this;
    this.network = new SimNetwork({
      scheduler,
      prng: createPrng(seed),
      registry,
      trace: { record: (...line) => this.records.push(line.join(" ")) },
      faults: { ...NO_NETWORK_FAULTS, ...faults },
    });
    this.clock = {
      nowMs: () => scheduler.nowMs,
      wallMs: () => scheduler.nowMs,
      after: (delayMs, callback) => scheduler.after(delayMs, callback),
      soon: (callback) => void scheduler.after(0, callback),
    };
  }

  /** Two processes, of which only the first has a route to the other. */
  pair(override: Partial<Handler> = {}): [Probe, Probe] {
    const left = new Probe(this, A);
    const right = new Probe(this, B, override);
    left.transport.route(B, "b:1");
    return [left, right];
  }

  async runFor(durationMs: number): Promise<void> {
    const { scheduler } = this;
    let isOver = false;
    scheduler.after(durationMs, () => {
      isOver = true;
    });
    await scheduler.run(() => isOver, Number.POSITIVE_INFINITY);
  }
}

/** What became of a promise, for a test that runs virtual time itself. */
export function watch(promise: Promise<{ message: Message }>): { outcome: string; count: number } {
  const state = { outcome: "pending", count: 0 };
  const settle = (outcome: string): void => {
    state.outcome = outcome;
    state.count += 1;
  };
  promise.then(
    ({ message }) => settle(message.text),
    (error: unknown) => settle(isClusterError(error) ? error.code : String(error)),
  );
  return state;
}
