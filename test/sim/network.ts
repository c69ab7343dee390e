/**
 * The simulated network: Transport for every process of a simulation, over lanes whose faults come from one seed.
 *
 * - A connection joins two incarnations. It is made by the first message to a peer whose route is known, and works in
 *   both directions from when something has arrived: a process without a route can then answer and send, too.
 *   Addresses are only remembered; names are what find each other.
 * - Partitions lose what meets them, at its departure or its arrival. A connection across one ends, at both ends,
 *   after the silence that the real transport allows; if the partition is over sooner, it only lost those messages.
 * - A crash is noticed by peers as soon as the dead process's kernel can tell them, or, with "silence", after that
 *   same time, unless it is back sooner and answers that it knows of no connection. What it had sent before may still arrive; what was sent to it is lost, also for its successor.
 */
import { assert } from "../../cluster/base/assert.ts";
import type { Clock } from "../../cluster/base/clock.ts";
import { ClusterError } from "../../cluster/base/error.ts";
import type { PeerName } from "../../cluster/base/ids.ts";
import type { Prng } from "../../cluster/base/prng.ts";
import { SILENCE_MS } from "../../cluster/runtime/framed-stream.ts";
import type {
  Outgoing,
  Received,
  RequestOptions,
  Transport,
  TransportHandler,
} from "../../cluster/runtime/transport.ts";
import type { Registry } from "../../cluster/wire/registry.ts";
import { Writer } from "../../cluster/wire/writer.ts";
import { drawDelayMs, type NetworkFaults, type Path } from "./lane.ts";
import { LinkEnd, type LinkProcess, type LinkWorld, SILENCE_REASON, type Typed } from "./link.ts";
import { Partition, type PartitionMode } from "./partition.ts";
import type { Scheduler } from "./scheduler.ts";
import type { TraceSink } from "./trace.ts";

const GRACE_MS = 5_000;
const CONNECT_RETRY_MS = 1_000;
/** Small, so that a message that is kept keeps little else alive; large enough to be rarely replaced. */
const WRITER_SLAB_SIZE = 64 << 10;

export class SimNetwork<Message extends Typed> {
  readonly #world: LinkWorld<Message>;
  readonly #transports = new Map<PeerName, SimTransport<Message>>();
  readonly #paths = new Map<PeerName, Map<PeerName, Path>>();
  readonly #partition = new Partition();
  #faults: NetworkFaults;

  constructor(options: {
    scheduler: Scheduler;
    prng: Prng;
    registry: Registry<Message>;
    trace: TraceSink;
    faults: NetworkFaults;
  }) {
    this.#world = { ...options, writer: new Writer(WRITER_SLAB_SIZE) };
    this.#faults = options.faults;
  }

  /** A process starts. Its deadlines run on its own clock. */
  attach(name: PeerName, handler: TransportHandler<Message>, clock: Clock): SimTransport<Message> {
    assert(!this.#transports.has(name), `${name} is already attached`);
    const transport = new SimTransport({ self: name, handler, clock, network: this });
    this.#transports.set(name, transport);
    return transport;
  }

  /** A process crashed, or its whole machine did ("silence"). Nothing of it is called or settled any more. */
  detach(name: PeerName, notice: "reset" | "silence" = "reset"): void {
    this.#transports.get(name)?.crash(notice);
    this.#transports.delete(name);
  }

  /** Replaces the partition that was there; clogs stay. */
  partition(groups: readonly (readonly PeerName[])[], mode: PartitionMode): void {
    this.#partition.set(groups, mode);
    this.#record(`partition ${mode} ${groups.map((group) => group.join(",")).join(" | ")}`);
    this.#applyPartition();
  }

  /** Ends partitions and clogs; what was clogged arrives. */
  heal(): void {
    this.#partition.clear();
    this.#record("heal");
    this.#applyPartition();
    for (const path of this.#allPaths()) {
      path.cloggedUntilMs = 0;
      this.#endOf(path)?.release();
    }
  }

  /** Holds back what arrives on this way until then. */
  clog(from: PeerName, to: PeerName, untilMs: number): void {
    this.#record(`clog ${from} -> ${to} until ${untilMs.toFixed(3)}`);
    this.#path(from, to).cloggedUntilMs = untilMs;
  }

  /** Ends the connection of two processes; what is in flight between them is lost. */
  reset(left: PeerName, right: PeerName): void {
    this.#record(`reset ${left} - ${right}`);
    this.#transports.get(left)?.ends.get(right)?.reset("connection reset");
  }

  /** For all ways, or for one, which then keeps them until it is set again. */
  setFaults(faults: NetworkFaults, way?: { from: PeerName; to: PeerName }): void {
    if (way !== undefined) {
      const path = this.#path(way.from, way.to);
      path.faults = faults;
      path.hasOwnFaults = true;
      return;
    }
    this.#faults = faults;
    for (const path of this.#allPaths()) if (!path.hasOwnFaults) path.faults = faults;
  }

  /** For SimTransport: a connection, or the attempt of one, to whoever has the name now. */
  connect(from: SimTransport<Message>, name: PeerName): LinkEnd<Message> {
    const there = this.#path(from.self, name);
    const back = this.#path(name, from.self);
    const target = this.#transports.get(name);
    const near: LinkEnd<Message> = new LinkEnd({
      world: this.#world,
      process: from,
      path: there,
      remote: () => far,
      replaces: undefined,
    });
    const far: LinkEnd<Message> | undefined =
      target &&
      new LinkEnd({
        world: this.#world,
        process: target,
        path: back,
        remote: () => near,
        replaces: target.ends.get(from.self),
      });
    from.ends.set(name, near);
    if (far !== undefined) target?.ends.set(from.self, far);
    this.#watchAttempt(near, far !== undefined, [there, back]);
    return near;
  }

  /** For SimTransport: somebody runs under this name. */
  isAttached(name: PeerName): boolean {
    return this.#transports.has(name);
  }

  /** For SimTransport: it has closed and is heard of no more. */
  forget(transport: SimTransport<Message>): void {
    if (this.#transports.get(transport.self) === transport) this.#transports.delete(transport.self);
  }

  #watchAttempt(near: LinkEnd<Message>, isHeard: boolean, paths: [Path, Path]): void {
    const blocked = paths.find((path) => path.blockedSinceMs !== undefined);
    if (!isHeard) this.#refuse(near, paths, 0);
    else if (blocked !== undefined) this.#watchSilence(near, blocked);
  }

  /** Nobody has the name: its machine says so, as soon as it hears one of the packets that ask. */
  #refuse(near: LinkEnd<Message>, paths: [Path, Path], waitedMs: number): void {
    const { scheduler, prng } = this.#world;
    const isBlocked = paths.some((path) => path.blockedSinceMs !== undefined);
    if (isBlocked && waitedMs < SILENCE_MS) {
      const nextMs = waitedMs + CONNECT_RETRY_MS;
      scheduler.after(CONNECT_RETRY_MS, () => this.#refuse(near, paths, nextMs));
      return;
    }
    const roundTripMs = paths.reduce((sum, { faults }) => sum + drawDelayMs(prng, faults), 0);
    scheduler.after(roundTripMs, () => near.close("connection refused", "UNREACHABLE"));
  }

  #applyPartition(): void {
    for (const path of this.#allPaths()) {
      const isBlocked = this.#partition.blocks(path.from, path.to);
      if (isBlocked === (path.blockedSinceMs !== undefined)) continue;
      path.blockedSinceMs = isBlocked ? this.#world.scheduler.nowMs : undefined;
      const end = this.#endOf(path);
      if (isBlocked && end !== undefined) this.#watchSilence(end, path);
    }
  }

  /** Keepalives do not pass a blocked path, so the connection ends unless the path works again soon enough. */
  #watchSilence(end: LinkEnd<Message>, path: Path): void {
    const sinceMs = path.blockedSinceMs;
    this.#world.scheduler.after(SILENCE_MS, () => {
      if (path.blockedSinceMs === sinceMs) end.reset(SILENCE_REASON);
    });
  }

  #endOf(path: Path): LinkEnd<Message> | undefined {
    return this.#transports.get(path.from)?.ends.get(path.to);
  }

  #path(from: PeerName, to: PeerName): Path {
    const known = this.#paths.get(from) ?? new Map<PeerName, Path>();
    this.#paths.set(from, known);
    const path = known.get(to) ?? {
      from,
      to,
      faults: this.#faults,
      hasOwnFaults: false,
      blockedSinceMs: this.#partition.blocks(from, to) ? this.#world.scheduler.nowMs : undefined,
      cloggedUntilMs: 0,
    };
    known.set(to, path);
    return path;
  }

  *#allPaths(): Generator<Path> {
    for (const paths of this.#paths.values()) yield* paths.values();
  }

  #record(detail: string): void {
    this.#world.trace.record(this.#world.scheduler.nowMs, "network", "fault", detail);
  }
}

export class SimTransport<Message extends Typed>
  implements Transport<Message>, LinkProcess<Message>
{
  readonly self: PeerName;
  readonly handler: TransportHandler<Message>;
  readonly clock: Clock;
  /** The newest connection to each peer. */
  readonly ends = new Map<PeerName, LinkEnd<Message>>();
  readonly #network: SimNetwork<Message>;
  readonly #routes = new Map<PeerName, string>();
  #status: "open" | "closing" | "crashed" = "open";
  /** Ends the wait of `close` for running requests. */
  #allAnswered: (() => void) | undefined;

  constructor(options: {
    self: PeerName;
    handler: TransportHandler<Message>;
    clock: Clock;
    network: SimNetwork<Message>;
  }) {
    this.self = options.self;
    this.handler = options.handler;
    this.clock = options.clock;
    this.#network = options.network;
  }

  get isAlive(): boolean {
    return this.#status !== "crashed";
  }

  get isHostUp(): boolean {
    return this.isAlive || this.#network.isAttached(this.self);
  }

  get isClosing(): boolean {
    return this.#status === "closing";
  }

  route(peer: PeerName, address: string | undefined): void {
    assert(peer !== this.self, `${peer} has no route to itself`);
    const old = this.#routes.get(peer);
    if (old === address) return;
    if (address === undefined) this.#routes.delete(peer);
    else this.#routes.set(peer, address);
    if (old !== undefined) this.ends.get(peer)?.hangUp("the peer's address changed");
  }

  send(peer: PeerName, outgoing: Outgoing<Message>): boolean {
    return this.#end(peer)?.send(outgoing) ?? false;
  }

  request(
    peer: PeerName,
    outgoing: Outgoing<Message>,
    options: RequestOptions = {},
  ): Promise<Received<Message>> {
    const end = this.#end(peer);
    if (end !== undefined) return end.request(outgoing, options);
    const error = this.isClosing
      ? new ClusterError("INTERRUPTED", `${this.self} is shutting down`)
      : new ClusterError("UNREACHABLE", `no way to ${peer} is known`);
    return Promise.reject(error);
  }

  async close(graceMs = GRACE_MS): Promise<void> {
    if (this.#status !== "open") return;
    this.#status = "closing";
    await new Promise<void>((resolve) => {
      const timer = this.clock.after(graceMs, resolve);
      this.#allAnswered = () => {
        timer.cancel();
        resolve();
      };
      this.answered();
    });
    for (const end of [...this.ends.values()]) end.hangUp(`${this.self} is shutting down`);
    this.#network.forget(this);
  }

  /** For SimNetwork: from here on this incarnation is inert. */
  crash(notice: "reset" | "silence"): void {
    this.#status = "crashed";
    for (const end of [...this.ends.values()]) {
      if (notice === "reset") end.hangUp("connection reset");
      else end.fallSilent();
    }
  }

  answered(): void {
    for (const end of this.ends.values()) if (end.runningCount > 0) return;
    this.#allAnswered?.();
  }

  closed(end: LinkEnd<Message>): void {
    if (this.ends.get(end.peer) === end) this.ends.delete(end.peer);
  }

  #end(peer: PeerName): LinkEnd<Message> | undefined {
    if (this.#status !== "open") return undefined;
    const end = this.ends.get(peer);
    const hasRoute = this.#routes.has(peer);
    if (end !== undefined && (hasRoute || end.isConnected)) return end;
    return hasRoute ? this.#network.connect(this, peer) : undefined;
  }
}
