/**
 * A cluster without data under every fault: whole monitors, two controllers, OSDs that boot, die, flap, lie about each other
 * and lose their sessions, and operators who change the map meanwhile. chronicle.ts and operator.ts say what must hold; when
 * all is healed, every OSD is up in a map that everybody has.
 */
import { type Epoch, epoch, type OsdId, osdId, peerName } from "../../../cluster/base/ids.ts";
import type { Log } from "../../../cluster/base/log.ts";
import { randomBetween, randomExponential } from "../../../cluster/base/prng.ts";
import { initCluster } from "../../../cluster/coordination/cluster-node.ts";
import { readHistory } from "../../../cluster/coordination/map-reader.ts";
import type { EpochRecord } from "../../../cluster/map/epoch-record.ts";
import { NEW_OSD } from "../../../cluster/map/osd-info.ts";
import type { OsdMap } from "../../../cluster/map/osd-map.ts";
import { placementMapOf } from "../../../cluster/map/osd-map-placement.ts";
import { balanceUpmaps } from "../../../cluster/map/upmap.ts";
import type { ControllerMessage } from "../../../cluster/message/controller.ts";
import { loadConfig } from "../../../cluster/runtime/config.ts";
import type { Messenger } from "../../../cluster/runtime/messenger.ts";
import type { ZooKeeperClient } from "../../../cluster/zookeeper/client.ts";
import type { ControllerSettings } from "../../../monitor/controller/controller-settings.ts";
import { Controller } from "../../../monitor/controller.ts";
import { controllerConfig } from "../../../monitor/controller-config.ts";
import { type MonitorMessage, monitorRegistry } from "../../../monitor/message/registry.ts";
import { nameOf } from "../../../monitor/monitor.ts";
import type { OsdMember } from "../../../osd/member.ts";
import { Journal } from "../monitor/journal.ts";
import { bootMember, addressOf as clientAddressOf, type Member } from "../monitor/member.ts";
import type { SimEnv, Victim } from "../process.ts";
import type { Scenario, Simulation, Workload } from "../simulation.ts";
import type { SimStreamNetwork } from "../stream-network.ts";
import type { Fault } from "../swarm.ts";
import { Chronicle } from "./chronicle.ts";
import {
  ACL,
  addressOf,
  messengerOf,
  pause,
  randomNonce,
  retried,
  SESSION_TIMEOUT_MS,
  treeOf,
} from "./daemon.ts";
import { runOperator } from "./operator.ts";
import { Orders } from "./orders.ts";
import { runStub, stubName } from "./osd-stub.ts";
import { type Plant, rulesOf, withoutCheck } from "./plant.ts";

/** Disks are the monitors' own business, which has a scenario of its own. */
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
const PIECE_BYTES_MAX = 64 << 10;
const MONITORS = [1, 2, 3];
export const CONTROLLERS = [1, 2].map((number) => peerName(`controller.${number}`));
const RETRY_MS = 300;
const STOP_INTERVAL_MS = 4_000;
const CHECKPOINT_EPOCHS = 20;

const SETTINGS: ControllerSettings = {
  ...loadConfig(controllerConfig, {}).values,
  absenceInterval: 10_000,
  downOutInterval: 5_000,
  // So that nobody has to wait when all is healed.
  markdownCountMax: 1_000,
  balancerInterval: 5_000,
  epochsKept: 1_000_000,
};

export function controllers(plant?: Plant): Scenario {
  return {
    name: plant === undefined ? "controllers" : `controllers-${plant}`,
    about:
      plant === undefined
        ? "controllers, OSDs without data, and the map"
        : "the same with a planted bug",
    tolerates: TOLERATED,
    faultyMs: { min: 10_000, max: 40_000 },
    build: (simulation) => new Cluster(simulation, plant, chosenSize(simulation)),
  };
}

export interface Size {
  /** Whether some OSDs tell lies about others. */
  readonly hasLiars: boolean;
  readonly osdCount: number;
  readonly hostCount: number;
  readonly operatorCount: number;
  readonly thinkMsMean: number;
}

function chosenSize(simulation: Simulation): Size {
  const isLarge = simulation.choose("large", 1, 12) === 1;
  return {
    hasLiars: true,
    osdCount: isLarge ? simulation.choose("OSDs", 30, 50) : simulation.choose("OSDs", 3, 9),
    hostCount: simulation.choose("hosts", 2, 6),
    operatorCount: simulation.choose("operators", 1, 2),
    thinkMsMean: simulation.choose("think ms", 100, 3_000),
  };
}

export class Cluster implements Workload {
  readonly #simulation: Simulation;
  readonly #plant: Plant | undefined;
  readonly #size: Size;
  readonly #osds: readonly OsdId[];
  readonly #chronicle: Chronicle;
  readonly #orders = new Orders(SETTINGS);
  readonly #journal: Journal;
  readonly #monitors = new Map<number, Member>();
  readonly #controllers = new Map<string, Controller>();
  readonly #stoppable = new Map<string, Victim>();
  readonly monitorProcesses: Victim[] = [];
  readonly streams: SimStreamNetwork;
  readonly #members = new Map<OsdId, OsdMember>();
  readonly #resting = new Set<string>();
  readonly #coordinator = MONITORS.map(clientAddressOf).join(",");
  #records: readonly EpochRecord[] | undefined;
  #isOver = false;

  constructor(simulation: Simulation, plant: Plant | undefined, size: Size) {
    this.#simulation = simulation;
    this.#plant = plant;
    this.#size = size;
    this.#osds = Array.from({ length: size.osdCount }, (_, id) => osdId(id));
    const violated = (reason: string): void => simulation.violated(reason);
    this.#journal = new Journal(violated, { hasTokens: false });
    this.#chronicle = new Chronicle({
      violated,
      nowMs: () => simulation.scheduler.nowMs,
      hostOf: (osd) => this.#hostOf(osd),
      absenceMs: SETTINGS.absenceInterval,
    });
    this.#journal.onApplied((_, outcome) => this.#chronicle.applied(outcome));
    const streams = simulation.streamNetwork({ pieceBytesMax: PIECE_BYTES_MAX });
    this.streams = streams;
    this.#startMonitors(streams);
    for (const name of CONTROLLERS) {
      const boot = (env: SimEnv<never>) => this.#runController(env);
      this.#stoppable.set(name, simulation.process<never>({ name, streams, boot }));
    }
    if (simulation.has("pause")) this.#stopLeaderLater();
    this.#startOsds(streams);
    this.#startOperators(streams);
    simulation.process<never>({
      name: peerName("client.reader"),
      streams,
      boot: (env) => this.#readHistory(env),
    });
  }

  finish(): void {
    this.#isOver = true;
  }

  isConverged(): boolean {
    if (this.#resting.size < this.#size.operatorCount || this.#records === undefined) return false;
    const leading = [...this.#controllers.values()].filter(({ isLeading }) => isLeading);
    const [leader] = leading;
    const term = leader?.state.term;
    if (leading.length !== 1 || term === undefined) return false;
    if (term.drafting.draft !== undefined || term.drafting.inFlight !== undefined) return false;
    const { epoch: newest, digest, creating } = term.drafting.published;
    for (const { size } of creating.values()) if (size > 0) return false;
    if (this.#records.at(-1)?.epoch !== newest) return false;
    return this.#osds.every((osd) => {
      const member = this.#members.get(osd);
      return member?.isUp === true && member.map?.epoch === newest && member.map.digest === digest;
    });
  }

  check(): void {
    const records = this.#records ?? [];
    const maps = this.#chronicle.judge(records);
    for (const problem of this.#orders.problems(records, maps)) this.#simulation.violated(problem);
    this.#checkEnd(maps.at(-1));
    const { scheduler, trace } = this.#simulation;
    const { electionCount, bootCount, judgedCount, askedCount } = this.#chronicle;
    const { count, againCount, undoneCount } = this.#orders;
    const done = [
      `${records.length} epochs, ${electionCount} elections, ${bootCount} boots`,
      `${judgedCount} downs by witnesses, ${askedCount} others`,
      `${this.#chronicle.witnesses.vanishedCount} registrations lost`,
      `${count} orders, ${againCount} asked again, ${undoneCount} taken back`,
    ];
    trace.record(scheduler.nowMs, "sim", "done", done.join(", "));
  }

  /** Of the history as it is kept. */
  #checkEnd(map: OsdMap | undefined): void {
    for (const [id, { up }] of map?.osds ?? []) {
      if (!up) this.#simulation.violated(`osd.${id} is down in the last map`);
    }
    for (const [osd, { map: held }] of this.#members) {
      if (held?.digest === map?.digest) continue;
      this.#simulation.violated(`what osd.${osd} has is not what the history gives`);
    }
  }

  #hostOf(osd: OsdId): string {
    return `h${osd % this.#size.hostCount}`;
  }

  #startMonitors(streams: SimStreamNetwork): void {
    const simulation = this.#simulation;
    const network = simulation.network(monitorRegistry);
    for (const self of MONITORS) {
      const boot = async (env: SimEnv<MonitorMessage>): Promise<void> => {
        this.#monitors.delete(self);
        const options = { self, members: MONITORS, journal: this.#journal, rules: {} };
        try {
          const seen = { ...env, streams: env.streams };
          this.#monitors.set(self, await bootMember(seen, options));
        } catch (error) {
          env.exit(error);
        }
      };
      const process = simulation.process({ name: nameOf(self), network, streams, boot });
      this.monitorProcesses.push(process);
    }
  }

  async #runController(env: SimEnv<never>): Promise<void> {
    const client = this.#controllersTree(env);
    const cluster = await retried(env, () =>
      initCluster(client, { id: "simulated", wallMs: 1, acl: ACL }),
    );
    const id = randomNonce(env).toString(36);
    this.#chronicle.stands(env.name, id);
    const messengers: Messenger<ControllerMessage>[] = [];
    const controller: Controller = new Controller({
      name: env.name,
      id,
      clusterId: cluster.cluster.id,
      client,
      acl: ACL,
      clock: env.clock,
      log: this.#noting(env),
      network: env.streams,
      address: addressOf(env.name),
      attach: (handler) => {
        const messenger = messengerOf(env, handler);
        messengers.push(messenger);
        return this.#chronicle.asking(messenger, (osd) => processOf(controller, osd));
      },
      settings: SETTINGS,
      balance: async (map, options) => balanceUpmaps(placementMapOf(map), options).changes,
      fail: env.exit,
      checkpointEpochs: CHECKPOINT_EPOCHS,
      rules: rulesOf(this.#plant),
    });
    this.#controllers.set(env.name, controller);
    for (const messenger of messengers) await messenger.listen(addressOf(env.name));
  }

  /** The chronicle hears of elections as an operator does. */
  #noting({ log }: SimEnv<never>): Log {
    return {
      ...log,
      info: (message, fields) => {
        if (/^leads from epoch \d+ on$/.test(message)) this.#chronicle.elected();
        log.info(message, fields);
      },
    };
  }

  #controllersTree(env: SimEnv<never>): ZooKeeperClient {
    const client = treeOf(env, this.#coordinator);
    return this.#plant === "publishes-deposed" ? withoutCheck(client) : client;
  }

  /** Pauses as others have them end before the session does; this one wakes up about when another has been elected. */
  #stopLeaderLater(): void {
    const { scheduler, prng } = this.#simulation;
    scheduler.after(randomExponential(prng, STOP_INTERVAL_MS), () => {
      if (this.#isOver) return;
      const [leader] = [...this.#controllers].filter(([, { isLeading }]) => isLeading);
      const victim = this.#stoppable.get(leader?.[0] ?? "");
      victim?.stop();
      const pauseMs = randomBetween(prng, SESSION_TIMEOUT_MS - 500, 2 * SESSION_TIMEOUT_MS);
      scheduler.after(pauseMs, () => {
        victim?.resume();
        this.#stopLeaderLater();
      });
    });
  }

  #startOsds(streams: SimStreamNetwork): void {
    for (const osd of this.#osds) {
      this.#simulation.process<never>({
        name: stubName(osd),
        streams,
        boot: async (env) => {
          this.#members.delete(osd);
          await runStub(env, {
            osd,
            host: this.#hostOf(osd),
            coordinator: this.#coordinator,
            chronicle: this.#chronicle,
            graceMs: SETTINGS.heartbeatGrace,
            isLiar: this.#size.hasLiars && osd % 4 === 1,
            isOver: () => this.#isOver,
            started: (member) => this.#members.set(osd, member),
          });
        },
      });
    }
  }

  #startOperators(streams: SimStreamNetwork): void {
    const { operatorCount, thinkMsMean } = this.#size;
    for (let number = 1; number <= operatorCount; number++) {
      const name = peerName(`client.${number}`);
      this.#simulation.process<never>({
        name,
        streams,
        boot: async (env) => {
          this.#resting.delete(name);
          await runOperator(env, {
            coordinator: this.#coordinator,
            osds: this.#osds,
            orders: this.#orders,
            thinkMsMean,
            isOver: () => this.#isOver,
            rests: () => this.#resting.add(name),
          });
        },
      });
    }
  }

  /** When all is healed: reads what is kept, again and again, until it is what everybody has. */
  async #readHistory(env: SimEnv<never>): Promise<void> {
    this.#records = undefined;
    const client = treeOf(env, this.#coordinator);
    for (;;) {
      await pause(env, RETRY_MS);
      if (!this.#isOver) continue;
      this.#records = await retried(env, async () => {
        const records: EpochRecord[] = [];
        const range = { from: epoch(1), to: epoch(Number.MAX_SAFE_INTEGER) };
        for await (const record of readHistory(client, range)) records.push(record);
        return records;
      });
    }
  }
}

/** By its newest map. */
function processOf(
  { state }: Controller,
  osd: OsdId,
): { readonly upFrom: Epoch; readonly nonce: number } {
  const { inFlight, published } = state.term?.drafting ?? {};
  const map = inFlight?.map ?? published;
  return map?.osds.get(osd) ?? NEW_OSD;
}
