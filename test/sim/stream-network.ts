/**
 * Simulated byte streams, for the code that builds connections on them: handshakes, frames, half-open detection.
 *
 * Each direction of a connection is a pipe that behaves as TCP does: bytes arrive in order, cut anew at random places,
 * or not at all. A partition loses nothing, it stalls: bytes go on when it is over, and until then nobody is told
 * anything. At most WINDOW_BYTES are under way or wait for a receiver that paused; the rest is the writer's queue.
 *
 * Every process has a view of its own, `host(name)`, so that the network knows who talks to whom. A crash takes a
 * host's streams and listeners with it; the next `host(name)` is its successor.
 */
import { ClusterError } from "../../cluster/base/error.ts";
import type { PeerName } from "../../cluster/base/ids.ts";
import { type Prng, randomBetween, randomExponential } from "../../cluster/base/prng.ts";
import {
  type ByteStream,
  type Listener,
  REFUSAL,
  type StreamNetwork,
} from "../../cluster/runtime/stream.ts";
import { formatAddress, parseAddress } from "../../cluster/runtime/tcp.ts";
import { Partition, type PartitionMode } from "./partition.ts";
import type { Scheduler } from "./scheduler.ts";
import { SimStream, type StreamWorld } from "./sim-stream.ts";
import type { TraceSink } from "./trace.ts";

const REFUSED = "connection refused";
const EPHEMERAL_PORT_MIN = 49_152;
/** A connection attempt that meets a partition is repeated so often, as lost SYNs are. */
const CONNECT_ATTEMPTS_MAX = 6;
const CONNECT_RETRY_MS = 1_000;

export interface StreamFaults {
  readonly delayMsMin: number;
  /** Mean of an exponential delay that comes on top. */
  readonly delayMsMean: number;
  /** Bytes arrive in pieces of 1 to so many. */
  readonly pieceBytesMax: number;
}

export const NO_STREAM_FAULTS: StreamFaults = {
  delayMsMin: 0.05,
  delayMsMean: 0.2,
  pieceBytesMax: 64 << 10,
};

interface Host {
  readonly name: PeerName;
  /** Runs what calls the process: late if it is stopped, never if it is dead. */
  readonly run: (callback: () => void) => void;
  isAlive: boolean;
  readonly streams: Set<SimStream>;
}

interface Listening {
  readonly host: Host;
  readonly accept: (stream: ByteStream) => void;
}

export class SimStreamNetwork {
  readonly #scheduler: Scheduler;
  readonly #prng: Prng;
  readonly #trace: TraceSink;
  readonly #hosts = new Map<PeerName, Host>();
  readonly #listening = new Map<string, Listening>();
  readonly #partition = new Partition();
  /** Until when what one name sends to another waits, by both names. */
  readonly #clogs = new Map<string, number>();
  #faults: StreamFaults;
  #lastFaultMs = Number.NEGATIVE_INFINITY;
  #nextPort = EPHEMERAL_PORT_MIN;

  constructor(options: {
    scheduler: Scheduler;
    prng: Prng;
    trace: TraceSink;
    faults: StreamFaults;
  }) {
    this.#scheduler = options.scheduler;
    this.#prng = options.prng;
    this.#trace = options.trace;
    this.#faults = options.faults;
  }

  /** When something was last done to it: a checker's reason to forgive a lost connection. */
  get lastFaultMs(): number {
    return this.#lastFaultMs;
  }

  /** The network as this process sees it, until it crashes; `run` is how the process is called. */
  host(name: PeerName, run: Host["run"] = (callback) => callback()): StreamNetwork {
    const host = this.#hosts.get(name) ?? { name, run, isAlive: true, streams: new Set() };
    this.#hosts.set(name, host);
    return {
      listen: async (address, accept) => this.#listen(host, address, accept),
      connect: async (address, signal) => this.#connect(host, address, signal),
    };
  }

  /** Nothing of the process is called any more. Its peers learn of it soon ("reset") or never ("silence"). */
  crash(name: PeerName, notice: "reset" | "silence"): void {
    const host = this.#hosts.get(name);
    if (host === undefined) return;
    this.#record(`crash ${name} ${notice}`);
    host.isAlive = false;
    this.#hosts.delete(name);
    for (const [address, { host: listener }] of this.#listening) {
      if (listener === host) this.#listening.delete(address);
    }
    for (const stream of host.streams) stream.crash(notice);
  }

  /** Replaces the partition that was there. */
  partition(groups: readonly (readonly PeerName[])[], mode: PartitionMode): void {
    this.#partition.set(groups, mode);
    this.#record(`partition ${mode} ${groups.map((group) => group.join(",")).join(" | ")}`);
    this.#resumeAll();
  }

  /** Ends partitions and clogs. */
  heal(): void {
    this.#partition.clear();
    this.#clogs.clear();
    this.#record("heal");
    this.#resumeAll();
  }

  /** Ends every connection between the two; what is under way is lost. */
  reset(left: PeerName, right: PeerName): void {
    this.#record(`reset ${left} - ${right}`);
    for (const stream of [...(this.#hosts.get(left)?.streams ?? [])]) {
      if (stream.peer === right) stream.reset();
    }
  }

  /** Nothing that one sends gets to the other until then; it waits. */
  clog(from: PeerName, to: PeerName, untilMs: number): void {
    this.#record(`clog ${from} -> ${to} until ${untilMs}`);
    this.#clogs.set(wayOf(from, to), untilMs);
    this.#scheduler.at(untilMs, () => this.#resumeAll());
  }

  setFaults({ delayMsMin, delayMsMean }: Omit<StreamFaults, "pieceBytesMax">): void {
    this.#faults = { ...this.#faults, delayMsMin, delayMsMean };
  }

  #listen(host: Host, address: string, accept: (stream: ByteStream) => void): Listener {
    const { host: name, port } = parseAddress(address);
    const bound = formatAddress(name, port === 0 ? this.#takePort() : port);
    if (this.#listening.has(bound)) {
      throw new ClusterError("UNREACHABLE", `cannot listen on ${bound}: it is taken`);
    }
    const listening = { host, accept };
    this.#listening.set(bound, listening);
    const close = async (): Promise<void> => {
      if (this.#listening.get(bound) === listening) this.#listening.delete(bound);
    };
    return { address: bound, close };
  }

  #connect(host: Host, address: string, signal: AbortSignal): Promise<ByteStream> {
    parseAddress(address);
    return new Promise((resolve, reject) => {
      let isOver = false;
      const refuse = (why: string): void => {
        signal.removeEventListener("abort", giveUp);
        if (isOver || !host.isAlive) return;
        isOver = true;
        const cause = why === REFUSED ? REFUSAL : undefined;
        reject(new ClusterError("UNREACHABLE", `cannot connect to ${address}: ${why}`, { cause }));
      };
      const giveUp = (): void => refuse("gave up waiting");
      const succeed = (stream: SimStream): void => {
        signal.removeEventListener("abort", giveUp);
        if (isOver) stream.destroy();
        else resolve(stream);
        isOver = true;
      };
      if (signal.aborted) giveUp();
      else signal.addEventListener("abort", giveUp, { once: true });
      this.#attempt(host, address, 1, {
        isOver: () => isOver,
        succeed: (stream) => host.run(() => succeed(stream)),
        refuse: (why) => host.run(() => refuse(why)),
      });
    });
  }

  /** The first packet travels to the listener, its answer back. */
  #attempt(
    host: Host,
    address: string,
    count: number,
    outcome: { isOver(): boolean; succeed(stream: SimStream): void; refuse(why: string): void },
  ): void {
    this.#scheduler.after(this.#drawDelayMs(), () => {
      if (outcome.isOver() || !host.isAlive) return;
      const target = this.#listening.get(address);
      if (target !== undefined && this.#isBlocked(host.name, target.host.name)) {
        if (count === CONNECT_ATTEMPTS_MAX) outcome.refuse("no answer");
        else
          this.#scheduler.after(CONNECT_RETRY_MS, () =>
            this.#attempt(host, address, count + 1, outcome),
          );
        return;
      }
      if (target === undefined) {
        this.#scheduler.after(this.#drawDelayMs(), () => outcome.refuse(REFUSED));
        return;
      }
      const near = this.#join(host, target, address);
      this.#scheduler.after(this.#drawDelayMs(), () => outcome.succeed(near));
    });
  }

  /** Makes both ends, gives one to the listener and returns the other. */
  #join(host: Host, target: Listening, address: string): SimStream {
    const nearAddress = formatAddress(host.name, this.#takePort());
    const near = new SimStream(this.#worldOf(host, target.host), target.host.name, address);
    const far = new SimStream(this.#worldOf(target.host, host), host.name, nearAddress);
    near.join(far);
    far.join(near);
    host.streams.add(near);
    target.host.streams.add(far);
    target.host.run(() => target.accept(far));
    return near;
  }

  #worldOf(local: Host, remote: Host): StreamWorld {
    return {
      scheduler: this.#scheduler,
      run: local.run,
      drawDelayMs: () => this.#drawDelayMs(),
      drawPieceBytes: () => randomBetween(this.#prng, 1, this.#faults.pieceBytesMax),
      isBlocked: () => this.#blocks(local.name, remote.name),
      closed: (stream) => local.streams.delete(stream),
    };
  }

  #isBlocked(left: PeerName, right: PeerName): boolean {
    return this.#blocks(left, right) || this.#blocks(right, left);
  }

  #blocks(from: PeerName, to: PeerName): boolean {
    const cloggedUntilMs = this.#clogs.get(wayOf(from, to)) ?? 0;
    return cloggedUntilMs > this.#scheduler.nowMs || this.#partition.blocks(from, to);
  }

  #resumeAll(): void {
    for (const host of this.#hosts.values()) {
      for (const stream of [...host.streams]) stream.pathChanged();
    }
  }

  #takePort(): number {
    this.#nextPort += 1;
    return this.#nextPort;
  }

  #drawDelayMs(): number {
    const { delayMsMin, delayMsMean } = this.#faults;
    return delayMsMin + randomExponential(this.#prng, delayMsMean);
  }

  #record(detail: string): void {
    this.#lastFaultMs = this.#scheduler.nowMs;
    this.#trace.record(this.#scheduler.nowMs, "streams", "fault", detail);
  }
}

function wayOf(from: PeerName, to: PeerName): string {
  return `${from} ${to}`;
}
