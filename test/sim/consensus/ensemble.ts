/**
 * An ensemble of three or five members under every fault that a network, a clock and a disk that keeps its word can
 * have, and clients that enter and read, two requests at a time now and then. Checked while it runs: no slot is ever
 * applied with two values, places answer as one list would, a session's requests count in their order, and what a
 * member said to hold durably is there when it starts. At the end: everybody has everything that was answered, and
 * new requests are answered within a bound.
 */

import { present } from "../../../cluster/base/assert.ts";
import { type PeerName, peerName } from "../../../cluster/base/ids.ts";
import { randomExponential, randomPick } from "../../../cluster/base/prng.ts";
import { xxh64 } from "../../../cluster/wire/checksum.ts";
import { CounterHistory } from "../demo/counter-history.ts";
import type { Victim } from "../process.ts";
import type { Scenario, Simulation, Workload } from "../simulation.ts";
import { FAULTS, type Fault } from "../swarm.ts";
import { runClient } from "./client.ts";
import type { LedgerWatch } from "./ledger.ts";
import { bootMember, type Member, nameOf } from "./member.ts";
import { ledgerRegistry } from "./messages.ts";
import { nameOfPlant, type Plant, rulesOf } from "./plant.ts";
import { Testimony } from "./testimony.ts";

/** A store without checksums cannot survive these; the sealed store has simulations of its own. */
const NOT_TOLERATED: readonly Fault[] = ["bit-flips", "bit-rot", "lost-record"];
const DISK_LOSS_MS_MEAN = 1_500;
const REPLACEMENT_MS_MEAN = 300;
/** From the healing until a client's next request is answered, at most. */
const PROGRESS_MS_MAX = 15_000;

export interface EnsembleOptions {
  readonly plant?: Plant;
  /** Now and then a member's disk is replaced by an empty one: one at a time, and the next when it is a member again. */
  readonly losesDisks?: boolean;
}

export function ensemble({ plant = "none", losesDisks = false }: EnsembleOptions = {}): Scenario {
  const about = losesDisks
    ? "monitors that agree on a log, and lose disks"
    : "monitors that agree on a log";
  return {
    name: nameOfPlant(losesDisks ? "ensemble-lost-disks" : "ensemble", plant),
    about: plant === "none" ? about : `the same, planted: ${plant}`,
    tolerates: FAULTS.filter((fault) => !NOT_TOLERATED.includes(fault)),
    build: (simulation) => new Ensemble(simulation, plant, losesDisks),
  };
}

class Ensemble implements Workload {
  readonly #simulation: Simulation;
  readonly #plant: Plant;
  readonly #members: readonly number[];
  readonly #clients: number;
  readonly #logSlotsKept: number;
  readonly #history: CounterHistory;
  /** What was chosen, by slot. */
  readonly #values = new Map<number, bigint>();
  readonly #running = new Map<number, Member>();
  readonly #processes = new Map<number, Victim>();
  readonly #testimonies = new Map<number, Testimony>();
  #finishedCount = 0;
  #healedMs: number | undefined;
  #lost: number | undefined;

  constructor(simulation: Simulation, plant: Plant, losesDisks: boolean) {
    this.#simulation = simulation;
    this.#plant = plant;
    this.#members = simulation.choose("members / 2", 1, 2) === 1 ? [1, 2, 3] : [1, 2, 3, 4, 5];
    this.#clients = simulation.choose("clients", 1, 6);
    const thinkMsMean = simulation.choose("think ms", 1, 40);
    // Small, so that rows have to be sent.
    this.#logSlotsKept = simulation.choose("log slots kept", 1, 100);
    this.#history = new CounterHistory((reason) => simulation.violated(reason));
    this.#build(thinkMsMean);
    if (losesDisks) this.#planDiskLoss();
  }

  finish(): void {
    this.#healedMs = this.#simulation.scheduler.nowMs;
  }

  isConverged(): boolean {
    if (this.#finishedCount < this.#clients || this.#running.size < this.#members.length)
      return false;
    const states = [...this.#running.values()];
    const [first] = states;
    return states.every(
      ({ replica, ledger }) =>
        replica.consensus.standing === "acceptor" &&
        replica.applied === first?.replica.applied &&
        ledger.entries.length === first.ledger.entries.length,
    );
  }

  check(): void {
    for (const [self, { ledger }] of this.#running) {
      this.#history.check(nameOf(self), ledger.entries);
    }
  }

  #build(thinkMsMean: number): void {
    const simulation = this.#simulation;
    const network = simulation.network(ledgerRegistry);
    const members = this.#members;
    for (const self of members) {
      const name = nameOf(self);
      const testimony = new Testimony(name, (reason) => simulation.violated(reason));
      this.#testimonies.set(self, testimony);
      const boot = async (env: Parameters<typeof bootMember>[0]): Promise<void> => {
        this.#running.delete(self);
        const rules = rulesOf(this.#plant);
        const watch = this.#watch(name);
        const logSlotsKept = this.#logSlotsKept;
        const options = { self, members, rules, logSlotsKept, testimony, watch };
        this.#running.set(self, await bootMember(env, options));
      };
      this.#processes.set(self, simulation.process({ name, network, boot }));
    }
    for (let client = 0; client < this.#clients; client++) {
      simulation.process({
        name: peerName(`client.${client}`),
        network,
        boot: async (env) => {
          await runClient(env, {
            names: members.map(nameOf),
            thinkMsMean,
            history: this.#history,
            isOver: () => this.#healedMs !== undefined,
            answered: () => this.#answeredLate(),
          });
          this.#finishedCount += 1;
        },
      });
    }
  }

  #watch(name: PeerName): LedgerWatch {
    const simulation = this.#simulation;
    return {
      applied: (slot, value) => {
        const hash = xxh64(value);
        const known = this.#values.get(slot);
        if (known === undefined) this.#values.set(slot, hash);
        else if (known !== hash) {
          simulation.violated(`slot ${slot} was chosen with two values; ${name} has the second`);
        }
      },
      skipped: ({ session, request }) =>
        simulation.violated(`${name} counts ${session}/${request}, and not the one before it`),
    };
  }

  /** Every request is answered some time after the healing; this says when that is too late. */
  #answeredLate(): void {
    const { nowMs } = this.#simulation.scheduler;
    if (this.#healedMs === undefined || nowMs - this.#healedMs <= PROGRESS_MS_MAX) return;
    this.#simulation.late(`a request was answered ${nowMs - this.#healedMs} ms after the healing`);
  }

  #planDiskLoss(): void {
    const { prng, scheduler } = this.#simulation;
    scheduler.after(randomExponential(prng, DISK_LOSS_MS_MEAN), () => {
      if (this.#healedMs !== undefined) return;
      this.#loseDisk(randomPick(prng, this.#members));
      this.#planDiskLoss();
    });
  }

  #loseDisk(self: number): void {
    const mayLose = this.#lost === undefined ? this.#isFormed() : this.#isKnown(this.#lost);
    if (!mayLose) return;
    this.#lost = self;
    const victim = present(this.#processes.get(self), "a member");
    victim.crash("reset");
    this.#running.delete(self);
    victim.disk.wipe();
    this.#testimonies.get(self)?.void();
    const { prng, scheduler } = this.#simulation;
    scheduler.after(randomExponential(prng, REPLACEMENT_MS_MEAN), () => victim.start());
  }

  #isFormed(): boolean {
    return this.#members.every((member) => this.#isKnown(member));
  }

  /** All others have heard from its present life that it is an acceptor, so that is durable. */
  #isKnown(self: number): boolean {
    const member = this.#running.get(self);
    if (member === undefined) return false;
    const { life } = member.replica.consensus;
    return this.#members.every((other) => {
      if (other === self) return true;
      const heard = this.#running.get(other)?.replica.consensus.heard.get(self);
      return heard?.life === life && heard.standing === "acceptor";
    });
  }
}
