/**
 * Shell: a controller in a process, standing for election. It ties the core to the tree, of which it is an ordinary
 * ZooKeeper client, and to whoever asks: OSDs and operators. It decides nothing.
 */
import { unreachable } from "../cluster/base/assert.ts";
import type { Clock, Timer } from "../cluster/base/clock.ts";
import { ClusterError, isClusterError } from "../cluster/base/error.ts";
import type { PeerName } from "../cluster/base/ids.ts";
import { peerName } from "../cluster/base/ids.ts";
import type { Log } from "../cluster/base/log.ts";
import { PATHS } from "../cluster/coordination/paths.ts";
import { probe } from "../cluster/coordination/probe.ts";
import { MemoryStore } from "../cluster/kv/memory-store.ts";
import type { OsdMap } from "../cluster/map/osd-map.ts";
import type { UpmapChanges } from "../cluster/map/upmap-changes.ts";
import { type ControllerMessage, controllerAddress } from "../cluster/message/controller.ts";
import { Loop } from "../cluster/runtime/loop.ts";
import type { StreamNetwork } from "../cluster/runtime/stream.ts";
import type {
  Outgoing,
  Received,
  Transport,
  TransportHandler,
} from "../cluster/runtime/transport.ts";
import { encode } from "../cluster/wire/codec.ts";
import type { Acl } from "../cluster/zookeeper/acl.ts";
import type { ZooKeeperClient } from "../cluster/zookeeper/client.ts";
import { type ElectionRole, LeaderElection } from "../cluster/zookeeper/recipe/leader-election.ts";
import { createController, stepController } from "./controller/controller-core.ts";
import type { ControllerSettings } from "./controller/controller-settings.ts";
import type {
  ControllerEffect,
  ControllerEvent,
  ControllerRules,
  ControllerState,
} from "./controller/controller-state.ts";
import { ControllerTerm } from "./controller-term.ts";

/** Questions that wait for an answer, of which there may be none for as long as nothing can be published; more are refused. */
export const CALLS_MAX = 16_384;
const QUEUE_CAPACITY = 2 * CALLS_MAX;
const WALL_CLOCK_MS = 1_000;
/** After a term that ended although its election node may be there. */
const NEXT_TERM_MS = 1_000;

export interface ControllerOptions {
  readonly name: PeerName;
  /** Random, and of this process alone. */
  readonly id: string;
  readonly clusterId: string;
  /** With the cluster's identity. */
  readonly client: ZooKeeperClient;
  readonly acl: readonly Acl[];
  readonly clock: Clock;
  readonly log: Log;
  /** To see whether somebody listens where an OSD should be. */
  readonly network: StreamNetwork;
  /** Where this controller is asked. */
  readonly address: string;
  readonly attach: (handler: TransportHandler<ControllerMessage>) => Transport<ControllerMessage>;
  readonly settings: ControllerSettings;
  /** Evens out the map's PGs; anywhere but in the way. */
  readonly balance: (
    map: OsdMap,
    options: { readonly misplacedRatioMax: number },
  ) => Promise<UpmapChanges>;
  /** Must not go on. Ends the process. */
  readonly fail: (error: unknown) => void;
  readonly checkpointEpochs?: number;
  readonly rules?: ControllerRules;
}

export class Controller {
  readonly state: ControllerState;
  readonly #options: ControllerOptions;
  readonly #transport: Transport<ControllerMessage>;
  readonly #loop: Loop<ControllerState, ControllerEvent, ControllerEffect>;
  readonly #election: LeaderElection;
  readonly #calls = new Map<number, (message: ControllerMessage) => void>();
  /** What found the queue full, in order; of its own making, so that no peer can let it grow. */
  readonly #overflow: ControllerEvent[] = [];
  #lastCall = 0;
  #term: { readonly term: ControllerTerm; readonly path: string } | undefined;
  #wallClockTimer: Timer | undefined;

  constructor(options: ControllerOptions) {
    const { clock, client, name, address, settings } = options;
    this.#options = options;
    this.state = createController({
      name,
      clusterId: options.clusterId,
      settings,
      wallOffsetMs: clock.wallMs() - clock.nowMs(),
      ...(options.rules !== undefined && { rules: options.rules }),
    });
    this.#transport = options.attach({
      receive: () => {}, // Everything that is said to a controller is a request.
      answer: (received) => this.#answer(received),
    });
    this.#loop = new Loop<ControllerState, ControllerEvent, ControllerEffect>({
      state: this.state,
      step: stepController,
      perform: (effect) => this.#perform(effect),
      // What it knows is in the tree; it keeps nothing itself.
      store: new MemoryStore(),
      clock,
      fail: options.fail,
      queueCapacity: QUEUE_CAPACITY,
    });
    this.#loop.start();
    this.#tellWallClock();
    this.#election = new LeaderElection({
      client,
      path: PATHS.controller,
      id: options.id,
      address: encode(controllerAddress, { name, address }),
      onRole: (role, error) => this.#roleChanged(role, error),
    });
  }

  get isLeading(): boolean {
    return this.state.term !== undefined;
  }

  submit(event: ControllerEvent): void {
    if (this.#overflow.length === 0 && this.#loop.submit(event)) return;
    if (this.#overflow.push(event) === 1) this.#drainWithRoom();
  }

  #drainWithRoom(): void {
    this.#loop.room().then(
      () => {
        while (this.#overflow[0] !== undefined && this.#loop.submit(this.#overflow[0])) {
          this.#overflow.shift();
        }
        if (this.#overflow.length > 0) this.#drainWithRoom();
      },
      () => {}, // The loop has stopped.
    );
  }

  /** The next one leads as soon as it notices. */
  async close(): Promise<void> {
    this.#wallClockTimer?.cancel();
    this.#endTerm();
    await this.#election.stop();
    this.#loop.stop();
    for (const answer of this.#calls.values()) answer({ type: "notController" });
    this.#calls.clear();
  }

  #roleChanged(role: ElectionRole, error: unknown): void {
    switch (role) {
      case "leading":
        this.#lead();
        return;
      case "doubtful":
        // Its node is there as long as nobody else leads. What it writes waits, and tells.
        return;
      case "waiting":
        this.#endTerm();
        return;
      case "ended":
        this.#endTerm();
        if (error !== undefined) this.#options.fail(error);
        return;
    }
  }

  #lead(): void {
    const check = this.#election.check();
    const path = this.#election.ownPath;
    if (check === undefined || path === undefined) return;
    // After a doubt: the same node, so the same term.
    if (this.#term?.path === path) return;
    this.#endTerm();
    const { client, acl, log, fail, checkpointEpochs } = this.#options;
    const term: ControllerTerm = new ControllerTerm({
      client,
      check,
      acl,
      log,
      submit: (event) => this.submit(event),
      lost: () => {
        if (this.#term?.term !== term) return;
        this.#endTerm();
        // If its node is still there nobody else can lead, and what is published has to be read anew.
        this.#options.clock.after(NEXT_TERM_MS, () => this.#lead());
      },
      fail,
      ...(checkpointEpochs !== undefined && { checkpointEpochs }),
    });
    this.#term = { term, path };
  }

  #endTerm(): void {
    if (this.#term === undefined) return;
    this.#term.term.end();
    this.#term = undefined;
    this.submit({ type: "deposed" });
    this.#options.log.info("leads no more");
  }

  #answer({ from, message }: Received<ControllerMessage>): Promise<Outgoing<ControllerMessage>> {
    return new Promise((resolve, reject) => {
      const call = this.#lastCall + 1;
      const event = { type: "asked", from, message, call } as const;
      const hasRoom = this.#calls.size < CALLS_MAX && this.#overflow.length === 0;
      if (!hasRoom || !this.#loop.submit(event)) {
        reject(new ClusterError("OVERLOADED", "the controller has too much to do"));
        return;
      }
      this.#lastCall = call;
      this.#calls.set(call, (answer) => resolve({ message: answer }));
    });
  }

  #perform(effect: ControllerEffect): void {
    switch (effect.type) {
      case "answer":
        this.#calls.get(effect.call)?.(effect.message);
        this.#calls.delete(effect.call);
        return;
      case "probe":
        void this.#probe(effect);
        return;
      case "balance":
        void this.#balance(effect.map, effect.misplacedRatioMax);
        return;
      case "wake":
        this.#options.clock.after(effect.afterMs, () => this.submit({ type: "woken" }));
        return;
      case "publish":
      case "trim":
      case "storeMutes":
      case "event":
        this.#term?.term.perform(effect);
        return;
      default:
        unreachable(effect, "an effect of the controller");
    }
  }

  async #probe({
    osd,
    address,
    nonce,
    epoch,
  }: ControllerEffect & { readonly type: "probe" }): Promise<void> {
    const peer = peerName(`osd.${osd}`);
    const { network, clock } = this.#options;
    const transport = this.#transport;
    const result = await probe({ peer, address, nonce, epoch, network, clock, transport });
    this.submit({ type: "probed", osd, result });
  }

  async #balance(map: OsdMap, misplacedRatioMax: number): Promise<void> {
    const { balance, log } = this.#options;
    try {
      const changes = await balance(map, { misplacedRatioMax });
      this.submit({ type: "balanced", base: map, changes });
    } catch (error) {
      if (!isClusterError(error)) throw error;
      log.warn("the balancer came to nothing", { error });
      this.submit({ type: "balanced", base: map, changes: undefined });
    }
  }

  #tellWallClock(): void {
    const { clock } = this.#options;
    this.#wallClockTimer = clock.after(WALL_CLOCK_MS, () => {
      this.submit({ type: "wallClock", offsetMs: clock.wallMs() - clock.nowMs() });
      this.#tellWallClock();
    });
  }
}
