/**
 * An OSD without data: the production member (registration, map, boot, heartbeats), and reports as one sends whose PGs are
 * all well. Some tell lies about a peer now and then. Its id and uuid outlive its process, as on a disk.
 */

import { assert } from "../../../cluster/base/assert.ts";
import { isClusterError } from "../../../cluster/base/error.ts";
import { type OsdId, type PeerName, peerName } from "../../../cluster/base/ids.ts";
import { randomChance, randomExponential, randomPick } from "../../../cluster/base/prng.ts";
import { ControllerClient } from "../../../cluster/coordination/controller-client.ts";
import { PATHS } from "../../../cluster/coordination/paths.ts";
import type { OsdInfo } from "../../../cluster/map/osd-info.ts";
import type { OsdMap } from "../../../cluster/map/osd-map.ts";
import { placementOf } from "../../../cluster/map/osd-map-placement.ts";
import type { PgId } from "../../../cluster/map/pg-id.ts";
import { pgState } from "../../../cluster/map/pg-state.ts";
import type { ControllerMessage } from "../../../cluster/message/controller.ts";
import type { PgStat } from "../../../cluster/message/osd-report.ts";
import type { Messenger } from "../../../cluster/runtime/messenger.ts";
import type { ZooKeeperClient } from "../../../cluster/zookeeper/client.ts";
import { isZooKeeperError } from "../../../cluster/zookeeper/zookeeper-error.ts";
import { OsdMember } from "../../../osd/member.ts";
import type { SimEnv } from "../process.ts";
import type { Chronicle } from "./chronicle.ts";
import { addressOf, messengerOf, randomNonce, retried, treeOf } from "./daemon.ts";

const REPORT_MS_MEAN = 2_000;
const REQUEST_MS = 3_000;
const CLEAN = pgState("active", "clean");
const DISK_BYTES = 2 ** 40;

export interface StubOptions {
  readonly osd: OsdId;
  readonly host: string;
  readonly coordinator: string;
  readonly chronicle: Chronicle;
  readonly graceMs: number;
  readonly isLiar: boolean;
  readonly isOver: () => boolean;
  readonly started: (member: OsdMember) => void;
}

export function stubName(osd: OsdId): PeerName {
  return peerName(`osd.${osd}`);
}

export async function runStub(env: SimEnv<never>, options: StubOptions): Promise<void> {
  const { osd, host, coordinator, chronicle } = options;
  const client = treeOf(env, coordinator);
  const nonce = randomNonce(env);
  await retried(env, () => enrol(env, client, osd));
  let messenger: Messenger<ControllerMessage> | undefined;
  const member = new OsdMember({
    osd,
    uuid: uuidOf(osd),
    nonce,
    host,
    deviceClass: "",
    bytes: DISK_BYTES,
    version: "0",
    address: addressOf(env.name),
    heartbeatAddress: addressOf(env.name),
    graceMs: options.graceMs,
    client,
    clock: env.clock,
    log: env.log,
    network: env.streams,
    attach: (handler) => {
      messenger = messengerOf(env, handler);
      return chronicle.heard(messenger);
    },
    sharing: () => new Set(),
    onMap: (map) => chronicle.shown(env.name, map),
    fail: (error) => {
      // It has its own id and store: whoever says otherwise is wrong, and an operator would be called.
      if (isClusterError(error, "CONFIG_INVALID")) chronicle.turnedAway(env.name, error.message);
      env.exit(error);
    },
  });
  await messenger?.listen(addressOf(env.name));
  options.started(member);
  const loop = new Reports(env, member, { nonce, ...options });
  await loop.run();
}

/** An id of its own choice, so that it is named as its process is. */
async function enrol(env: SimEnv<never>, client: ZooKeeperClient, osd: OsdId): Promise<void> {
  const transport = messengerOf(env, { receive: () => {}, answer: () => Promise.reject() });
  const { clock } = env;
  const controller = new ControllerClient({ client, transport, path: PATHS.controller, clock });
  const command = { type: "osdNew", uuid: uuidOf(osd), osd } as const;
  const answer = await controller.request({
    type: "command",
    requestId: `new.${osd}.${randomNonce(env)}`,
    author: env.name,
    command,
  });
  await transport.close(0);
  assert(
    answer.type === "commandDone",
    `an OSD gets the id that it asks for: ${JSON.stringify(answer)}`,
  );
}

export function uuidOf(osd: OsdId): string {
  return `00000000-0000-4000-8000-${osd.toString(16).padStart(12, "0")}`;
}

class Reports {
  readonly #env: SimEnv<never>;
  readonly #member: OsdMember;
  readonly #options: StubOptions & { readonly nonce: number };
  #sequence = 0;

  constructor(
    env: SimEnv<never>,
    member: OsdMember,
    options: StubOptions & { readonly nonce: number },
  ) {
    this.#env = env;
    this.#member = member;
    this.#options = options;
  }

  async run(): Promise<void> {
    for (;;) {
      await this.#sleep(REPORT_MS_MEAN);
      const { map, isUp } = this.#member;
      if (map === undefined || !isUp) continue;
      await this.#attempt(() => this.#report(map));
      if (this.#options.isLiar && !this.#options.isOver())
        await this.#attempt(() => this.#lie(map));
    }
  }

  async #report(map: OsdMap): Promise<void> {
    const { osd, nonce } = this.#options;
    const { controller } = this.#member;
    const led = [...pgsOf(map)].filter((pg) => placementOf(map).pgToActing(pg).primary === osd);
    const created = led.filter(({ pool, seed }) => map.creating.get(pool)?.has(seed) === true);
    if (created.length > 0) {
      const message = { type: "pgsCreated", osd, nonce, pgs: created } as const;
      await controller.request(message, { timeoutMs: REQUEST_MS });
    }
    await controller.request(
      {
        type: "stats",
        osd,
        nonce,
        epoch: map.epoch,
        stat: NOTHING_DONE,
        pgs: led.map((pg) => this.#statOf(map, pg)),
      },
      { timeoutMs: REQUEST_MS },
    );
  }

  /** One peer's word is nobody's end. */
  async #lie(map: OsdMap): Promise<void> {
    const { osd: reporter } = this.#options;
    const others = [...map.osds].filter(([id, { up }]) => up && id !== reporter);
    if (others.length === 0 || randomChance(this.#env.prng, 0.5)) return;
    const [osd, { upFrom }]: readonly [OsdId, OsdInfo] = randomPick(this.#env.prng, others);
    const lie = {
      type: "failure",
      reporter,
      osd,
      upFrom,
      kind: "silent",
      silentMs: 60_000,
    } as const;
    await this.#member.controller.request(lie, { timeoutMs: REQUEST_MS });
    await this.#sleep(REPORT_MS_MEAN);
    const truth = { type: "alive", reporter, osd, upFrom } as const;
    await this.#member.controller.request(truth, { timeoutMs: REQUEST_MS });
  }

  #statOf(map: OsdMap, pg: PgId): PgStat {
    this.#sequence += 1;
    const placement = placementOf(map);
    return {
      pg,
      state: CLEAN,
      sequence: this.#sequence,
      up: placement.pgToUp(pg).osds as readonly OsdId[],
      acting: placement.pgToActing(pg).osds as readonly OsdId[],
      lastClean: map.epoch,
      objects: 1,
      bytes: 4096,
      degraded: 0,
      misplaced: 0,
      unfound: 0,
      scrubErrors: 0,
    };
  }

  async #attempt(act: () => Promise<void>): Promise<void> {
    try {
      await act();
    } catch (error) {
      if (!isClusterError(error) && !isZooKeeperError(error)) throw error;
    }
  }

  #sleep(meanMs: number): Promise<void> {
    const { clock, prng } = this.#env;
    return new Promise((resolve) => clock.after(randomExponential(prng, meanMs), resolve));
  }
}

function* pgsOf({ pools }: OsdMap): Generator<PgId> {
  for (const [pool, { pgNum }] of pools) {
    for (let seed = 0; seed < pgNum; seed++) yield { pool, seed };
  }
}

const NOTHING_DONE = {
  totalBytes: DISK_BYTES,
  usedBytes: 2 ** 30,
  slowOps: 0,
  oldestSlowMs: 0,
  readOps: 0,
  writeOps: 0,
  readBytes: 0,
  writtenBytes: 0,
  recoveredObjects: 0,
  recoveredBytes: 0,
  commitMs: 0,
};
