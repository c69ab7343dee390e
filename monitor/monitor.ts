/**
 * Shell: a monitor in a process. Ties the core to a store, a transport to the other members, and whoever holds the
 * connections of clients. It decides nothing.
 */
import { present, unreachable } from "../cluster/base/assert.ts";
import type { Clock, Timer } from "../cluster/base/clock.ts";
import { ClusterError } from "../cluster/base/error.ts";
import { type PeerName, peerName } from "../cluster/base/ids.ts";
import type { Log } from "../cluster/base/log.ts";
import type { KvStore, Write } from "../cluster/kv/store.ts";
import { Loop } from "../cluster/runtime/loop.ts";
import type {
  Outgoing,
  Received,
  Transport,
  TransportHandler,
} from "../cluster/runtime/transport.ts";
import type { Identity } from "./consensus/keys.ts";
import {
  type ConsensusMessage,
  type ConsensusRules,
  createConsensus,
  type FatalEffect,
  type NodeId,
} from "./consensus/state.ts";
import { CONSENSUS_MESSAGES } from "./message/consensus.ts";
import type { MonitorMessage } from "./message/registry.ts";
import { SESSION_MESSAGES } from "./message/session.ts";
import { createMonitor, stepMonitor } from "./monitor-core.ts";
import type {
  MonitorEffect,
  MonitorEvent,
  MonitorRules,
  MonitorState,
  SessionMessage,
} from "./monitor-state.ts";
import { whyNotServing } from "./notice.ts";
import { recoverReplica } from "./replica/recover.ts";
import { createReplica } from "./replica/replica.ts";
import { rowsOf } from "./replica/rows.ts";
import { sendRows } from "./replica/transfer.ts";
import type { TreeSettings } from "./tree/settings.ts";
import type { TreeRules } from "./tree/state.ts";
import { TreeMachine } from "./tree-machine.ts";
import type { ClientEffect } from "./zookeeper/server-effects.ts";
import { createServer, type ServerOptions, type ServerRules } from "./zookeeper/server-state.ts";
import { SessionTracker } from "./zookeeper/session-tracker.ts";
import { REAP_INTERVAL_MS } from "./zookeeper/zoo-cfg-keys.ts";

/** Events beyond it wait in their connections. */
const QUEUE_CAPACITY = 65_536;
const WALL_CLOCK_MS = 1_000;
const DROP_ROWS = 1_000;
/**
 * A member knows of its leader's backing 200 to 300 ms after the fact, so less could not be told from being cut off.
 * Sessions shorter than three of it rest a little less safely; nothing else does.
 */
const QUIET_MS_MIN = 500;
/** How long a leader tries to hand over before it leaves without. */
const RESIGN_MS = 1_000;

export interface MonitorOptions {
  readonly self: NodeId;
  readonly members: readonly NodeId[];
  /** Members that an operator said to form an ensemble without. */
  readonly absent?: readonly NodeId[];
  readonly store: KvStore;
  readonly clock: Clock;
  readonly log: Log;
  /** A random whole number in [1, 2^53): for names that must never come twice, and seeds. */
  readonly randomNumber: () => number;
  /** Messages arrive from here on. */
  readonly attach: (handler: TransportHandler<MonitorMessage>) => Transport<MonitorMessage>;
  /** What the server does to a client's connection. */
  readonly performClient: (effect: ClientEffect) => void;
  readonly server: Pick<
    ServerOptions,
    "minSessionTimeoutMs" | "maxSessionTimeoutMs" | "wordsWhitelist" | "limits"
  >;
  readonly settings: TreeSettings;
  /** How often a leader looks for containers and nodes with a time to live that can go; every minute by default. */
  readonly reapIntervalMs?: number;
  /** The store failed, or this member must not go on. Ends the process. */
  readonly fail: (error: unknown) => void;
  /** For simulations, in which rows have to be sent. */
  readonly logSlotsKept?: number;
  /** For simulations, which turn rules off. */
  readonly rules?: Partial<ConsensusRules & TreeRules & ServerRules & MonitorRules>;
}

export class Monitor {
  readonly state: MonitorState;
  readonly #options: MonitorOptions;
  readonly #transport: Transport<MonitorMessage>;
  readonly #loop: Loop<MonitorState, MonitorEvent, MonitorEffect>;
  readonly #rowCalls = new Map<number, (ok: boolean) => void>();
  #lastRowCall = 0;
  #wallClockTimer: Timer | undefined;
  #resigned: (() => void) | undefined;
  #isClosed = false;

  private constructor(options: MonitorOptions, state: MonitorState) {
    this.#options = options;
    this.state = state;
    this.#transport = options.attach({
      receive: (received) => this.#receive(received),
      answer: (received) => this.#answer(received),
      connectionChanged: (peer, isUp) => {
        const node = nodeOf(peer);
        if (node !== undefined) this.#submit({ type: "linkChanged", node, isUp });
      },
    });
    this.#loop = new Loop<MonitorState, MonitorEvent, MonitorEffect>({
      state,
      step: stepMonitor,
      perform: (effect) => this.#perform(effect),
      store: options.store,
      clock: options.clock,
      fail: options.fail,
      queueCapacity: QUEUE_CAPACITY,
    });
  }

  /** Recovers what the store holds, and runs. The caller tells the transport where the others are. */
  static async start(options: MonitorOptions): Promise<Monitor> {
    const { store, clock, randomNumber, rules = {} } = options;
    const machine = new TreeMachine(rules);
    const recovered = await recoverReplica(store, machine);
    refuseOthersStore(recovered.consensus.identity, options.self);
    const nowMs = clock.nowMs();
    const consensus = createConsensus({
      ...options,
      recovered: recovered.consensus,
      life: randomNumber(),
      seed: randomNumber(),
      freshEnsemble: randomNumber(),
      nowMs,
      rules,
    });
    const wallOffsetMs = clock.wallMs() - nowMs;
    const replica = createReplica({
      ...recovered,
      ...(options.logSlotsKept !== undefined && { logSlotsKept: options.logSlotsKept }),
      consensus,
      machine,
      wallOffsetMs,
      nowMs,
    });
    const server = createServer(
      { ...options.server, server: randomNumber(), tree: machine.tree, rules },
      nowMs,
    );
    const state = createMonitor({
      replica,
      machine,
      server,
      tracker: new SessionTracker(),
      settings: options.settings,
      reapIntervalMs: options.reapIntervalMs ?? REAP_INTERVAL_MS,
      quietMs: Math.max(options.server.minSessionTimeoutMs / 3, QUIET_MS_MIN),
      syncSeed: randomNumber(),
      nowMs,
      rules,
    });
    const monitor = new Monitor(options, state);
    for (const generation of recovered.staleGenerations) monitor.#dropRows(generation);
    monitor.#loop.start();
    monitor.#tellWallClock();
    return monitor;
  }

  /** Undefined if clients are served. */
  get whyNotServing(): string | undefined {
    const { isServing, replica } = this.state;
    return isServing ? undefined : whyNotServing(replica.consensus, replica.applied);
  }

  /** False if too much waits: whoever has a connection stops reading it until `room`. */
  submit(event: MonitorEvent): boolean {
    return this.#loop.submit(event);
  }

  room(): Promise<void> {
    return this.#loop.room();
  }

  /** Gives up leadership if there is somebody to take it, and stops. What was acknowledged stays. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#wallClockTimer?.cancel();
    await new Promise<void>((resolve) => {
      const timer = this.#options.clock.after(RESIGN_MS, resolve);
      this.#resigned = () => {
        timer.cancel();
        resolve();
      };
      this.#submit({ type: "resign" });
    });
    this.#loop.stop();
  }

  /** What this process itself caused must not get lost: it waits for room, in order. */
  #submit(event: MonitorEvent): void {
    if (this.#loop.submit(event)) return;
    this.#loop.room().then(
      () => this.#submit(event),
      () => {}, // The loop has stopped.
    );
  }

  #receive({ from, message, payload }: Received<MonitorMessage>): void | Promise<void> {
    const node = nodeOf(from);
    if (node === undefined) return;
    const event: MonitorEvent | undefined = isConsensus(message)
      ? { type: "received", from: node, message, payload }
      : isSession(message)
        ? { type: "asked", from: node, message, payload }
        : undefined;
    if (event === undefined || this.#loop.submit(event)) return;
    return this.#loop.room().then(
      () => this.#submit(event),
      () => {},
    );
  }

  #answer({ from, message, payload }: Received<MonitorMessage>): Promise<Outgoing<MonitorMessage>> {
    const node = nodeOf(from);
    if (message.type !== "rows" || node === undefined) {
      const why = `a monitor does not answer ${message.type}`;
      return Promise.reject(new ClusterError("REMOTE_FAILED", why));
    }
    return new Promise((resolve) => {
      this.#lastRowCall += 1;
      const call = this.#lastRowCall;
      this.#rowCalls.set(call, (ok) => resolve({ message: { type: "rowsTaken", ok } }));
      this.#submit({ ...message, type: "rowsReceived", from: node, payload, call });
    });
  }

  #perform(effect: MonitorEffect): void {
    switch (effect.type) {
      case "send":
      case "tell":
        this.#transport.send(nameOf(effect.to), effect);
        return;
      case "durable":
        this.#submit(effect);
        return;
      case "flushSoon":
        this.#submit({ type: "flush" });
        return;
      case "transfer":
        void this.#transfer(effect.node);
        return;
      case "rowsTaken":
        present(this.#rowCalls.get(effect.call), "who sent these rows")(effect.ok);
        this.#rowCalls.delete(effect.call);
        return;
      case "dropRows":
        this.#dropRows(effect.generation);
        return;
      case "log":
        this.#options.log[effect.level](effect.message, effect.fields);
        return;
      case "fatal":
        this.#options.fail(new ClusterError(effect.code, `${effect.reason}; ${remedyOf(effect)}`));
        return;
      case "resigned":
        this.#resigned?.();
        return;
      case "write":
      case "pause":
      case "resume":
      case "end":
      case "destroy":
        this.#options.performClient(effect);
        return;
      default:
        unreachable(effect, "an effect of the monitor");
    }
  }

  async #transfer(node: NodeId): Promise<void> {
    const { store, randomNumber, fail } = this.#options;
    const { replica } = this.state;
    const slot = replica.consensus.rowsSlot;
    try {
      const ok = await sendRows<MonitorMessage>({
        store,
        range: rowsOf(replica.generation),
        transport: this.#transport,
        peer: nameOf(node),
        transfer: randomNumber(),
        message: (part) => part,
        isTaken: (answer) => answer.type === "rowsTaken" && answer.ok,
        log: this.#options.log,
      });
      this.#submit({ type: "transferEnded", node, slot: ok ? slot : undefined });
    } catch (error) {
      if (!this.#isClosed) fail(error);
    }
  }

  /** In portions, off everybody's way. */
  #dropRows(generation: number): void {
    const { store, fail } = this.#options;
    const drop = async (): Promise<void> => {
      let deletes: Write[] = [];
      for await (const [key] of store.iterate(rowsOf(generation))) {
        deletes.push({ type: "delete", key });
        if (deletes.length < DROP_ROWS) continue;
        await store.batch(deletes, { durable: false });
        deletes = [];
      }
      await store.batch(deletes, { durable: false });
    };
    drop().catch((error: unknown) => {
      if (!this.#isClosed) fail(error);
    });
  }

  #tellWallClock(): void {
    const { clock } = this.#options;
    this.#wallClockTimer = clock.after(WALL_CLOCK_MS, () => {
      this.#submit({ type: "wallClock", offsetMs: clock.wallMs() - clock.nowMs() });
      this.#tellWallClock();
    });
  }
}

/**
 * Whoever starts on the copy of another member's store would vote a second time with that member's promises, and
 * break its own.
 */
function refuseOthersStore(identity: Identity | undefined, self: NodeId): void {
  if (identity === undefined || identity.node === self) return;
  const owner = nameOf(identity.node);
  throw new ClusterError(
    "CONFIG_INVALID",
    `the store was written by ${owner}, and this is ${nameOf(self)}; correct dataDir or its myid, or, ` +
      `if the directory was copied from ${owner}, ${REJOIN}`,
  );
}

function remedyOf({ code }: FatalEffect): string {
  return code === "PROGRAM_OUTDATED" ? "upgrade Kelp on this member" : REJOIN;
}

export const REJOIN = "run `kelp monitor rejoin` to empty this member and fetch everything anew";

export function nameOf(node: NodeId): PeerName {
  return peerName(`mon.${node}`);
}

/** Undefined for a peer that is no monitor. */
export function nodeOf(name: PeerName): NodeId | undefined {
  const digits = /^mon\.(\d+)$/.exec(name)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

function isConsensus(message: MonitorMessage): message is ConsensusMessage {
  return message.type in CONSENSUS_MESSAGES;
}

function isSession(message: MonitorMessage): message is SessionMessage {
  return message.type in SESSION_MESSAGES;
}
