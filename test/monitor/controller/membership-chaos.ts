/**
 * Random runs of a whole cluster's OSDs in front of one controller: processes that die and start, networks that are cut,
 * sessions that go with them or with the coordinator, reports that are true or false, boots of the wrong store, a
 * controller that is stopped. What is so stands here and is compared with what the controller makes of what it is told.
 */
import { present } from "../../../cluster/base/assert.ts";
import { epoch, type OsdId, osdId } from "../../../cluster/base/ids.ts";
import {
  createPrng,
  type Prng,
  randomBetween,
  randomChance,
  randomPick,
} from "../../../cluster/base/prng.ts";
import type { MapFlag, OsdMap } from "../../../cluster/map/osd-map.ts";
import { bootRequested } from "../../../monitor/controller/boot.ts";
import { REPORT_LASTS_MS } from "../../../monitor/controller/failure-reports.ts";
import {
  aliveReported,
  dueEdits,
  failureReported,
  probed,
  probesDue,
  registrationsListed,
  sessionSeen,
  timeMissed,
} from "../../../monitor/controller/membership.ts";
import { createMembership, type Membership } from "../../../monitor/controller/membership-state.ts";
import { stoppingAnnounced } from "../../../monitor/controller/osd-facts.ts";
import type { ProbeResult } from "../../../monitor/controller/probes.ts";
import { osdMapWorld, published } from "../../cluster/map/osd-map-world.ts";
import { hostOf } from "../../cluster/map/world.ts";
import { DEFAULTS } from "./membership-run.ts";

const STEP_MS = 500;
const SESSION_MS = 4_000;
const GRACE_MS = 5_000;

/** An OSD as it is. */
interface Process {
  readonly id: OsdId;
  isRunning: boolean;
  isCut: boolean;
  nonce: number;
  /** Since when its session, and its peers, hear nothing of it. */
  quietSinceMs: number | undefined;
  registered: number | undefined;
  /** It has been up under its nonce. */
  wasUp: boolean;
}

interface Word {
  readonly targetUpFrom: number;
  readonly reporterUpFrom: number;
  readonly isFalse: boolean;
  readonly saidMs: number;
}

export class MembershipChaos {
  /** What went wrong, each a sentence. */
  readonly problems: string[] = [];
  map: OsdMap;
  readonly processes: Process[];
  readonly #tree: { racks: number; hosts: number; osds: number };
  readonly #prng: Prng;
  readonly #state: Membership;
  readonly #words = new Map<OsdId, Map<OsdId, Word>>();
  readonly #lastProbe = new Map<OsdId, ProbeResult>();
  readonly #lostMs = new Map<OsdId, number>();
  /** Whose session went with the coordinator's, and those of many others. */
  readonly #burst = new Set<OsdId>();
  #draft: OsdMap;
  #nowMs = 1_000_000;
  #missedMs = 0;
  #coordinatorBackMs = 0;
  #nextNonce = 5_000;

  constructor(seed: number) {
    this.#prng = createPrng(seed);
    const hosts = randomBetween(this.#prng, 1, 3);
    this.#tree = { racks: randomBetween(this.#prng, 1, 2), hosts, osds: 2 };
    this.map = osdMapWorld(this.#tree);
    this.#draft = this.map;
    this.#state = createMembership(DEFAULTS);
    this.processes = [...this.map.osds].map(([id, { nonce }]) => {
      const running = { isRunning: true, isCut: false, wasUp: true, quietSinceMs: undefined };
      return { id, nonce, registered: nonce, ...running };
    });
    const all = this.processes.map(({ id, nonce }) => [id, { nonce }] as const);
    registrationsListed(this.#state, new Map(all));
  }

  /** Faults for so many steps. */
  storm(steps: number): void {
    for (let step = 0; step < steps; step += 1) {
      this.#fault();
      this.#step(randomChance(this.#prng, 0.8));
    }
  }

  /** Faults end: the coordinator is back, networks heal, flags go, lies are taken back; who is dead stays dead. */
  calm(): void {
    this.#setFlags();
    this.#coordinatorBackMs = this.#nowMs;
    for (const process of this.processes) process.isCut = false;
    for (const [osd, words] of this.#words) {
      for (const [reporter, word] of words) words.set(reporter, { ...word, isFalse: false });
      this.#words.set(osd, words);
    }
  }

  /** What is not yet as it should be. */
  get unsettled(): string[] {
    return this.processes.flatMap(({ id, isRunning, nonce }) => {
      const info = present(this.map.osds.get(id), `osd.${id}`);
      const isRight = isRunning ? info.up && info.nonce === nonce : !info.up;
      return isRight ? [] : [`osd.${id} is ${isRunning ? "running" : "dead"}, up: ${info.up}`];
    });
  }

  /** Steps until all is settled, for so long at most. */
  settle(ms: number): void {
    for (const endMs = this.#nowMs + ms; this.#nowMs < endMs; ) {
      this.#step(true);
      if (this.unsettled.length === 0) return;
    }
  }

  /** Steps after which all must still be settled. */
  rest(ms: number): void {
    const before = this.map.epoch;
    for (const endMs = this.#nowMs + ms; this.#nowMs < endMs; ) this.#step(true);
    if (this.unsettled.length === 0) return;
    this.problems.push(`after epoch ${before} it came apart: ${this.unsettled.join(", ")}`);
  }

  #fault(): void {
    const prng = this.#prng;
    const process = randomPick(prng, this.processes);
    if (randomChance(prng, 0.04)) this.#stop(process);
    if (randomChance(prng, 0.08)) this.#start(randomPick(prng, this.processes));
    if (randomChance(prng, 0.03)) process.isCut = !process.isCut;
    if (randomChance(prng, 0.08)) this.#report(process.id, this.#other(process.id), true);
    if (randomChance(prng, 0.004)) this.#loseCoordinator();
    if (randomChance(prng, 0.01)) {
      const lateMs = randomBetween(prng, 200, 30_000);
      this.#nowMs += lateMs;
      this.#missedMs += lateMs;
      timeMissed(this.#state, lateMs);
    }
    if (randomChance(prng, 0.01)) {
      this.#setFlags(randomPick(prng, ["noup", "nodown", "noout", "noin"] as const));
    }
    if (randomChance(prng, 0.05)) this.#setFlags();
    if (randomChance(prng, 0.05)) this.#bootForeign(process);
  }

  #step(isPublishing: boolean): void {
    this.#nowMs += STEP_MS;
    for (const process of this.processes) this.#live(process);
    for (const osd of probesDue(this.#state, this.map, this.#nowMs)) this.#probe(osd);
    if (randomChance(this.#prng, 0.5)) this.#boots();
    this.#decide();
    if (randomChance(this.#prng, 0.5)) this.#boots();
    if (isPublishing) this.#publish();
  }

  /** Sessions and reports, as they follow from what is so. */
  #live(process: Process): void {
    const { id, isRunning, isCut, nonce } = process;
    const isQuiet = !isRunning || isCut;
    process.quietSinceMs = isQuiet ? (process.quietSinceMs ?? this.#nowMs) : undefined;
    const quietMs = this.#nowMs - (process.quietSinceMs ?? this.#nowMs);
    if (quietMs >= SESSION_MS && process.registered !== undefined)
      this.#register(process, undefined);
    const isCoordinatorThere = this.#nowMs >= this.#coordinatorBackMs;
    if (!isQuiet && isCoordinatorThere && process.registered !== nonce) {
      this.#register(process, nonce);
    }
    if (isQuiet) return;
    for (const peer of this.processes) {
      if (peer.id === id) continue;
      const peerQuietMs = this.#nowMs - (peer.quietSinceMs ?? this.#nowMs);
      const isRefused = !peer.isRunning && !peer.isCut;
      const word = this.#words.get(peer.id)?.get(id);
      if (isRefused || peerQuietMs >= GRACE_MS) this.#report(id, peer.id, false);
      else if (word !== undefined && !word.isFalse) this.#takeBack(id, peer.id);
      else if (word !== undefined && randomChance(this.#prng, 0.1)) this.#takeBack(id, peer.id);
    }
  }

  #register(process: Process, nonce: number | undefined): void {
    process.registered = nonce;
    sessionSeen(this.#state, process.id, nonce === undefined ? undefined : { nonce });
    const info = this.map.osds.get(process.id);
    if (nonce !== undefined) this.#burst.delete(process.id);
    if (info?.up === true && info.nonce === nonce) this.#lostMs.delete(process.id);
    else if (!this.#lostMs.has(process.id)) this.#lostMs.set(process.id, this.#ownMs);
  }

  /** All sessions end; they are made anew when it is back. */
  #loseCoordinator(): void {
    this.#coordinatorBackMs = this.#nowMs + randomBetween(this.#prng, 1_000, 200_000);
    const up = [...this.map.osds].filter(([, info]) => info.up);
    const losers = up.filter(([id, { nonce }]) => this.processes[id]?.registered === nonce);
    if (losers.length >= 3 && losers.length > up.length / 4) {
      for (const [id] of losers) this.#burst.add(id);
    }
    for (const process of this.processes) {
      if (process.registered !== undefined) this.#register(process, undefined);
    }
  }

  #stop(process: Process): void {
    if (!process.isRunning) return;
    process.isRunning = false;
    if (process.isCut || randomChance(this.#prng, 0.5)) return;
    const message = { osd: process.id, nonce: process.nonce };
    const drafting = { base: this.map, draft: this.#draft };
    const result = stoppingAnnounced(this.#state, drafting, message);
    if (result.type === "edit") this.#draft = result.map;
  }

  #start(process: Process): void {
    process.isRunning = true;
    process.wasUp = false;
    process.nonce = this.#nextNonce;
    this.#nextNonce += 1;
  }

  #report(reporter: OsdId, osd: OsdId, isFalse: boolean): void {
    const target = present(this.map.osds.get(osd), `osd.${osd}`);
    const process = present(this.processes[osd], `osd.${osd}`);
    const isRefused = !process.isRunning && !process.isCut;
    const quietMs = this.#nowMs - (process.quietSinceMs ?? this.#nowMs);
    const said = isFalse
      ? { kind: "silent" as const, silentMs: randomBetween(this.#prng, 0, 30_000) }
      : { kind: isRefused ? ("refused" as const) : ("silent" as const), silentMs: quietMs };
    const message = { reporter, osd, upFrom: target.upFrom, ...said };
    if (failureReported(this.#state, this.map, message, this.#nowMs) !== undefined) return;
    const reporterUpFrom = present(this.map.osds.get(reporter), `osd.${reporter}`).upFrom;
    const words = this.#words.get(osd) ?? new Map<OsdId, Word>();
    words.set(reporter, {
      targetUpFrom: target.upFrom,
      reporterUpFrom,
      isFalse,
      saidMs: this.#ownMs,
    });
    this.#words.set(osd, words);
  }

  #takeBack(reporter: OsdId, osd: OsdId): void {
    const { upFrom } = present(this.map.osds.get(osd), `osd.${osd}`);
    aliveReported(this.#state, this.map, { reporter, osd, upFrom }, this.#nowMs);
    this.#words.get(osd)?.delete(reporter);
  }

  #probe(osd: OsdId): void {
    const { isRunning, isCut } = present(this.processes[osd], `osd.${osd}`);
    const result = isCut ? "silent" : isRunning ? "answered" : "refused";
    this.#lastProbe.set(osd, result);
    probed(this.#state, osd, result, this.#nowMs);
  }

  #boots(): void {
    for (const process of this.processes) {
      const info = present(this.map.osds.get(process.id), `osd.${process.id}`);
      const isUp = info.up && info.nonce === process.nonce;
      process.wasUp ||= isUp;
      if (process.isRunning && !process.isCut && !isUp) this.#boot(process, info.uuid);
    }
  }

  #boot({ id, nonce, wasUp }: Process, uuid: string): void {
    const message = {
      osd: id,
      uuid,
      nonce,
      address: "127.0.0.1:1",
      heartbeatAddress: "127.0.0.1:2",
      host: `host${hostOf(this.#tree, id)}`,
      deviceClass: "",
      bytes: 2 ** 40,
      version: "",
      epoch: this.map.epoch,
      cleanFrom: epoch(0),
      cleanTo: epoch(0),
      wasWronglyDown: wasUp,
    };
    const drafting = { base: this.map, draft: this.#draft };
    const result = bootRequested(this.#state, drafting, message, this.#nowMs);
    if (result.type === "edit") this.#draft = result.map;
    if (result.type === "later" && result.first !== undefined) this.#draft = result.first.map;
    const isOwn = uuid === this.map.osds.get(id)?.uuid;
    if (!isOwn && result.type !== "refused")
      this.problems.push(`a foreign store boots as osd.${id}`);
    if (isOwn && result.type === "refused") this.problems.push(`refused: ${result.message}`);
  }

  #bootForeign(process: Process): void {
    const other = present(this.processes[this.#other(process.id)], "another OSD");
    this.#boot(
      process,
      randomPick(this.#prng, ["stranger", `${this.map.osds.get(other.id)?.uuid}`]),
    );
  }

  #decide(): void {
    const before = this.#draft;
    const edits = dueEdits(this.#state, { base: this.map, draft: before }, this.#nowMs);
    const after = edits.at(-1)?.map ?? before;
    for (const { id } of this.processes) {
      if (before.osds.get(id)?.up !== true || after.osds.get(id)?.up !== false) continue;
      const problem = this.#injustice(id);
      if (problem !== undefined) this.problems.push(`osd.${id} down at ${this.#nowMs}: ${problem}`);
    }
    this.#draft = after;
  }

  /** C4 once more, from what was told and not from what the controller made of it. */
  #injustice(osd: OsdId): string | undefined {
    const { registered } = present(this.processes[osd], `osd.${osd}`);
    const info = present(this.map.osds.get(osd), `osd.${osd}`);
    if (this.#draft.flags.has("nodown")) return "nodown is set";
    const words = [...(this.#words.get(osd) ?? [])].filter(([reporter, word]) => {
      const from = this.map.osds.get(reporter);
      const isSame = from?.upFrom === word.reporterUpFrom && info.upFrom === word.targetUpFrom;
      return isSame && from.up && this.#ownMs - word.saidMs <= REPORT_LASTS_MS;
    });
    const isAbsent = registered !== info.nonce;
    const hosts = new Set(words.map(([reporter]) => hostOf(this.#tree, reporter)));
    const others = [...this.map.osds].filter(([id, { up }]) => up && id !== osd);
    const otherHosts = new Set(others.map(([id]) => hostOf(this.#tree, id)));
    const isToldByTwo = words.length >= 2 && hosts.size >= Math.min(2, otherHosts.size);
    const isProbeBad = (this.#lastProbe.get(osd) ?? "answered") !== "answered";
    if (isToldByTwo || (isAbsent && (words.length > 0 || isProbeBad))) return undefined;
    if (!isAbsent) return `${words.length} peers alone`;
    if (this.#burst.size > 0) return "absent amid many others, and nobody else says so";
    const absentMs = this.#ownMs - (this.#lostMs.get(osd) ?? this.#ownMs);
    return absentMs >= 60_000 ? undefined : `absent for ${absentMs} ms and nobody else says so`;
  }

  #publish(): void {
    const before = this.map;
    this.map = published(before, this.#draft);
    this.#draft = this.map;
    for (const { id } of this.processes) {
      const [old, now] = [before.osds.get(id), this.map.osds.get(id)];
      const wasUp = old?.up === true;
      if (wasUp && now?.up === true && (old.nonce !== now.nonce || old.upFrom !== now.upFrom)) {
        this.problems.push(`epoch ${this.map.epoch} holds two states of osd.${id}`);
      }
      if (old?.uuid !== now?.uuid) this.problems.push(`osd.${id} has another store`);
      if (wasUp === now?.up) continue;
      this.#lastProbe.delete(id);
      this.#burst.delete(id);
      if (this.processes[id]?.registered !== now?.nonce) this.#lostMs.set(id, this.#ownMs);
    }
  }

  #setFlags(...flags: MapFlag[]): void {
    this.#draft = { ...this.#draft, flags: new Set(flags) };
  }

  #other(osd: OsdId): OsdId {
    const others = this.processes.filter(({ id }) => id !== osd);
    return others.length === 0 ? osdId(0) : randomPick(this.#prng, others).id;
  }

  get #ownMs(): number {
    return this.#nowMs - this.#missedMs;
  }
}
