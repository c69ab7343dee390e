/** A whole core: time passes as the test says, an epoch is published when the test says, and all that it wanted is kept. */
import { assert, present } from "../../../cluster/base/assert.ts";
import { type Epoch, epoch, osdId, type PeerName, peerName } from "../../../cluster/base/ids.ts";
import type { OsdMap } from "../../../cluster/map/osd-map.ts";
import { placementOf } from "../../../cluster/map/osd-map-placement.ts";
import type { Command } from "../../../cluster/message/command.ts";
import type { ControllerMessage } from "../../../cluster/message/controller.ts";
import { TICK_MS } from "../../../cluster/runtime/core.ts";
import { createController, stepController } from "../../../monitor/controller/controller-core.ts";
import type { ControllerSettings } from "../../../monitor/controller/controller-settings.ts";
import type {
  ControllerEffect,
  ControllerEvent,
  ControllerRules,
  ControllerState,
  Term,
} from "../../../monitor/controller/controller-state.ts";
import { GATHER_MS } from "../../../monitor/controller/drafting.ts";
import { osdMapWorld } from "../../cluster/map/osd-map-world.ts";
import { osdStat, pgStat } from "./board-world.ts";
import { DEFAULTS, TREE } from "./membership-run.ts";

export const SETTINGS: ControllerSettings = {
  ...DEFAULTS,
  balancer: "on",
  balancerInterval: 60_000,
  maxMisplacedRatio: 0.05,
  epochsKept: 500,
  poolDefaultSize: 3,
  poolDeleteAllowed: true,
  pgsPerOsdMax: 250,
};

/** Twelve OSDs that are up and in, and a pool. */
export const MAP = osdMapWorld(TREE, { pools: [{ pgNum: 4 }] });
export const OPERATOR = peerName("client.ops");

type EffectOf<Type extends ControllerEffect["type"]> = Extract<
  ControllerEffect,
  { readonly type: Type }
>;
type MessageOf<Type extends ControllerMessage["type"]> = Extract<
  ControllerMessage,
  { readonly type: Type }
>;
type Elected = Extract<ControllerEvent, { readonly type: "elected" }>;

export interface DeskOptions {
  readonly settings?: Partial<ControllerSettings>;
  readonly rules?: ControllerRules;
  readonly elected?: Partial<Elected>;
}

export class ControllerDesk {
  readonly state: ControllerState;
  nowMs = 1_000_000;
  /** In the order in which they were given. */
  readonly answers: { readonly call: number; readonly message: ControllerMessage }[] = [];
  readonly effects: ControllerEffect[] = [];
  #lastCall = 0;
  #lastRequest = 0;
  #isInFlight = false;

  constructor({ settings = {}, rules, elected = {} }: DeskOptions = {}) {
    this.state = createController({
      name: peerName("mon.1"),
      clusterId: "c1",
      settings: { ...SETTINGS, ...settings },
      wallOffsetMs: 0,
      ...(rules !== undefined && { rules }),
    });
    this.elect(elected);
  }

  elect({ map = MAP, requests = [], oldest = epoch(1), mutes = [] }: Partial<Elected> = {}): void {
    this.step({ type: "elected", map, requests, oldest, mutes });
    const up = [...map.osds].filter(([, info]) => info.up);
    this.step({
      type: "registrationsListed",
      registrations: new Map(up.map(([osd, { nonce }]) => [osd, { nonce }])),
    });
  }

  get term(): Term {
    return present(this.state.term, "a term");
  }

  get map(): OsdMap {
    return this.term.drafting.published;
  }

  step(event: ControllerEvent | { readonly type: "tick"; readonly lateMs: number }): void {
    if (event.type === "deposed") this.#isInFlight = false;
    for (const effect of stepController(this.state, event, this.nowMs)) {
      if (effect.type === "publish") {
        assert(!this.#isInFlight, "one epoch is published at a time");
        this.#isInFlight = true;
      }
      if (effect.type === "answer") {
        assert(this.answerTo(effect.call) === undefined, `call ${effect.call} is answered once`);
        this.answers.push({ call: effect.call, message: effect.message });
      } else this.effects.push(effect);
    }
  }

  wanted<Type extends ControllerEffect["type"]>(type: Type): EffectOf<Type>[] {
    return this.effects.filter((effect): effect is EffectOf<Type> => effect.type === type);
  }

  get events(): string[] {
    return this.wanted("event").map(({ text }) => text);
  }

  ask(from: PeerName | string, message: ControllerMessage): number {
    this.#lastCall += 1;
    const call = this.#lastCall;
    this.step({ type: "asked", from: from as PeerName, message, call });
    return call;
  }

  order(command: Command, requestId?: string): number {
    this.#lastRequest += 1;
    const id = requestId ?? `r${this.#lastRequest}`;
    return this.ask(OPERATOR, { type: "command", requestId: id, author: "ops", command });
  }

  answerTo(call: number): ControllerMessage | undefined {
    return this.answers.find((answer) => answer.call === call)?.message;
  }

  /** Ticks as they come. */
  pass(ms: number): void {
    for (const endMs = this.nowMs + ms; this.nowMs < endMs; ) {
      this.nowMs = Math.min(this.nowMs + TICK_MS, endMs);
      this.step({ type: "tick", lateMs: 0 });
    }
  }

  /** What comes together has come. */
  gather(): void {
    this.nowMs += GATHER_MS;
    this.step({ type: "woken" });
  }

  /** The epoch in flight is. */
  confirm(): void {
    assert(this.#isInFlight, "an epoch is in flight");
    this.#isInFlight = false;
    this.step({ type: "published" });
  }

  /** Whatever is under way, in as many epochs as it takes; how many those were. */
  settle(): number {
    for (let count = 0; ; count++) {
      this.gather();
      if (!this.#isInFlight) return count;
      this.confirm();
    }
  }

  /** Time passes, and what comes of it is published. */
  live(ms: number): void {
    for (const endMs = this.nowMs + ms; this.nowMs < endMs; ) {
      this.pass(Math.min(500, endMs - this.nowMs));
      this.settle();
    }
  }

  /** The process registers first. */
  boot(osd: number, given: Partial<MessageOf<"boot">> = {}, { registers = true } = {}): number {
    const info = present(this.map.osds.get(osdId(osd)), `osd.${osd}`);
    const registration = { nonce: given.nonce ?? 2_000 + osd };
    if (registers) this.step({ type: "sessionSeen", osd: osdId(osd), registration });
    return this.ask(`osd.${osd}`, {
      type: "boot",
      osd: osdId(osd),
      uuid: info.uuid,
      nonce: 2_000 + osd,
      address: "127.0.0.1:6800",
      heartbeatAddress: "127.0.0.1:6801",
      host: info.host === "" ? "host0" : info.host,
      deviceClass: "",
      bytes: 2 ** 40,
      version: "0.1.0",
      epoch: this.map.epoch,
      cleanFrom: epoch(0),
      cleanTo: epoch(0),
      wasWronglyDown: false,
      ...given,
    });
  }

  /** As from a process that is up by the newest map, and whose PGs are all well. */
  stats(osd: number, given: Partial<MessageOf<"stats">> = {}): number {
    const { map } = this;
    const { nonce } = present(map.osds.get(osdId(osd)), `osd.${osd}`);
    const pgs = [...map.pools].flatMap(([pool, { pgNum }]) =>
      Array.from({ length: pgNum }, (_, seed) => ({ pool, seed }))
        .filter((pg) => placementOf(map).pgToActing(pg).primary === osd)
        .map((pg) => pgStat(pg, { sequence: this.nowMs, lastClean: map.epoch })),
    );
    const stat = osdStat({ totalBytes: 1_000, usedBytes: 10 });
    const message = { type: "stats", osd: osdId(osd), nonce, epoch: map.epoch, stat, pgs } as const;
    return this.ask(`osd.${osd}`, { ...message, ...given });
  }

  everybodyReports(): void {
    for (const [osd, { up }] of this.map.osds) if (up) this.stats(osd);
  }

  down(...osds: number[]): number {
    return this.order({ type: "osdDown", osds: osds.map(osdId) });
  }
}

export function done(at: number): { type: "commandDone"; epoch: Epoch } {
  return { type: "commandDone", epoch: epoch(at) };
}
