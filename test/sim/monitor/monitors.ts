/**
 * Three or five whole monitors under every fault that networks, clocks, processes and disks that keep their word can
 * have, and clients that do what clients of ZooKeeper do. What must hold is said by the checkers: journal.ts (one log,
 * equal trees), promises.ts (what one client is shown), session-rules.ts, lock-rule.ts, register-model.ts
 * (linearizability), and witness.ts (what was acknowledged). After the healing everything comes to rest.
 */

import { isClusterError } from "../../../cluster/base/error.ts";
import { peerName } from "../../../cluster/base/ids.ts";
import type { ZooKeeperClient } from "../../../cluster/zookeeper/client.ts";
import type { MonitorMessage } from "../../../monitor/message/registry.ts";
import { monitorRegistry } from "../../../monitor/message/registry.ts";
import { nameOf } from "../../../monitor/monitor.ts";
import { checkLinearizable } from "../checker/linearizability.ts";
import { Testimony } from "../consensus/testimony.ts";
import type { SimEnv } from "../process.ts";
import type { Scenario, Simulation, Workload } from "../simulation.ts";
import type { SimStreamNetwork } from "../stream-network.ts";
import { FAULTS, type Fault } from "../swarm.ts";
import { runClient } from "./client.ts";
import { DiskLoss, type Loser } from "./disk-loss.ts";
import { Journal } from "./journal.ts";
import { LockRule } from "./lock-rule.ts";
import { addressOf, bootMember, type Member, type Rules } from "./member.ts";
import { type Plant, RULES_OF_PLANT } from "./plant.ts";
import { registerModel } from "./register-model.ts";
import { SessionRules } from "./session-rules.ts";
import { Witness } from "./witness.ts";

/** Whoever finds these refuses its store, and what then has to happen is an operator's to do. */
const NOT_TOLERATED: readonly Fault[] = ["bit-flips", "bit-rot", "lost-record"];
const PIECE_BYTES_MAX = 4_096;

export function monitors(plant?: Plant): Scenario {
  const rules = plant === undefined ? {} : RULES_OF_PLANT[plant];
  const name = plant === undefined ? "monitors" : `monitors-${plant}`;
  return {
    name,
    about: plant === undefined ? "whole monitors and their clients" : `the same, planted: ${plant}`,
    tolerates: FAULTS.filter((fault) => !NOT_TOLERATED.includes(fault)),
    build: (simulation) => new Ensemble(simulation, rules),
  };
}

class Ensemble implements Workload {
  readonly #simulation: Simulation;
  readonly #numbers: readonly number[];
  readonly #clientCount: number;
  readonly #running = new Map<number, Member>();
  readonly #resting = new Map<string, ZooKeeperClient>();
  readonly #journal: Journal;
  readonly #sessions: SessionRules;
  readonly #witness: Witness;
  #isOver = false;

  constructor(simulation: Simulation, rules: Rules) {
    this.#simulation = simulation;
    const violated = (reason: string): void => simulation.violated(reason);
    const { scheduler } = simulation;
    this.#numbers = simulation.choose("members / 2", 1, 2) === 1 ? [1, 2, 3] : [1, 2, 3, 4, 5];
    this.#clientCount = simulation.choose("clients", 2, 5);
    this.#journal = new Journal(violated);
    this.#sessions = new SessionRules({
      serving: () => this.#running.values(),
      judgesExpiry: !simulation.has("loss"),
      violated,
    });
    this.#journal.onApplied((entry, outcome) => this.#sessions.note(entry, outcome));
    const lock = new LockRule({
      violated,
      trueMs: () => scheduler.nowMs,
      later: (delayMs, callback) => scheduler.after(delayMs, callback),
    });
    this.#witness = new Witness(this.#journal, lock, violated);
    this.#startClients(this.#startMembers(rules));
  }

  finish(): void {
    this.#isOver = true;
  }

  isConverged(): boolean {
    if (this.#resting.size < this.#clientCount || this.#running.size < this.#numbers.length) {
      return false;
    }
    const { lastSlot } = this.#journal;
    for (const { state } of this.#running.values()) {
      if (!state.isServing || state.replica.applied !== lastSlot) return false;
    }
    const clients = [...this.#resting.values()];
    const { live } = this.#sessions;
    if (live.size !== clients.length) return false;
    return clients.every(
      ({ status, sessionId }) => status === "connected" && live.has(Number(sessionId)),
    );
  }

  check(): void {
    for (const [self, { state }] of this.#running) {
      this.#sessions.check(nameOf(self), state.machine.tree);
    }
    this.#witness.check();
    const verdict = checkLinearizable(this.#witness.registers, registerModel);
    if (!verdict.ok) this.#simulation.violated(verdict.explanation);
    const { lock, acknowledgedCount, eventCount } = this.#witness;
    const { scheduler, trace } = this.#simulation;
    const done = `${this.#journal.lastSlot} slots, ${acknowledgedCount} writes, ${eventCount} events`;
    const { expiredCount, closedCount } = this.#sessions;
    const ends = `${lock.acquiredCount} locks, ${expiredCount} expired, ${closedCount} closed`;
    trace.record(scheduler.nowMs, "sim", "done", `${done}, ${ends}`);
  }

  #startMembers(rules: Rules): SimStreamNetwork {
    const simulation = this.#simulation;
    const members = this.#numbers;
    const network = simulation.network(monitorRegistry);
    const streams = simulation.streamNetwork({ pieceBytesMax: PIECE_BYTES_MAX });
    // Small, so that rows have to be sent.
    const logSlotsKept = simulation.choose("log slots kept", 1, 100);
    const losers = new Map<number, Loser>();
    const diskLoss = new DiskLoss({
      simulation,
      members: losers,
      stateOf: (node) => this.#running.get(node)?.state,
      isOver: () => this.#isOver,
      crashed: (node) => this.#running.delete(node),
    });
    for (const self of members) {
      const name = nameOf(self);
      const testimony = new Testimony(name, (reason) => simulation.violated(reason));
      const boot = async (env: SimEnv<MonitorMessage>): Promise<void> => {
        this.#running.delete(self);
        const { journal } = this.#witness;
        const options = { self, members, journal, rules, logSlotsKept, testimony };
        const exit = (reason: unknown): void => {
          if (isClusterError(reason, "STORE_CORRUPT")) diskLoss.refused(self, reason);
          else env.exit(reason);
        };
        try {
          const seen = { ...env, streams: env.streams, exit };
          this.#running.set(self, await bootMember(seen, options));
        } catch (error) {
          exit(error);
        }
      };
      losers.set(self, {
        victim: simulation.process({ name, network, streams, boot }),
        testimony,
      });
    }
    if (simulation.choose("loses disks", 0, 1) === 1) diskLoss.plan();
    return streams;
  }

  #startClients(streams: SimStreamNetwork): void {
    const simulation = this.#simulation;
    const members = this.#numbers;
    const thinkMsMean = simulation.choose("think ms", 2, 40);
    const workers = simulation.choose("workers", 1, 4);
    for (let number = 1; number <= this.#clientCount; number++) {
      const name = peerName(`client.${number}`);
      simulation.process<never>({
        name,
        streams,
        boot: async (env) => {
          this.#resting.delete(name);
          await runClient(env, {
            servers: members.map(addressOf).join(","),
            thinkMsMean,
            workers,
            witness: this.#witness,
            isOver: () => this.#isOver,
            rests: (client) => this.#resting.set(name, client),
          });
        },
      });
    }
  }
}
