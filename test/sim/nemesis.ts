/**
 * Does to a cluster what the swarm configuration says, for as long as it says, and then heals
 * everything. What did not survive the strikes is a bug in safety; what does not recover after the
 * healing is one in liveness.
 */
import type { PeerName } from "../../cluster/base/ids.ts";
import {
  type Prng,
  randomBetween,
  randomChance,
  randomExponential,
  randomPick,
  randomShuffle,
} from "../../cluster/base/prng.ts";
import { NO_DISK_FAULTS } from "./disk-faults.ts";
import { NO_NETWORK_FAULTS } from "./lane.ts";
import type { SimNetwork } from "./network.ts";
import type { Victim } from "./process.ts";
import type { Scheduler } from "./scheduler.ts";
import type { Strike, SwarmConfig } from "./swarm.ts";

/** What can be done to a network, whatever messages it carries. */
export type Breakable = Pick<
  SimNetwork<never>,
  "partition" | "heal" | "clog" | "reset" | "setFaults"
>;

const WALL_JUMP_MS_MAX = 3_600_000;

export class Nemesis {
  readonly #scheduler: Scheduler;
  readonly #prng: Prng;
  readonly #config: SwarmConfig;
  readonly #victims: readonly Victim[];
  readonly #networks: readonly Breakable[];
  #hasHealed = false;

  constructor(options: {
    scheduler: Scheduler;
    prng: Prng;
    config: SwarmConfig;
    victims: readonly Victim[];
    networks: readonly Breakable[];
  }) {
    this.#scheduler = options.scheduler;
    this.#prng = options.prng;
    this.#config = options.config;
    this.#victims = options.victims;
    this.#networks = options.networks;
  }

  start(): void {
    if (this.#victims.length === 0) return;
    for (const [strike, intervalMs] of this.#config.intervalMs) this.#plan(strike, intervalMs);
  }

  /** From now on nothing fails by itself: every process runs, every link and disk works. */
  heal(): void {
    this.#hasHealed = true;
    for (const network of this.#networks) {
      network.heal();
      network.setFaults(NO_NETWORK_FAULTS);
    }
    for (const victim of this.#victims) {
      victim.disk.setFull(false);
      victim.disk.setFaults(NO_DISK_FAULTS);
      victim.resume();
      victim.start();
    }
  }

  #plan(strike: Strike, intervalMs: number): void {
    this.#later(intervalMs, () => {
      this.#strikes[strike](randomPick(this.#prng, this.#victims));
      this.#plan(strike, intervalMs);
    });
  }

  readonly #strikes: Readonly<Record<Strike, (victim: Victim) => void>> = {
    crash: (victim) => {
      victim.crash(randomChance(this.#prng, 0.5) ? "reset" : "silence");
      this.#later(300, () => victim.start());
    },
    pause: (victim) => {
      victim.stop();
      this.#later(500, () => victim.resume());
    },
    partition: () => this.#partition(),
    clog: () =>
      this.#onPair((network, from, to) => {
        network.clog(from, to, this.#scheduler.nowMs + randomExponential(this.#prng, 500));
      }),
    reset: () => this.#onPair((network, left, right) => network.reset(left, right)),
    "full-disk": ({ disk }) => {
      disk.setFull(true);
      this.#later(500, () => disk.setFull(false));
    },
    "lost-record": ({ disk }) => {
      disk.damageRecord();
    },
    "wall-jump": (victim) =>
      victim.jumpWall(randomBetween(this.#prng, -WALL_JUMP_MS_MAX, WALL_JUMP_MS_MAX)),
  };

  #partition(): void {
    if (this.#victims.length < 2) return;
    const network = randomPick(this.#prng, this.#networks);
    const names = randomShuffle(
      this.#prng,
      this.#victims.map((victim) => victim.name),
    );
    const cut = randomBetween(this.#prng, 1, names.length - 1);
    const mode = randomChance(this.#prng, 0.5) ? "symmetric" : "one-way";
    network.partition([names.slice(0, cut), names.slice(cut)], mode);
    this.#later(700, () => network.heal());
  }

  #onPair(act: (network: Breakable, left: PeerName, right: PeerName) => void): void {
    const left = randomPick(this.#prng, this.#victims).name;
    const right = randomPick(this.#prng, this.#victims).name;
    if (left !== right) act(randomPick(this.#prng, this.#networks), left, right);
  }

  /** After an exponential delay, unless everything is healed by then. */
  #later(meanMs: number, callback: () => void): void {
    this.#scheduler.after(randomExponential(this.#prng, meanMs), () => {
      if (!this.#hasHealed) callback();
    });
  }
}
