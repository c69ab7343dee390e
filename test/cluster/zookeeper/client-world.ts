/** Clients and toy servers on a simulated network, in virtual time. */
import { peerName } from "../../../cluster/base/ids.ts";
import { createPrng } from "../../../cluster/base/prng.ts";
import type { Listener } from "../../../cluster/runtime/stream.ts";
import { ZooKeeperClient, type ZooKeeperClientOptions } from "../../../cluster/zookeeper/client.ts";
import { Scheduler } from "../../sim/scheduler.ts";
import { NO_STREAM_FAULTS, SimStreamNetwork } from "../../sim/stream-network.ts";
import { virtualClock } from "../../support/virtual-clock.ts";
import { ToyServer } from "./toy-server.ts";

export const ADDRESSES = ["a:2181", "b:2181", "c:2181"] as const;
const SERVER = peerName("mon.0");

export class ClientWorld {
  readonly scheduler = new Scheduler();
  readonly clock = virtualClock(this.scheduler);
  readonly server = new ToyServer();
  readonly network: SimStreamNetwork;
  readonly #listeners = new Map<string, Listener>();
  #clientCount = 0;

  /** In small pieces everything is cut somewhere; large ones are for those who send much. */
  constructor(seed = 1, pieceBytesMax = 40) {
    this.network = new SimStreamNetwork({
      scheduler: this.scheduler,
      prng: createPrng(seed),
      trace: { record: () => {} },
      faults: { ...NO_STREAM_FAULTS, pieceBytesMax },
    });
  }

  async start(...addresses: readonly string[]): Promise<void> {
    for (const address of addresses) {
      const listener = await this.server.listen(this.network.host(SERVER), address);
      this.#listeners.set(address, listener);
    }
  }

  /** No connection is possible there, and those that were are gone. */
  async kill(address: string): Promise<void> {
    await this.#listeners.get(address)?.close();
    this.server.cut(address);
  }

  client(options: Partial<ZooKeeperClientOptions> = {}): ZooKeeperClient {
    this.#clientCount += 1;
    return new ZooKeeperClient({
      servers: ADDRESSES.join(","),
      network: this.network.host(peerName(`client.${this.#clientCount}`)),
      clock: this.clock,
      seed: this.#clientCount,
      ...options,
    });
  }

  /** Lets time pass until the promise settles. */
  async until<T>(promise: Promise<T>, limitMs = 60_000): Promise<T> {
    let isSettled = false;
    const settled = promise.finally(() => {
      isSettled = true;
    });
    settled.catch(() => {});
    const outcome = await this.scheduler.run(() => isSettled, this.scheduler.nowMs + limitMs);
    if (!isSettled) throw new Error(`it has not settled in ${limitMs} ms (${outcome})`);
    return await settled;
  }

  async pass(durationMs: number): Promise<void> {
    await this.scheduler.run(() => false, this.scheduler.nowMs + durationMs);
  }

  async untilTrue(holds: () => boolean, limitMs = 60_000): Promise<void> {
    await this.scheduler.run(holds, this.scheduler.nowMs + limitMs);
    if (!holds()) throw new Error(`it does not hold after ${limitMs} ms`);
  }
}
