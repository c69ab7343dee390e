/** Whole monitors on a network where nothing fails by itself: tests of single rules say what happens, and when. */
import { assert, present } from "../../../cluster/base/assert.ts";
import type { Clock } from "../../../cluster/base/clock.ts";
import { type PeerName, peerName } from "../../../cluster/base/ids.ts";
import { createPrng, type Prng, randomU32 } from "../../../cluster/base/prng.ts";
import type { KvStore } from "../../../cluster/kv/store.ts";
import { ZooKeeperClient } from "../../../cluster/zookeeper/client.ts";
import type { SessionStatus } from "../../../cluster/zookeeper/session-state.ts";
import { type MonitorMessage, monitorRegistry } from "../../../monitor/message/registry.ts";
import { nameOf } from "../../../monitor/monitor.ts";
import { SimDisk } from "../disk.ts";
import { NO_DISK_FAULTS } from "../disk-faults.ts";
import { NO_NETWORK_FAULTS } from "../lane.ts";
import { SimNetwork } from "../network.ts";
import { SimProcess } from "../process.ts";
import { Scheduler } from "../scheduler.ts";
import { NO_STREAM_FAULTS, SimStreamNetwork } from "../stream-network.ts";
import { Trace } from "../trace.ts";
import { Journal } from "./journal.ts";
import { addressOf, bootMember, type Member, type Rules } from "./member.ts";

const FORM_MS = 10_000;
const NO_TRACE = new Trace({});

/** A member's process ends around one of its durable batches, and is started again a little later. */
export interface CrashPoint {
  readonly node: number;
  /** Counts this member's durable batches from 1. */
  readonly batch: number;
  readonly when: "under way" | "durable";
}

const RESTART_MS = 150;

export interface StageOptions {
  readonly rules?: Rules;
  readonly minSessionTimeoutMs?: number;
  /** Few, so that rows have to be sent. */
  readonly logSlotsKept?: number;
  readonly crash?: CrashPoint;
}

export interface Watched {
  readonly client: ZooKeeperClient;
  /** Every status that it has had. */
  readonly statuses: SessionStatus[];
}

export class Stage {
  readonly scheduler = new Scheduler();
  readonly network: SimNetwork<MonitorMessage>;
  readonly streams: SimStreamNetwork;
  readonly clock: Clock;
  readonly nodes: readonly number[];
  /** What members ended with. */
  readonly exits: string[] = [];
  readonly violations: string[] = [];
  crashCount = 0;
  readonly #prng: Prng;
  readonly #members = new Map<number, Member>();
  readonly #durableBatches = new Map<number, number>();
  readonly #processes = new Map<number, SimProcess<MonitorMessage>>();
  readonly #journal = new Journal((reason) => this.violations.push(reason));

  private constructor(size: number, options: StageOptions) {
    const { scheduler } = this;
    this.#prng = createPrng(size);
    const faults = { trace: NO_TRACE, prng: this.#prng, scheduler };
    this.network = new SimNetwork({
      ...faults,
      registry: monitorRegistry,
      faults: NO_NETWORK_FAULTS,
    });
    this.streams = new SimStreamNetwork({ ...faults, faults: NO_STREAM_FAULTS });
    this.clock = {
      nowMs: () => scheduler.nowMs,
      wallMs: () => scheduler.nowMs,
      after: (delayMs, callback) => scheduler.after(delayMs, callback),
      soon: (callback) => void scheduler.after(0, callback),
    };
    this.nodes = Array.from({ length: size }, (_, index) => index + 1);
    for (const node of this.nodes) this.#addMember(node, options);
  }

  /** All members serve clients. */
  static async formed(size: number, options: StageOptions = {}): Promise<Stage> {
    const stage = new Stage(size, options);
    for (const process of stage.#processes.values()) process.start();
    await stage.until(() => stage.allServe(), FORM_MS);
    return stage;
  }

  allServe(): boolean {
    return this.nodes.every((node) => this.#members.get(node)?.state.isServing === true);
  }

  /** Of that member, so far. */
  durableBatches(node: number): number {
    return this.#durableBatches.get(node) ?? 0;
  }

  member(node: number): Member {
    return present(this.#members.get(node), `member ${node}`);
  }

  process(node: number): SimProcess<MonitorMessage> {
    return present(this.#processes.get(node), `the process of member ${node}`);
  }

  leads(node: number): boolean {
    const { state } = this.member(node);
    return state.ledEpoch !== 0 && state.isServing;
  }

  /** The leader first. */
  byRole(): readonly number[] {
    const leader = present(
      this.nodes.find((node) => this.leads(node)),
      "a leader",
    );
    return [leader, ...this.nodes.filter((node) => node !== leader)];
  }

  /** A client of these members, which is connected. */
  async client(name: string, nodes: readonly number[], sessionTimeoutMs = 3_000): Promise<Watched> {
    const statuses: SessionStatus[] = [];
    const client = new ZooKeeperClient({
      servers: nodes.map(addressOf).join(","),
      network: this.streams.host(peerName(name)),
      clock: this.clock,
      seed: randomU32(this.#prng),
      sessionTimeoutMs,
      onStatus: ({ status }) => statuses.push(status),
    });
    await this.settled(client.connected());
    return { client, statuses };
  }

  /** Which of them the client is at. */
  serving({ sessionId }: ZooKeeperClient, nodes: readonly number[]): number {
    const found = nodes.find((node) => this.member(node).server.bySession.has(Number(sessionId)));
    return present(found, "a member that has the session");
  }

  /** What one sends to the other is lost from now on, or arrives again. */
  lose(from: number, to: number, isLost = true): void {
    const faults = { ...NO_NETWORK_FAULTS, lossChance: isLost ? 1 : 0 };
    this.network.setFaults(faults, { from: nameOf(from), to: nameOf(to) });
  }

  names(nodes: readonly number[]): PeerName[] {
    return nodes.map(nameOf);
  }

  async run(durationMs: number): Promise<void> {
    await this.scheduler.run(() => false, this.scheduler.nowMs + durationMs);
  }

  async until(isDone: () => boolean, limitMs = 20_000): Promise<void> {
    const outcome = await this.scheduler.run(isDone, this.scheduler.nowMs + limitMs);
    assert(outcome === "done", `it came to that within ${limitMs} ms`);
  }

  async settled<T>(promise: Promise<T>, limitMs?: number): Promise<T> {
    let isSettled = false;
    const settle = (): void => {
      isSettled = true;
    };
    promise.then(settle, settle);
    await this.until(() => isSettled, limitMs);
    return promise;
  }

  #addMember(self: number, { rules = {}, crash, ...rest }: StageOptions): void {
    const name = nameOf(self);
    const { scheduler, network, streams, nodes: members } = this;
    const world = { scheduler, prng: this.#prng, trace: NO_TRACE, name };
    const process: SimProcess<MonitorMessage> = new SimProcess<MonitorMessage>({
      ...world,
      network,
      streams,
      disk: new SimDisk({ ...world, faults: NO_DISK_FAULTS }),
      skew: { startMs: 1_000 * self, driftPpm: 0, wallOffsetMs: 0 },
      bug: (error) => {
        throw error;
      },
      boot: async (env) => {
        const exit = (reason: unknown): void => {
          this.exits.push(`${name}: ${reason instanceof Error ? reason.message : String(reason)}`);
          env.exit(reason);
        };
        this.#members.delete(self);
        const store = this.#counted(self, env.store, crash?.node === self ? crash : undefined);
        const seen = { ...env, streams: env.streams, exit, store };
        const options = {
          ...rest,
          self,
          members,
          rules,
          journal: this.#journal,
        };
        this.#members.set(self, await bootMember(seen, options));
      },
    });
    this.#processes.set(self, process);
  }

  #counted(node: number, store: KvStore, crash: CrashPoint | undefined): KvStore {
    const crashNow = (): void => {
      this.crashCount += 1;
      this.#members.delete(node);
      this.process(node).crash("reset");
      this.scheduler.after(RESTART_MS, () => this.process(node).start());
    };
    return {
      get: (key) => store.get(key),
      getMany: (keys) => store.getMany(keys),
      iterate: (range) => store.iterate(range),
      approximateSize: (from, to) => store.approximateSize(from, to),
      close: () => store.close(),
      batch: async (writes, options) => {
        if (!options.durable) return store.batch(writes, options);
        const count = this.durableBatches(node) + 1;
        this.#durableBatches.set(node, count);
        const isPoint = count === crash?.batch;
        const written = store.batch(writes, options);
        if (isPoint && crash?.when === "under way") this.scheduler.after(0, crashNow);
        await written;
        if (isPoint && crash?.when === "durable") crashNow();
      },
    };
  }
}
