/**
 * Members lose their disks, one at a time, as M1 allows: a disk is replaced by an empty one, or a bit on it turns and the
 * member, which then refuses to start, is emptied as `kelp monitor rejoin` does. The next one may lose its own when all
 * others have heard that the last is an acceptor again.
 */
import { present } from "../../../cluster/base/assert.ts";
import { randomChance, randomExponential, randomPick } from "../../../cluster/base/prng.ts";
import type { NodeId } from "../../../monitor/consensus/state.ts";
import type { MonitorState } from "../../../monitor/monitor-state.ts";
import type { Testimony } from "../consensus/testimony.ts";
import type { Victim } from "../process.ts";
import type { Simulation } from "../simulation.ts";

const LOSS_MS_MEAN = 1_500;
const REPLACEMENT_MS_MEAN = 300;

export interface Loser {
  readonly victim: Victim;
  readonly testimony: Testimony;
}

export class DiskLoss {
  readonly #simulation: Simulation;
  readonly #members: ReadonlyMap<NodeId, Loser>;
  readonly #stateOf: (node: NodeId) => MonitorState | undefined;
  readonly #isOver: () => boolean;
  readonly #crashed: (node: NodeId) => void;
  #lost: NodeId | undefined;

  constructor(options: {
    readonly simulation: Simulation;
    readonly members: ReadonlyMap<NodeId, Loser>;
    readonly stateOf: (node: NodeId) => MonitorState | undefined;
    readonly isOver: () => boolean;
    readonly crashed: (node: NodeId) => void;
  }) {
    this.#simulation = options.simulation;
    this.#members = options.members;
    this.#stateOf = options.stateOf;
    this.#isOver = options.isOver;
    this.#crashed = options.crashed;
  }

  plan(): void {
    const { prng, scheduler } = this.#simulation;
    scheduler.after(randomExponential(prng, LOSS_MS_MEAN), () => {
      if (this.#isOver()) return;
      this.#strike(randomPick(prng, [...this.#members.keys()]));
      this.plan();
    });
  }

  /** Its store is damaged and it will not start: the operator empties it. Nobody else's may be. */
  refused(node: NodeId, error: unknown): void {
    if (this.#lost !== node) {
      const reason = error instanceof Error ? error.message : String(error);
      this.#simulation.violated(`mon.${node} refuses a disk that nobody damaged: ${reason}`);
    }
    this.#empty(node);
  }

  #strike(node: NodeId): void {
    const nodes = [...this.#members.keys()];
    const isAllowed =
      this.#lost === undefined
        ? nodes.every((each) => this.#isKnown(each))
        : this.#isKnown(this.#lost);
    if (!isAllowed) return;
    this.#lost = node;
    const { victim } = this.#loser(node);
    const turnsBit = randomChance(this.#simulation.prng, 0.5) && victim.disk.rotValue();
    if (turnsBit) {
      victim.crash("reset");
      this.#crashed(node);
      this.#startLater(victim);
    } else {
      this.#empty(node);
    }
  }

  #empty(node: NodeId): void {
    const { victim, testimony } = this.#loser(node);
    victim.crash("reset");
    this.#crashed(node);
    victim.disk.wipe();
    testimony.void();
    this.#startLater(victim);
  }

  #startLater(victim: Victim): void {
    const { prng, scheduler } = this.#simulation;
    scheduler.after(randomExponential(prng, REPLACEMENT_MS_MEAN), () => victim.start());
  }

  #loser(node: NodeId): Loser {
    return present(this.#members.get(node), "a member");
  }

  /** All others have heard from its present life that it is an acceptor, so that is durable. */
  #isKnown(node: NodeId): boolean {
    const state = this.#stateOf(node);
    if (state === undefined) return false;
    const { life } = state.replica.consensus;
    return [...this.#members.keys()].every((other) => {
      if (other === node) return true;
      const heard = this.#stateOf(other)?.replica.consensus.heard.get(node);
      return heard?.life === life && heard.standing === "acceptor";
    });
  }
}
