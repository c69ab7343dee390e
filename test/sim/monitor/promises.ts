/**
 * What a server promises to one client, judged by what passes on the wire:
 *
 * - The zxids of replies never go back, at whatever server: nobody who has seen a change is then shown a state before it.
 * - A watch that a reply has set is not missed: its event comes before any reply that shows the change or a later one.
 *   This holds across connections, since the client sets its watches again.
 * - Nobody is told of a change for which no watch was set.
 */
import { present } from "../../../cluster/base/assert.ts";
import type { TypeOf } from "../../../cluster/wire/codec.ts";
import { Reader } from "../../../cluster/wire/reader.ts";
import { ERRORS } from "../../../cluster/zookeeper/error-codes.ts";
import { getDataRequest } from "../../../cluster/zookeeper/node-records.ts";
import { OPCODES } from "../../../cluster/zookeeper/op-codes.ts";
import { setWatches } from "../../../cluster/zookeeper/watch-records.ts";
import type { Change, Journal } from "./journal.ts";
import type { WireListener, WireReply, WireRequest } from "./wire-tap.ts";

type Kind = "data" | "exist" | "child";

/** Which changes a watch is for. */
const FIRED_BY: Readonly<Record<Kind, readonly string[]>> = {
  data: ["nodeDataChanged", "nodeDeleted"],
  exist: ["nodeCreated"],
  child: ["nodeChildrenChanged", "nodeDeleted"],
};
const USED_UP: Readonly<Record<string, readonly Kind[]>> = {
  nodeCreated: ["data", "exist"],
  nodeDataChanged: ["data", "exist"],
  nodeDeleted: ["data", "exist", "child"],
  nodeChildrenChanged: ["child"],
};

interface Watch {
  readonly kind: Kind;
  readonly path: string;
  /** The server's last change when it set the watch. */
  readonly sinceZxid: number;
}

export class Promises implements WireListener {
  readonly #client: string;
  readonly #journal: Journal;
  readonly #violated: (reason: string) => void;
  readonly #watches = new Map<string, Watch>();
  #lastZxid = 0;
  #server = "nobody";
  #eventCount = 0;

  constructor(client: string, journal: Journal, violated: (reason: string) => void) {
    this.#client = client;
    this.#journal = journal;
    this.#violated = violated;
  }

  get eventCount(): number {
    return this.#eventCount;
  }

  /** What came as the client gave a connection up, it may not have looked at. */
  greeted(lastZxid: number): void {
    this.#lastZxid = lastZxid;
  }

  requested({ op, body }: WireRequest): void {
    if (op === OPCODES.setWatches) this.#setAgain(setWatches.decode(new Reader(body)));
  }

  welcomed(server: string): void {
    this.#server = server;
  }

  replied({ zxid, error, request }: WireReply): void {
    if (zxid < this.#lastZxid) {
      this.#broken(`showed zxid ${hex(zxid)} after ${hex(this.#lastZxid)}`);
    }
    this.#lastZxid = Math.max(this.#lastZxid, zxid);
    if (request?.op === OPCODES.setWatches) this.#forgiveExist(zxid);
    for (const watch of this.#watches.values()) this.#judge(watch, zxid);
    const kind = request && kindOf(request, error);
    if (request !== undefined && kind !== undefined) this.#set(kind, request, zxid);
  }

  notified(type: string, path: string): void {
    this.#eventCount += 1;
    const kinds = present(USED_UP[type], `a change of the type ${type}`);
    const used = kinds.filter((kind) => this.#watches.delete(keyOf(kind, path)));
    if (used.length === 0) this.#broken(`told of ${type} ${path}, which was not watched`);
  }

  #set(kind: Kind, { body }: WireRequest, zxid: number): void {
    const { path, watch } = getDataRequest.decode(new Reader(body));
    const key = keyOf(kind, path);
    if (watch && !this.#watches.has(key)) {
      this.#watches.set(key, { kind, path, sinceZxid: zxid });
    }
  }

  /** The client knows best which watches it has; what they have missed is judged from when they were first set. */
  #setAgain(request: TypeOf<typeof setWatches>): void {
    const before = new Map(this.#watches);
    this.#watches.clear();
    const set = (kind: Kind, paths: readonly string[]): void => {
      for (const path of paths) {
        const key = keyOf(kind, path);
        const watch = before.get(key) ?? { kind, path, sinceZxid: request.relativeZxid };
        this.#watches.set(key, watch);
      }
    };
    set("data", request.dataWatches);
    set("exist", request.existWatches);
    set("child", request.childWatches);
  }

  #judge({ kind, path, sinceZxid }: Watch, shownZxid: number): void {
    const missed = this.#journal
      .changesOf(path)
      .find(
        ({ type, zxid }) => zxid > sinceZxid && zxid <= shownZxid && FIRED_BY[kind].includes(type),
      );
    if (missed === undefined) return;
    const what = `${missed.type} ${path} of ${hex(missed.zxid)}`;
    this.#broken(`showed ${hex(shownZxid)} before it told of ${what}`);
  }

  /** A node that came and went while nobody watched: as in ZooKeeper, a server cannot know of it. */
  #forgiveExist(zxid: number): void {
    for (const [key, { kind, path }] of this.#watches) {
      if (kind !== "exist") continue;
      const isGone = lastLife(this.#journal.changesOf(path), zxid) !== "nodeCreated";
      if (isGone) this.#watches.set(key, { kind, path, sinceZxid: zxid });
    }
  }

  #broken(what: string): void {
    this.#violated(`${this.#server} ${what} (to ${this.#client})`);
  }
}

/** Whether the node was made or removed last, up to that zxid. */
function lastLife(changes: readonly Change[], upTo: number): string | undefined {
  const lives = ["nodeCreated", "nodeDeleted"];
  return changes.findLast(({ type, zxid }) => zxid <= upTo && lives.includes(type))?.type;
}

function kindOf({ op }: WireRequest, error: number): Kind | undefined {
  if (op === OPCODES.exists && error === ERRORS.NONODE) return "exist";
  if (error !== ERRORS.OK) return undefined;
  if (op === OPCODES.exists || op === OPCODES.getData) return "data";
  return op === OPCODES.getChildren || op === OPCODES.getChildren2 ? "child" : undefined;
}

function keyOf(kind: Kind, path: string): string {
  return `${kind} ${path}`;
}

function hex(zxid: number): string {
  return `0x${zxid.toString(16)}`;
}
