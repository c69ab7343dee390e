/**
 * Random interleavings of a small ensemble: messages in any order, lost or doubled; syncs that take for ever; crashes,
 * logs that are trimmed, rows that are sent, and disks that are lost, one at a time. It says what went wrong, if
 * anything did: two values in a slot, an assertion, a value that was chosen and is no more, or no progress once all
 * is well again.
 */
import {
  createPrng,
  type Prng,
  randomChance,
  randomInt,
  randomPick,
} from "../../../cluster/base/prng.ts";
import type { ConsensusRules, NodeId } from "../../../monitor/consensus/state.ts";
import { Script } from "./script.ts";

export interface ChaosOptions {
  readonly seed: number;
  readonly members: readonly NodeId[];
  readonly steps: number;
  readonly rules?: Partial<ConsensusRules>;
  readonly losesDisks?: boolean;
}

const WIRES_MAX = 200;
const HEAL_ROUNDS = 200;

/** Undefined if nothing did. */
export function chaos(options: ChaosOptions): string | undefined {
  const prng = createPrng(options.seed);
  const script = randomChance(prng, 0.3)
    ? new Script(options.members, options.rules)
    : Script.formed(options.members, options.rules);
  const world = new Chaos(prng, script, options);
  try {
    for (let step = 0; step < options.steps && script.violations.length === 0; step++) world.act();
    if (script.violations.length === 0) world.heal();
  } catch (error) {
    return error instanceof Error ? (error.stack ?? error.message) : String(error);
  }
  return script.violations[0];
}

class Chaos {
  readonly #prng: Prng;
  readonly #script: Script;
  readonly #options: ChaosOptions;
  readonly #lossChance: number;
  readonly #copyChance: number;
  readonly #inOrderChance: number;
  #wiped: NodeId | undefined;
  #proposed = 0;

  constructor(prng: Prng, script: Script, options: ChaosOptions) {
    this.#prng = prng;
    this.#script = script;
    this.#options = options;
    this.#lossChance = randomPick(prng, [0, 0.02, 0.2]);
    this.#copyChance = randomPick(prng, [0, 0.05, 0.3]);
    this.#inOrderChance = randomPick(prng, [0, 0.5, 0.95]);
  }

  act(): void {
    const script = this.#script;
    const node = randomPick(this.#prng, this.#options.members);
    const choice = randomInt(this.#prng, 1_000);
    if (choice < 600) this.#deliverOne();
    else if (choice < 800) script.sync(node, 1 + randomInt(this.#prng, 3));
    else if (choice < 900) this.#passTime(node);
    else if (choice < 955) this.#propose();
    else if (choice < 970) script.checkpoint(node, this.#someSlot(node));
    else if (choice < 980) this.#endTransfer(node);
    else if (choice < 990)
      script.step(node, { type: "linkChanged", node: this.#other(node), isUp: choice < 985 });
    else if (choice < 992) this.#resign();
    else this.#endLife(node);
  }

  /** Everything works from now on: all become acceptors, one leads, all know the same. */
  heal(): void {
    const script = this.#script;
    const { members } = this.#options;
    for (const node of members) if (!script.isUp(node)) script.restart(node);
    for (let round = 0; round < HEAL_ROUNDS; round++) {
      script.settle();
      for (const node of members) this.#endTransfer(node);
      script.passMs(60);
      script.tickAll();
      const leader = this.#leaderOfAll();
      if (leader === undefined) continue;
      const { wantedSlot, log } = script.state(leader);
      if (wantedSlot > log.last) script.propose(leader, "wanted");
      if (round % 4 === 0) this.#proposeAt(leader);
      const commits = members.map((member) => script.state(member).commit);
      const settled = members.every((member) => script.state(member).standing === "acceptor");
      if (settled && round > 20 && Math.min(...commits) > 0 && new Set(commits).size === 1) return;
      if (script.violations.length > 0) return;
    }
    const standings = members.map((member) => {
      const { standing, role, commit, promise } = script.state(member);
      return `${standing} ${role.type} ${promise.round} ${commit}`;
    });
    script.violations.push(`no progress after everything was healed: ${standings.join(", ")}`);
  }

  #leaderOfAll(): NodeId | undefined {
    const leaders = this.#options.members.filter(
      (node) => this.#script.state(node).role.type === "leader",
    );
    return leaders.length === 1 ? leaders[0] : undefined;
  }

  #deliverOne(): void {
    const script = this.#script;
    const { wires } = script;
    while (wires.length > WIRES_MAX) wires.splice(randomInt(this.#prng, wires.length), 1);
    if (wires.length === 0) return;
    const isNext = randomChance(this.#prng, this.#inOrderChance);
    const index = isNext ? 0 : randomInt(this.#prng, wires.length);
    const flight = wires[index];
    if (flight === undefined) return;
    if (!randomChance(this.#prng, this.#copyChance)) wires.splice(index, 1);
    if (!randomChance(this.#prng, this.#lossChance)) script.arrive(flight);
  }

  #passTime(node: NodeId): void {
    this.#script.passMs(randomPick(this.#prng, [1, 20, 50, 50, 100, 400]));
    this.#script.tick(node, randomInt(this.#prng, 20) === 0 ? 500 : 0);
  }

  #propose(): void {
    const leaders = this.#options.members.filter(
      (node) => this.#script.isUp(node) && this.#script.state(node).role.type === "leader",
    );
    if (leaders.length > 0) this.#proposeAt(randomPick(this.#prng, leaders));
  }

  #proposeAt(node: NodeId): void {
    this.#proposed += 1;
    this.#script.propose(node, `value ${this.#proposed} of ${node}`);
  }

  #resign(): void {
    const leader = this.#leaderOfAll();
    if (leader !== undefined && this.#script.isUp(leader)) this.#script.resign(leader);
  }

  #someSlot(node: NodeId): number {
    const { commit, log } = this.#script.state(node);
    return Math.max(log.first - 1, commit - randomInt(this.#prng, 3));
  }

  #endTransfer(node: NodeId): void {
    if (!this.#script.isUp(node) || this.#script.transfersOf(node).length === 0) return;
    const { commit, log } = this.#script.state(node);
    const isFailed = randomChance(this.#prng, 0.2);
    this.#script.endTransfer(node, isFailed ? undefined : Math.max(log.first - 1, commit - 1));
  }

  #endLife(node: NodeId): void {
    const script = this.#script;
    if (!script.isUp(node)) {
      script.restart(node);
      return;
    }
    if (this.#options.losesDisks && this.#mayLoseDisk() && randomChance(this.#prng, 0.5)) {
      this.#wiped = node;
      script.wipe(node);
      return;
    }
    if (randomChance(this.#prng, 0.5)) script.restart(node);
    else script.crash(node);
  }

  /** All hold what they need: the one whose disk was lost is an acceptor again, and that is durable. */
  #mayLoseDisk(): boolean {
    if (this.#wiped === undefined) return true;
    const { standing } = this.#script.state(this.#wiped);
    const isUp = this.#script.isUp(this.#wiped);
    const isDone = isUp && standing === "acceptor" && this.#script.isSynced(this.#wiped);
    if (isDone) this.#wiped = undefined;
    return isDone;
  }

  #other(node: NodeId): NodeId {
    return randomPick(
      this.#prng,
      this.#options.members.filter((member) => member !== node),
    );
  }
}
