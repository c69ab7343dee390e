/**
 * What the controllers have made of the map, as everybody is shown it and as the tree keeps it. Each epoch is one, whoever is
 * shown it; its writer is the one that led when it was written, by the election's nodes as the monitors have them; it holds
 * one state of each OSD; and where it marks one down, two had said so (witnesses.ts).
 */
import type { Epoch, OsdId, PeerName } from "../../../cluster/base/ids.ts";
import type { EpochRecord } from "../../../cluster/map/epoch-record.ts";
import type { OsdMap } from "../../../cluster/map/osd-map.ts";
import { applyDelta, digestOf, EMPTY_MAP } from "../../../cluster/map/osd-map-delta.ts";
import type { ControllerMessage } from "../../../cluster/message/controller.ts";
import type { Transport } from "../../../cluster/runtime/transport.ts";
import type { Outcome, Trigger } from "../../../monitor/tree/outcome.ts";
import { Witnesses } from "./witnesses.ts";

const OSD_NODE = /^\/kelp\/osd\/(\d+)$/;
const CANDIDATE = /^\/kelp\/controller\/n-([0-9a-z]+)-(\d{10})$/;
const EPOCH_NODE = "/kelp/map/epoch";

/** One epoch as the tree took it. */
interface Published {
  readonly atMs: number;
  /** Undefined if nobody stood for election. */
  readonly leader: PeerName | undefined;
}

export interface ChronicleOptions {
  readonly violated: (reason: string) => void;
  readonly nowMs: () => number;
  readonly hostOf: (osd: OsdId) => string;
  readonly absenceMs: number;
}

export class Chronicle {
  readonly witnesses: Witnesses;
  readonly #options: ChronicleOptions;
  readonly #digests = new Map<Epoch, bigint>();
  /** By the id with which they stand for election. */
  readonly #controllers = new Map<string, PeerName>();
  /** Nodes of the election that exist: sequence and id. */
  readonly #candidates = new Map<string, { readonly sequence: number; readonly id: string }>();
  /** Of epoch 1 first. */
  readonly #published: Published[] = [];
  electionCount = 0;
  bootCount = 0;
  /** By the word of witnesses, and as was asked for. */
  judgedCount = 0;
  askedCount = 0;

  constructor(options: ChronicleOptions) {
    this.#options = options;
    this.witnesses = new Witnesses(options);
  }

  /** Somebody was told that this is the map of that epoch. */
  shown(who: PeerName, { epoch, digest }: OsdMap): void {
    const known = this.#digests.get(epoch);
    if (known !== undefined && known !== digest) {
      this.#options.violated(`epoch ${epoch} is another one to ${who} than to others`);
    }
    this.#digests.set(epoch, digest);
  }

  /** An OSD was told that it can never boot. */
  turnedAway(who: PeerName, why: string): void {
    this.#options.violated(`${who} gives up: ${why}`);
  }

  /** A process, with the id of this life of it. */
  stands(name: PeerName, id: string): void {
    this.#controllers.set(id, name);
  }

  elected(): void {
    this.electionCount += 1;
  }

  /** By the tree. */
  applied({ triggers }: Outcome): void {
    for (const trigger of triggers) {
      this.#osdNodeChanged(trigger);
      this.#candidatesChanged(trigger);
      if (trigger.type !== "nodeDataChanged" || trigger.path !== EPOCH_NODE) continue;
      this.#published.push({ atMs: this.#options.nowMs(), leader: this.#leader() });
    }
  }

  /** Listens to what an OSD reports. */
  heard(transport: Transport<ControllerMessage>): Transport<ControllerMessage> {
    return listening(transport, {
      asked: (message) => {
        if (message.type !== "failure") return;
        const { reporter } = message;
        this.witnesses.reported(message, { reporter, saidMs: this.#options.nowMs() });
      },
    });
  }

  /** Listens to what a controller asks OSDs; the incarnation that it means is that of its newest map. */
  asking(
    transport: Transport<ControllerMessage>,
    processOf: (osd: OsdId) => { readonly upFrom: Epoch; readonly nonce: number },
  ): Transport<ControllerMessage> {
    const missed = (peer: PeerName, nonce?: number): void => {
      const osd = Number(peer.slice("osd.".length)) as OsdId;
      const known = processOf(osd);
      // Another process that answers is no sign of life of that one.
      if (nonce === known.nonce) return;
      this.witnesses.foundSilent({ osd, upFrom: known.upFrom }, this.#options.nowMs());
    };
    return listening(transport, {
      answered: (peer, message) => {
        if (message.type === "probed") missed(peer, message.nonce);
      },
      failed: (peer) => missed(peer),
    });
  }

  /** The whole history, from epoch 1: the maps from epoch 0 on. */
  judge(records: readonly EpochRecord[]): OsdMap[] {
    const maps = [EMPTY_MAP];
    let map = EMPTY_MAP;
    for (const record of records) {
      if (record.epoch !== map.epoch + 1) {
        this.#options.violated(`epoch ${record.epoch} follows ${map.epoch}`);
        return maps;
      }
      const next = applyDelta(map, record.rows);
      this.#judgeEpoch(map, next, record);
      maps.push(next);
      map = next;
    }
    if (this.#published.length !== records.length) {
      const { length } = this.#published;
      this.#options.violated(`${records.length} epochs are kept, and ${length} were published`);
    }
    if (digestOf(map) !== map.digest) this.#options.violated("the digest is not that of the rows");
    return maps;
  }

  #osdNodeChanged({ type, path }: Trigger): void {
    const [, id] = OSD_NODE.exec(path) ?? [];
    if (id === undefined) return;
    const nowMs = this.#options.nowMs();
    if (type === "nodeDeleted") this.witnesses.vanished(Number(id) as OsdId, nowMs);
    if (type === "nodeCreated") this.witnesses.appeared(Number(id) as OsdId, nowMs);
  }

  #candidatesChanged({ type, path }: Trigger): void {
    const [, id, sequence] = CANDIDATE.exec(path) ?? [];
    if (id === undefined) return;
    if (type === "nodeDeleted") this.#candidates.delete(path);
    if (type === "nodeCreated") this.#candidates.set(path, { id, sequence: Number(sequence) });
  }

  #leader(): PeerName | undefined {
    const [first] = [...this.#candidates.values()].sort(
      (left, right) => left.sequence - right.sequence,
    );
    return first === undefined ? undefined : this.#controllers.get(first.id);
  }

  #judgeEpoch(before: OsdMap, after: OsdMap, record: EpochRecord): void {
    const { violated } = this.#options;
    const { epoch, controller } = record;
    if (after.digest !== record.digest) violated(`epoch ${epoch} has another digest than it says`);
    const shown = this.#digests.get(epoch);
    if (shown !== undefined && shown !== after.digest) {
      violated(`epoch ${epoch} was shown as another one`);
    }
    const leader = this.#published[epoch - 1]?.leader;
    if (leader !== controller) violated(`epoch ${epoch} is ${controller}'s, while ${leader} led`);
    for (const [osd, info] of after.osds) {
      const old = before.osds.get(osd);
      if (old?.up && info.up && old.nonce !== info.nonce) {
        violated(`epoch ${epoch} holds two states of osd.${osd} (C5)`);
      }
      if (info.up && old?.up !== true) this.bootCount += 1;
      if (info.up && old?.up !== true && info.upFrom !== epoch) {
        violated(`osd.${osd} comes up in epoch ${epoch}, and says from ${info.upFrom}`);
      }
      if (old?.up && !info.up) this.#judgeDown(osd, before, record);
    }
  }

  #judgeDown(osd: OsdId, before: OsdMap, { epoch, causes }: EpochRecord): void {
    const own = new RegExp(`^mark osd\\.${osd} down: (it has started anew|it stops)`);
    const ordered = `mark osd.${osd} down`;
    const wasAsked = causes.some(({ author, what }) => {
      return own.test(what) || (author.startsWith("client.") && what === ordered);
    });
    if (wasAsked) {
      this.askedCount += 1;
      return;
    }
    this.judgedCount += 1;
    const upFrom = before.osds.get(osd)?.upFrom ?? epoch;
    const upMs = this.#published[upFrom - 1]?.atMs ?? 0;
    const downMs = this.#published[epoch - 1]?.atMs ?? 0;
    const problem = this.witnesses.problem({ osd, upFrom }, { before, upMs, downMs });
    if (problem === undefined) return;
    const why = causes.map(({ what }) => what).join("; ");
    this.#options.violated(`epoch ${epoch} marks osd.${osd} down ${problem} (C4): ${why}`);
  }
}

function listening(
  transport: Transport<ControllerMessage>,
  on: {
    readonly asked?: (message: ControllerMessage) => void;
    readonly answered?: (peer: PeerName, message: ControllerMessage) => void;
    readonly failed?: (peer: PeerName) => void;
  },
): Transport<ControllerMessage> {
  return {
    self: transport.self,
    route: (peer, address) => transport.route(peer, address),
    send: (peer, outgoing) => transport.send(peer, outgoing),
    close: (graceMs) => transport.close(graceMs),
    request: async (peer, outgoing, options) => {
      on.asked?.(outgoing.message);
      try {
        const received = await transport.request(peer, outgoing, options);
        on.answered?.(peer, received.message);
        return received;
      } catch (error) {
        on.failed?.(peer);
        throw error;
      }
    },
  };
}
