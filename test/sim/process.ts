/**
 * A simulated daemon: a name, a disk that outlives it, and the function that boots it. That
 * function is production code; it sees the world only through what it is given here, and cannot
 * tell that it is simulated.
 *
 * A crash takes back everything but the disk: timers, queued callbacks, messages in flight to it,
 * store completions and pending promises of the old incarnation never come. A process that exits
 * because its environment failed (a ClusterError: the disk, mostly) is started again, as a service
 * manager would. Any other error is a bug.
 */
import { present } from "../../cluster/base/assert.ts";
import type { Clock } from "../../cluster/base/clock.ts";
import { isClusterError } from "../../cluster/base/error.ts";
import type { PeerName } from "../../cluster/base/ids.ts";
import type { Log, LogFields } from "../../cluster/base/log.ts";
import { forkPrng, type Prng } from "../../cluster/base/prng.ts";
import type { KvStore } from "../../cluster/kv/store.ts";
import type { StreamNetwork } from "../../cluster/runtime/stream.ts";
import type { Transport, TransportHandler } from "../../cluster/runtime/transport.ts";
import type { SimDisk } from "./disk.ts";
import { type ClockSkew, Incarnation } from "./incarnation.ts";
import type { SimNetwork } from "./network.ts";
import type { Scheduler } from "./scheduler.ts";
import type { SimStreamNetwork } from "./stream-network.ts";
import type { Trace } from "./trace.ts";

const RESTART_MS = 200;

/** What a process has of the world. */
export interface SimEnv<Message> {
  readonly name: PeerName;
  readonly clock: Clock;
  readonly store: KvStore;
  readonly prng: Prng;
  readonly log: Log;
  /** For a process that builds its own connections. */
  readonly streams: StreamNetwork;
  /** Once per incarnation: from here on messages arrive. */
  attach(handler: TransportHandler<Message>): Transport<Message>;
  /** Ends the process. What a main function does when its loop says that the store failed. */
  exit(reason: unknown): void;
}

export type Boot<Message> = (env: SimEnv<Message>) => void | Promise<void>;

/** What the nemesis does to any process, whatever messages it speaks. */
export interface Victim {
  readonly name: PeerName;
  readonly disk: SimDisk;
  /** Its boot function has been called in this life. */
  readonly isRunning: boolean;
  start(): void;
  /** "silence": its machine lost power, so nobody tells its peers. */
  crash(notice: "reset" | "silence"): void;
  stop(): void;
  resume(): void;
  jumpWall(offsetMs: number): void;
}

export class SimProcess<Message extends { readonly type: string }> implements Victim {
  readonly name: PeerName;
  readonly disk: SimDisk;
  readonly #boot: Boot<Message>;
  readonly #network: SimNetwork<Message> | undefined;
  readonly #streams: SimStreamNetwork | undefined;
  readonly #scheduler: Scheduler;
  readonly #trace: Trace;
  readonly #prng: Prng;
  readonly #bug: (error: unknown) => void;
  #skew: ClockSkew;
  #life: Incarnation | undefined;
  #isRunning = false;

  constructor(options: {
    name: PeerName;
    boot: Boot<Message>;
    network?: SimNetwork<Message> | undefined;
    streams?: SimStreamNetwork | undefined;
    disk: SimDisk;
    scheduler: Scheduler;
    trace: Trace;
    prng: Prng;
    skew: ClockSkew;
    bug: (error: unknown) => void;
  }) {
    this.name = options.name;
    this.disk = options.disk;
    this.#boot = options.boot;
    this.#network = options.network;
    this.#streams = options.streams;
    this.#scheduler = options.scheduler;
    this.#trace = options.trace;
    this.#prng = options.prng;
    this.#skew = options.skew;
    this.#bug = options.bug;
  }

  get isRunning(): boolean {
    return this.#isRunning;
  }

  start(): void {
    if (this.#life !== undefined) return;
    this.#record("start", "");
    const life = new Incarnation({
      scheduler: this.#scheduler,
      skew: this.#skew,
      bug: (error) => this.#ended(life, error),
    });
    this.#life = life;
    this.#run(life).catch((error: unknown) => this.#ended(life, error));
  }

  crash(notice: "reset" | "silence"): void {
    if (this.#life === undefined) return;
    this.#record("crash", notice);
    this.#end(this.#life, notice);
  }

  stop(): void {
    if (this.#life === undefined || this.#life.isStopped) return;
    this.#record("stop", "");
    this.#life.stop();
  }

  resume(): void {
    if (!this.#life?.isStopped) return;
    this.#record("resume", "");
    this.#life.resume();
  }

  jumpWall(offsetMs: number): void {
    this.#record("wall", `offset ${offsetMs} ms`);
    this.#skew = { ...this.#skew, wallOffsetMs: offsetMs };
    if (this.#life !== undefined) this.#life.wallOffsetMs = offsetMs;
  }

  async #run(life: Incarnation): Promise<void> {
    const store = await life.pass(this.disk.open());
    this.#isRunning = true;
    const streams = this.#streams?.host(this.name, (callback) => life.run(callback));
    await this.#boot({
      name: this.name,
      clock: life,
      store: gatedStore(life, store),
      prng: forkPrng(this.#prng),
      log: this.#log({}),
      get streams() {
        return present(streams, "a stream network of this process");
      },
      attach: (handler) => this.#attach(life, handler),
      exit: (reason) => this.#ended(life, reason),
    });
  }

  #attach(life: Incarnation, handler: TransportHandler<Message>): Transport<Message> {
    const gated: TransportHandler<Message> = {
      receive: (received) => life.call(() => handler.receive(received)),
      answer: async (received, context) => life.call(() => handler.answer(received, context)),
      connectionChanged: (peer, connected, reason) =>
        life.run(() => handler.connectionChanged?.(peer, connected, reason)),
    };
    const network = present(this.#network, "a message network of this process");
    const transport = network.attach(this.name, gated, life);
    return {
      self: this.name,
      route: (peer, address) => transport.route(peer, address),
      send: (peer, outgoing) => transport.send(peer, outgoing),
      request: (peer, outgoing, options) => life.pass(transport.request(peer, outgoing, options)),
      close: (graceMs) => life.pass(transport.close(graceMs)),
    };
  }

  /** By its own doing: it gave up, or threw. */
  #ended(life: Incarnation, reason: unknown): void {
    if (!life.isAlive) return;
    const text = reason instanceof Error ? reason.message : String(reason);
    this.#record("exit", text);
    this.#end(life, "reset");
    if (isClusterError(reason)) this.#scheduler.after(RESTART_MS, () => this.start());
    else this.#bug(reason);
  }

  #end(life: Incarnation, notice: "reset" | "silence"): void {
    life.die();
    this.#life = undefined;
    this.#isRunning = false;
    this.#network?.detach(this.name, notice);
    this.#streams?.crash(this.name, notice);
    this.disk.crash();
  }

  #log(context: LogFields): Log {
    const line =
      (level: string) =>
      (message: string, fields: LogFields = {}) =>
        this.#record(level, `${message}${textOf({ ...context, ...fields })}`);
    return {
      error: line("error"),
      warn: line("warn"),
      info: line("info"),
      debug: line("debug"),
      child: (fields) => this.#log({ ...context, ...fields }),
    };
  }

  #record(kind: string, detail: string): void {
    this.#trace.record(this.#scheduler.nowMs, this.name, kind, detail);
  }
}

/** Its operations settle when the process runs, or never. */
function gatedStore(life: Incarnation, store: KvStore): KvStore {
  return {
    get: (key) => life.pass(store.get(key)),
    getMany: (keys) => life.pass(store.getMany(keys)),
    async *iterate(options) {
      const entries = store.iterate(options);
      try {
        for (;;) {
          const next = await life.pass(entries.next());
          if (next.done) return;
          yield next.value;
        }
      } finally {
        await entries.return?.();
      }
    },
    batch: (writes, options) => life.pass(store.batch(writes, options)),
    approximateSize: (from, to) => life.pass(store.approximateSize(from, to)),
    close: () => life.pass(store.close()),
  };
}

function textOf(fields: LogFields): string {
  return Object.entries(fields)
    .map(([name, value]) => ` ${name}=${String(value)}`)
    .join("");
}
