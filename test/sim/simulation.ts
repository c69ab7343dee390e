/**
 * One run: a world made from a seed, a scenario that builds processes and load in it, faults, and
 * then the demand that everything converges. The outcome, the digest and every line of the trace
 * are functions of (scenario, seed).
 *
 *   |<------------- faultyMs, drawn ------------->|<------ at most CONVERGE_MS ------>|
 *   build   load, and the nemesis strikes         heal; the load ends    converged    check
 */
import { assert } from "../../cluster/base/assert.ts";
import type { PeerName } from "../../cluster/base/ids.ts";
import { createPrng, forkPrng, type Prng, randomBetween } from "../../cluster/base/prng.ts";
import type { Registry } from "../../cluster/wire/registry.ts";
import { SimDisk } from "./disk.ts";
import type { ClockSkew } from "./incarnation.ts";
import { type Breakable, Nemesis } from "./nemesis.ts";
import { SimNetwork } from "./network.ts";
import { type Boot, SimProcess, type Victim } from "./process.ts";
import { Scheduler } from "./scheduler.ts";
import { SimStreamNetwork, type StreamFaults } from "./stream-network.ts";
import { describeSwarm, drawSwarm, type Fault, type Range, type SwarmConfig } from "./swarm.ts";
import { Trace, type TraceOptions } from "./trace.ts";

/** After the healing, everything must be well within so much virtual time. */
const CONVERGE_MS = 60_000;
/** A run is thousands of events; one that gets here goes round in circles without time passing. */
const EVENTS_MAX = 20_000_000;
const CLOCK_START_MS_MAX = 1_000_000;
const WALL_OFFSET_MS_MAX = 10_000;

export interface Scenario {
  readonly name: string;
  /** One line for a list. */
  readonly about: string;
  /** What the system must survive. No other faults are injected. */
  readonly tolerates: readonly Fault[];
  /** How long faults go on, where that has to be longer than usual. */
  readonly faultyMs?: Range;
  build(simulation: Simulation): Workload;
}

export interface Workload {
  /** Everything is healed: begin nothing new. */
  finish(): void;
  /** Asked after every event, so it must be cheap. Counts only when every process runs. */
  isConverged(): boolean;
  /** Calls `simulation.violated` for whatever does not hold at the end. */
  check(): void;
}

export type Outcome = "passed" | "correctness" | "crash" | "liveness";

export interface SimulationResult {
  readonly outcome: Outcome;
  /** What was violated or thrown; empty if the run passed. */
  readonly reason: string;
  readonly scenario: string;
  readonly seed: number;
  /** Every choice that the seed made. */
  readonly choices: readonly string[];
  readonly digest: string;
  readonly eventCount: number;
  readonly virtualMs: number;
  /** The latest lines of the trace, if the run failed. */
  readonly tail: readonly string[];
}

export class Simulation {
  readonly scheduler = new Scheduler();
  readonly trace: Trace;
  /** For the scenario's own choices. */
  readonly prng: Prng;
  readonly #seed: number;
  readonly #scenario: Scenario;
  readonly #config: SwarmConfig;
  readonly #networkPrng: Prng;
  readonly #processPrng: Prng;
  readonly #nemesisPrng: Prng;
  readonly #networks: Breakable[] = [];
  readonly #processes: Victim[] = [];
  readonly #sizes: string[] = [];
  #failure: { readonly outcome: Outcome; readonly reason: string } | undefined;

  constructor(seed: number, scenario: Scenario, options: TraceOptions) {
    assert(Number.isSafeInteger(seed) && seed >= 0, `a seed is a whole number from 0 up: ${seed}`);
    this.#seed = seed;
    this.#scenario = scenario;
    const root = createPrng(seed);
    this.trace = new Trace(options);
    this.#config = drawSwarm(forkPrng(root), scenario.tolerates, scenario.faultyMs);
    this.prng = forkPrng(root);
    this.#networkPrng = forkPrng(root);
    this.#processPrng = forkPrng(root);
    this.#nemesisPrng = forkPrng(root);
  }

  /** A size of the cluster or its load, from `min` to `max`; the report names it. */
  choose(what: string, min: number, max: number): number {
    const size = randomBetween(this.prng, min, max);
    this.#sizes.push(`${what} ${size}`);
    return size;
  }

  network<Message extends { readonly type: string }>(
    registry: Registry<Message>,
  ): SimNetwork<Message> {
    const { scheduler, trace } = this;
    const prng = forkPrng(this.#networkPrng);
    const faults = this.#config.network;
    const network = new SimNetwork({ scheduler, prng, registry, trace, faults });
    this.#networks.push(network);
    return network;
  }

  /** For processes that build their own connections, as production does. */
  streamNetwork(pieces: Pick<StreamFaults, "pieceBytesMax">): SimStreamNetwork {
    const { scheduler, trace } = this;
    const prng = forkPrng(this.#networkPrng);
    const faults = { ...this.#config.network, ...pieces };
    const network = new SimStreamNetwork({ scheduler, prng, trace, faults });
    this.#networks.push(network);
    return network;
  }

  /** Whether such faults occur in this run at all. */
  has(fault: Fault): boolean {
    return this.#config.faults.has(fault);
  }

  /** Starts when the run does. The scenario may do to it what the nemesis does not know how to. */
  process<Message extends { readonly type: string }>(options: {
    readonly name: PeerName;
    readonly network?: SimNetwork<Message>;
    readonly streams?: SimStreamNetwork;
    readonly boot: Boot<Message>;
  }): Victim {
    const { scheduler, trace } = this;
    const { name, network, streams, boot } = options;
    const prng = forkPrng(this.#processPrng);
    const disk = new SimDisk({
      scheduler,
      prng: forkPrng(prng),
      trace,
      faults: this.#config.disk,
      name,
    });
    const process = new SimProcess({
      name,
      boot,
      network,
      streams,
      disk,
      scheduler,
      trace,
      skew: this.#drawSkew(prng),
      prng,
      bug: (error) => this.crashed(error),
    });
    this.#processes.push(process);
    scheduler.after(0, () => process.start());
    return process;
  }

  /** Something that must always hold did not. The first violation ends the run. */
  violated(reason: string): void {
    this.#fail("correctness", reason);
  }

  /** Something that must come in time came too late. */
  late(reason: string): void {
    this.#fail("liveness", reason);
  }

  /** Code of a process threw what is a bug. */
  crashed(error: unknown): void {
    this.#fail("crash", error instanceof Error ? (error.stack ?? error.message) : String(error));
  }

  async run(): Promise<SimulationResult> {
    await withRejections(
      (error) => this.crashed(error),
      () => this.#runPhases(),
    );
    return {
      outcome: this.#failure?.outcome ?? "passed",
      reason: this.#failure?.reason ?? "",
      scenario: this.#scenario.name,
      seed: this.#seed,
      choices: [`sizes    ${this.#sizes.join(", ")}`, ...describeSwarm(this.#config)],
      digest: this.trace.digest(),
      eventCount: this.scheduler.eventCount,
      virtualMs: this.scheduler.nowMs,
      tail: this.#failure === undefined ? [] : this.trace.tail(),
    };
  }

  async #runPhases(): Promise<void> {
    const workload = this.#scenario.build(this);
    const nemesis = new Nemesis({
      scheduler: this.scheduler,
      prng: this.#nemesisPrng,
      config: this.#config,
      victims: this.#processes,
      networks: this.#networks,
    });
    nemesis.start();
    const { faultyMs } = this.#config;
    await this.#runUntil(() => false, faultyMs);
    if (this.#failure !== undefined) return;
    this.trace.record(this.scheduler.nowMs, "nemesis", "heal", "everything");
    nemesis.heal();
    workload.finish();
    const isConverged = (): boolean =>
      workload.isConverged() && this.#processes.every(({ isRunning }) => isRunning);
    const ended = await this.#runUntil(isConverged, faultyMs + CONVERGE_MS);
    if (ended === "done") workload.check();
    else this.#fail("liveness", `not converged ${CONVERGE_MS} ms after everything was healed`);
  }

  async #runUntil(isDone: () => boolean, limitMs: number): Promise<"done" | "limit" | "idle"> {
    const until = (): boolean => {
      if (this.scheduler.eventCount >= EVENTS_MAX) {
        this.#fail("liveness", `${EVENTS_MAX} events and no end`);
      }
      return this.#failure !== undefined || isDone();
    };
    try {
      return await this.scheduler.run(until, limitMs);
    } catch (error) {
      this.crashed(error);
      return "done";
    }
  }

  #fail(outcome: Outcome, reason: string): void {
    if (this.#failure !== undefined) return;
    this.#failure = { outcome, reason };
    this.trace.record(this.scheduler.nowMs, "sim", outcome, reason.split("\n", 1)[0] ?? "");
  }

  #drawSkew(prng: Prng): ClockSkew {
    const { driftPpmMax } = this.#config;
    return {
      startMs: randomBetween(prng, 0, CLOCK_START_MS_MAX),
      driftPpm: randomBetween(prng, -driftPpmMax, driftPpmMax),
      wallOffsetMs: randomBetween(prng, -WALL_OFFSET_MS_MAX, WALL_OFFSET_MS_MAX),
    };
  }
}

/** One at a time in a process. */
export function runSimulation(
  seed: number,
  scenario: Scenario,
  options: TraceOptions = {},
): Promise<SimulationResult> {
  return new Simulation(seed, scenario, options).run();
}

/**
 * Runs `body`; rejections that nobody handles go to `handle` alone. In a real process such a
 * rejection is fatal, so it is here; but what ends is the simulation, not the process that runs it,
 * so other listeners are set aside.
 */
async function withRejections(
  handle: (error: unknown) => void,
  body: () => Promise<void>,
): Promise<void> {
  const others = process.listeners("unhandledRejection");
  process.removeAllListeners("unhandledRejection");
  process.on("unhandledRejection", handle);
  try {
    await body();
  } finally {
    process.off("unhandledRejection", handle);
    for (const other of others) process.on("unhandledRejection", other);
  }
}
