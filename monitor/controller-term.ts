/**
 * Shell: one term of a controller, from the election that it won until its node is gone. It begins with reading what is
 * published and the history, and whatever it writes carries the check of that node (C2), so it can do no harm after its end.
 */
import { isClusterError } from "../cluster/base/error.ts";
import type { OsdId } from "../cluster/base/ids.ts";
import { type Epoch, epoch, osdId } from "../cluster/base/ids.ts";
import type { Log } from "../cluster/base/log.ts";
import { ClusterLogWriter } from "../cluster/coordination/cluster-log.ts";
import { guardedWrite, type Mandate } from "../cluster/coordination/guarded-write.ts";
import { MapPublisher } from "../cluster/coordination/map-publisher.ts";
import { readHistory, readNewestMap } from "../cluster/coordination/map-reader.ts";
import { trimMap } from "../cluster/coordination/map-trimmer.ts";
import { PATHS } from "../cluster/coordination/paths.ts";
import {
  type RegistrationChange,
  RegistrationWatch,
} from "../cluster/coordination/registration.ts";
import type { Acl } from "../cluster/zookeeper/acl.ts";
import type { ZooKeeperClient } from "../cluster/zookeeper/client.ts";
import type { MultiOp } from "../cluster/zookeeper/multi-records.ts";
import { ANY_VERSION } from "../cluster/zookeeper/node-records.ts";
import { persistently } from "../cluster/zookeeper/recipe/retry.ts";
import { isZooKeeperError } from "../cluster/zookeeper/zookeeper-error.ts";
import type { ControllerEvent, TreeEffect } from "./controller/controller-state.ts";
import type { Registration } from "./controller/membership.ts";
import { formatMutes, type Mute, parseMutes } from "./controller/mutes.ts";

type EffectOf<Type extends TreeEffect["type"]> = Extract<TreeEffect, { readonly type: Type }>;

export interface TermOptions {
  readonly client: ZooKeeperClient;
  readonly check: MultiOp;
  readonly acl: readonly Acl[];
  readonly log: Log;
  /** In order; nothing after the term's end. */
  readonly submit: (event: ControllerEvent) => void;
  /** Somebody else has the mandate by now, whatever the election says yet, or nobody knows who has it. */
  readonly lost: () => void;
  readonly fail: (error: unknown) => void;
  readonly checkpointEpochs?: number;
}

interface Instruments {
  readonly publisher: MapPublisher;
  readonly events: ClusterLogWriter;
  readonly registrations: RegistrationWatch;
}

export class ControllerTerm {
  readonly #options: TermOptions;
  readonly #abort = new AbortController();
  readonly #mandate: Mandate;
  #instruments: Instruments | undefined;
  /** Still to be stored; what is being stored may be older. */
  #mutes: readonly Mute[] | undefined;
  #isStoringMutes = false;

  constructor(options: TermOptions) {
    const { client, check } = options;
    this.#options = options;
    this.#mandate = { client, check, signal: this.#abort.signal };
    this.#begin().catch((error: unknown) => this.#failed(error));
  }

  get isOver(): boolean {
    return this.#abort.signal.aborted;
  }

  end(): void {
    this.#abort.abort();
    void this.#instruments?.registrations.stop();
  }

  perform(effect: TreeEffect): void {
    if (this.#instruments === undefined || this.isOver) return;
    const { publisher, events } = this.#instruments;
    switch (effect.type) {
      case "publish":
        this.#publish(publisher, effect).catch((error: unknown) => this.#failed(error));
        return;
      case "trim":
        this.#trim(effect.below).catch((error: unknown) => this.#failed(error));
        return;
      case "storeMutes":
        this.#mutes = effect.mutes;
        this.#storeMutes().catch((error: unknown) => this.#failed(error));
        return;
      case "event": {
        const { wallMs, level, text } = effect;
        events.append({ wallMs, level, text });
        return;
      }
    }
  }

  async #begin(): Promise<void> {
    const { client, acl, log, checkpointEpochs } = this.#options;
    const newest = await persistently(client, async () => {
      // What others published before they lost the election.
      await client.sync(PATHS.mapEpoch);
      return await readNewestMap(client);
    });
    const { requests, oldest } = await persistently(client, () =>
      this.#readHistory(newest.map.epoch),
    );
    const mutes = await persistently(client, () => this.#readMutes());
    if (this.isOver) return;
    const publisher = new MapPublisher({
      ...this.#mandate,
      newest,
      acl,
      log,
      ...(checkpointEpochs !== undefined && { checkpointEpochs }),
    });
    this.#submit({ type: "elected", map: newest.map, requests, oldest, mutes });
    log.info(`leads from epoch ${newest.map.epoch} on`);
    this.#instruments = {
      publisher,
      events: new ClusterLogWriter({ ...this.#mandate, acl, log }),
      registrations: this.#watchRegistrations(),
    };
  }

  /** Requests that were answered, so that none is carried out again (C2); the newest of them are enough. */
  async #readHistory(newest: Epoch): Promise<{
    requests: { ids: readonly string[]; epoch: Epoch }[];
    oldest: Epoch;
  }> {
    const { client } = this.#options;
    const requests: { ids: readonly string[]; epoch: Epoch }[] = [];
    const { children } = await client.getChildren(PATHS.mapInc);
    const oldest = children.length === 0 ? newest : Math.min(...children.map(Number));
    const from = epoch(Math.max(0, newest - HISTORY_EPOCHS));
    for await (const record of readHistory(client, { from, to: newest })) {
      requests.push({ ids: record.requests, epoch: record.epoch });
    }
    return { requests, oldest: epoch(oldest) };
  }

  #watchRegistrations(): RegistrationWatch {
    const { client, log } = this.#options;
    let isListed = false;
    const watch: RegistrationWatch = new RegistrationWatch({
      client,
      kind: "osd",
      log,
      onChange: (changes) => {
        const seen = changes.flatMap((change) => [...sessionsIn(change)]);
        if (!isListed) {
          isListed = true;
          const present = seen.filter(([, registration]) => registration !== undefined);
          const registrations = new Map(present as [OsdId, Registration][]);
          this.#submit({ type: "registrationsListed", registrations });
          return;
        }
        for (const [osd, registration] of seen) {
          this.#submit({ type: "sessionSeen", osd, registration });
        }
      },
      onFailure: (error) => this.#failed(error),
    });
    return watch;
  }

  async #publish(
    publisher: MapPublisher,
    { map, record, inverse }: EffectOf<"publish">,
  ): Promise<void> {
    const undo = { epoch: map.epoch, inverse };
    const outcome = await publisher.publish({ map, record, undo });
    if (outcome === "published") this.#submit({ type: "published" });
    else this.#lost();
  }

  async #trim(below: Epoch): Promise<void> {
    const outcome = await trimMap(this.#mandate, below);
    if (outcome.type === "deposed") this.#lost();
    else this.#submit({ type: "trimmed", oldest: outcome.floor });
  }

  async #readMutes(): Promise<readonly Mute[]> {
    const { client, log } = this.#options;
    const { data } = await client.getData(PATHS.mutes);
    if (data.byteLength === 0) return [];
    const mutes = parseMutes(Buffer.from(data).toString("utf8"));
    if (mutes === undefined) log.warn("what is muted cannot be read; nothing is");
    return mutes ?? [];
  }

  /** One after the other: of two under way the older could be repeated after the newer. */
  async #storeMutes(): Promise<void> {
    if (this.#isStoringMutes) return;
    this.#isStoringMutes = true;
    for (let mutes = this.#mutes; mutes !== undefined; mutes = this.#mutes) {
      this.#mutes = undefined;
      const data = Buffer.from(formatMutes(mutes));
      const op = { type: "setData", path: PATHS.mutes, data, version: ANY_VERSION } as const;
      // Written again it is the same.
      const { type } = await guardedWrite(this.#mandate, [op], async () => false);
      if (type === "deposed") this.#lost();
    }
    this.#isStoringMutes = false;
  }

  #submit(event: ControllerEvent): void {
    if (!this.isOver) this.#options.submit(event);
  }

  #lost(): void {
    if (!this.isOver) this.#options.lost();
  }

  #failed(error: unknown): void {
    if (this.isOver) return;
    if (this.#endsTerm(error)) this.#lost();
    else this.#options.fail(error);
  }

  /** No server for a session's time, or the session has run out: the next term, of whomever, reads everything anew. */
  #endsTerm(error: unknown): boolean {
    const isRenewed = this.#options.client.renews && isZooKeeperError(error, "SESSIONEXPIRED");
    return isRenewed || isClusterError(error, "UNREACHABLE");
  }
}

/** Nobody repeats a request after so many epochs. */
const HISTORY_EPOCHS = 1_000;

function* sessionsIn(change: RegistrationChange): Generator<[OsdId, Registration | undefined]> {
  const osd = /^\d{1,9}$/.test(change.name) ? osdId(Number(change.name)) : undefined;
  if (osd === undefined) return;
  if (change.type === "vanished") yield [osd, undefined];
  else yield [osd, { nonce: change.daemon.nonce }];
}
