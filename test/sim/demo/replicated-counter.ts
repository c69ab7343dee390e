/**
 * The simulator's own test, and an example of how to write a scenario: a counter on a primary and
 * backups that all log every increment, clients that count, and any of the faults that stay within
 * what such a log can bear.
 */
import { peerName } from "../../../cluster/base/ids.ts";
import type { Scenario, Simulation, Workload } from "../simulation.ts";
import { FAULTS, type Fault } from "../swarm.ts";
import { runClient } from "./client.ts";
import { CounterHistory } from "./counter-history.ts";
import { counterRegistry, type Entry } from "./messages.ts";
import type { Plant } from "./plant.ts";
import { bootBackup, bootPrimary } from "./replica.ts";

/** The log's rows have no checksums, and a row that vanished cannot be fetched from elsewhere. */
const NOT_TOLERATED: readonly Fault[] = ["bit-flips", "bit-rot", "lost-record"];

export function replicatedCounter(plant: Plant = "none"): Scenario {
  return {
    name: plant === "none" ? "counter" : `counter-${plant}`,
    about:
      plant === "none" ? "a counter on a primary and its backups" : `the same with a bug: ${plant}`,
    tolerates: FAULTS.filter((fault) => !NOT_TOLERATED.includes(fault)),
    build: (simulation) => build(simulation, plant),
  };
}

function build(simulation: Simulation, plant: Plant): Workload {
  const network = simulation.network(counterRegistry);
  const primary = peerName("counter.0");
  const backups = namesOf("counter", 1, simulation.choose("backups", 1, 3));
  const clients = namesOf("client", 0, simulation.choose("clients", 1, 5));
  const thinkMsMean = simulation.choose("think ms", 1, 40);
  const history = new CounterHistory((reason) => simulation.violated(reason));
  /** Logs of the replicas that run, the primary's first. */
  const logs = new Map<string, readonly Entry[]>();
  const finished = new Set<string>();
  let isOver = false;

  simulation.process({
    name: primary,
    network,
    boot: async (env) => {
      logs.delete(env.name);
      const state = await bootPrimary(env, { backups, plant, history });
      logs.set(env.name, state.entries);
    },
  });
  for (const name of backups) {
    simulation.process({
      name,
      network,
      boot: async (env) => {
        logs.delete(env.name);
        const state = await bootBackup(env, { plant, history });
        logs.set(env.name, state.entries);
      },
    });
  }
  for (const name of clients) {
    simulation.process({
      name,
      network,
      boot: async (env) => {
        await runClient(env, { primary, thinkMsMean, history, isOver: () => isOver });
        finished.add(env.name);
      },
    });
  }
  return {
    finish() {
      isOver = true;
    },
    isConverged() {
      if (finished.size < clients.length || logs.size < 1 + backups.length) return false;
      const sizes = [...logs.values()].map((entries) => entries.length);
      return sizes.every((size) => size === sizes[0]);
    },
    check() {
      for (const [replica, entries] of logs) history.check(replica, entries);
    },
  };
}

function namesOf(kind: string, first: number, count: number) {
  return Array.from({ length: count }, (_, index) => peerName(`${kind}.${first + index}`));
}
