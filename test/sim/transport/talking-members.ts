/**
 * The production transport under the swarm: members whose messengers talk over simulated streams, while those are cut,
 * clogged and reset, and the members stop, crash, close and come back.
 */
import { peerName } from "../../../cluster/base/ids.ts";
import type { Scenario, Simulation, Workload } from "../simulation.ts";
import type { Fault } from "../swarm.ts";
import { type Load, Member } from "./member.ts";
import { PAYLOAD_SIZE_MAX, type Talk } from "./messages.ts";
import type { Plant } from "./plant.ts";
import { Witness } from "./witness.ts";

/** Streams neither lose nor reorder, and nothing is on disk. */
const TOLERATED: readonly Fault[] = [
  "crash",
  "pause",
  "partition",
  "clog",
  "reset",
  "wall-jump",
  "slow-network",
  "clock-drift",
];
/** Where bytes come in crumbs, a large message would be a hundred thousand events. */
const SHAPES = [
  { pieceBytesMax: 40, payloadSizeMax: 200 },
  { pieceBytesMax: 1_500, payloadSizeMax: 100_000 },
  { pieceBytesMax: 64 << 10, payloadSizeMax: PAYLOAD_SIZE_MAX },
] as const;

export function talkingMembers(plant: Plant = "none"): Scenario {
  return {
    name: plant === "none" ? "transport" : `transport-${plant}`,
    about: plant === "none" ? "messengers over simulated streams" : `the same with a bug: ${plant}`,
    tolerates: TOLERATED,
    build: (simulation) => build(simulation, plant),
  };
}

function build(simulation: Simulation, plant: Plant): Workload {
  const memberCount = simulation.choose("members", 2, 4);
  const clientCount = simulation.choose("clients", 0, 1);
  const shape = SHAPES[simulation.choose("shape", 0, SHAPES.length - 1)] ?? SHAPES[0];
  const load: Load = {
    thinkMsMean: simulation.choose("think ms", 5, 80),
    holdMsMean: simulation.choose("hold ms", 1, 1_000),
    payloadSizeMax: shape.payloadSizeMax,
  };
  const streams = simulation.streamNetwork(shape);
  const witness = new Witness({
    violated: (reason) => simulation.violated(reason),
    nowMs: () => simulation.scheduler.nowMs,
    lastFaultMs: () => streams.lastFaultMs,
    hasPauses: simulation.has("pause"),
  });
  const members = Array.from({ length: memberCount }, (_, index) => peerName(`osd.${index}`));
  const clients = Array.from({ length: clientCount }, (_, index) => peerName(`client.${index}`));
  const everybody = [...members, ...clients];
  for (const name of everybody) {
    const isClient = clients.includes(name);
    const peers = (isClient ? members : everybody).filter((peer) => peer !== name);
    simulation.process<Talk>({
      name,
      streams,
      boot: (env) => new Member({ env, witness, peers, isClient, load, plant }).run(),
    });
  }
  return {
    finish: () => witness.heal(),
    isConverged: () => witness.finishedCount === everybody.length && witness.waitingCount === 0,
    check() {},
  };
}
