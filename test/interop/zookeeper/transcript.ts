/**
 * What a server did in answer to a script, in words that do not depend on which server it was and
 * when: times are left out, zxids count from the run's beginning, sessions have the script's
 * numbers, paths begin with the script's mark. What a server may list in any order is sorted.
 *
 * Two transcripts agree if all their lines do. So a line holds everything that a client can see:
 * the reply with its header, its error and its body, or the event with its header, in the order in
 * which the session got them.
 */
import { decode } from "../../../cluster/wire/codec.ts";
import { CodecError } from "../../../cluster/wire/codec-error.ts";
import { errorName } from "../../../cluster/zookeeper/error-codes.ts";
import { opName } from "../../../cluster/zookeeper/op-codes.ts";
import { OPERATIONS } from "../../../cluster/zookeeper/operations.ts";
import { eventTypeOf } from "../../../cluster/zookeeper/watch-records.ts";
import type { Arrival, RawReply } from "./raw-session.ts";
import { printValue, ROOT_MARK } from "./script.ts";

/** What happened in each step, each line beginning with who saw it. */
export type Transcript = readonly (readonly string[])[];

export interface Disagreement {
  /** Index of the step; one past the last is the tree as it was at the end. */
  readonly step: number;
  readonly expected: readonly string[];
  readonly got: readonly string[];
}

const SHOWN_LINES = 8;

/** Each of these requests is a change of its own, also one that fails. */
const TAKES_ZXID: ReadonlySet<string> = new Set([
  "create",
  "create2",
  "createContainer",
  "createTTL",
  "delete",
  "setData",
  "setACL",
  "check",
  "multi",
]);

/** Undefined if both saw the same. */
export function compareTranscripts(
  expected: Transcript,
  got: Transcript,
): Disagreement | undefined {
  for (let step = 0; step < Math.max(expected.length, got.length); step++) {
    const left = expected[step] ?? [];
    const right = got[step] ?? [];
    if (left.length !== right.length || left.some((line, index) => line !== right[index])) {
      return { step, expected: left, got: right };
    }
  }
  return undefined;
}

/** The lines of the step, of many only those that differ. */
export function printDisagreement({ expected, got }: Disagreement): string {
  const side = (lines: readonly string[], others: readonly string[]): string[] => {
    const own = lines.filter((line) => !others.includes(line));
    const isShown = (line: string): boolean => lines.length <= SHOWN_LINES || own.includes(line);
    return lines.filter(isShown).map((line) => (own.includes(line) ? ` * ${line}` : `   ${line}`));
  };
  return ["expected:", ...side(expected, got), "got:", ...side(got, expected)].join("\n");
}

/** What names mean in one run on one server. */
export class Normaliser {
  readonly #root: string;
  readonly #baseZxid: number;
  readonly #sessions = new Map<bigint, string>();

  constructor(options: { readonly root: string; readonly baseZxid: number }) {
    this.#root = options.root;
    this.#baseZxid = options.baseZxid;
  }

  nameSession(id: bigint, name: string): void {
    this.#sessions.set(id, name);
  }

  /**
   * How far a server had come when it answered a read depends, among the requests of a burst, on
   * how soon it does the writes behind it.
   */
  line(arrival: Arrival, isBurst = false): string {
    if (arrival.kind === "closed") return "connection closed";
    if (arrival.kind === "reply") return this.#reply(arrival, isBurst);
    const type = eventTypeOf(arrival.type) ?? arrival.type;
    const header = `header zxid ${this.#zxid(arrival.headerZxid)} err ${arrival.headerErr}`;
    return `event ${type} ${this.path(arrival.path)} state ${arrival.state} (${header})`;
  }

  #reply({ xid, zxid, err, body, request }: RawReply, isBurst: boolean): string {
    const type = request?.type ?? Number.NaN;
    const name = opName(type) ?? `type ${type}`;
    const outcome = err === 0 ? "ok" : (errorName(err) ?? String(err));
    const shown = body.byteLength === 0 ? "" : ` ${this.#body(name, body)}`;
    const isOpen = isBurst && !TAKES_ZXID.has(name);
    return `reply ${xid} to ${name}: ${outcome} zxid ${isOpen ? "any" : this.#zxid(zxid)}${shown}`;
  }

  #body(name: string, body: Uint8Array): string {
    if (!(name in OPERATIONS)) return hex(body);
    const { response } = OPERATIONS[name as keyof typeof OPERATIONS];
    try {
      return printValue(this.#visit(decode(response as never, body)));
    } catch (error) {
      if (error instanceof CodecError) return hex(body);
      throw error;
    }
  }

  #visit(part: unknown, name = ""): unknown {
    if (part instanceof Uint8Array) return part;
    if (Array.isArray(part)) return this.#list(part, name);
    if (typeof part === "string") return this.path(part);
    if (name.endsWith("zxid")) return this.#zxid(Number(part));
    if (name === "ctime" || name === "mtime") return part === 0 ? "none" : "some";
    if (name === "ephemeralOwner") return this.#owner(part as bigint);
    if (typeof part !== "object" || part === null) return part;
    return Object.fromEntries(
      Object.entries(part).map(([field, value]) => [field, this.#visit(value, field)]),
    );
  }

  /** All lists of answers are sets, but for the results of a multi. */
  #list(parts: readonly unknown[], name: string): unknown[] {
    const visited = parts.map((part) => this.#visit(part));
    if (name === "") return visited;
    return visited.toSorted((left, right) => (printValue(left) < printValue(right) ? -1 : 1));
  }

  path(text: string): string {
    return text.startsWith(this.#root) ? ROOT_MARK + text.slice(this.#root.length) : text;
  }

  /** 0 and -1 stand for "none"; nothing of a run is older than its beginning. */
  #zxid(zxid: number): string {
    if (zxid <= 0) return String(zxid);
    const offset = zxid - this.#baseZxid;
    return offset < 0 ? "earlier" : `+${offset}`;
  }

  #owner(owner: bigint): string {
    if (owner === 0n) return "nobody";
    return this.#sessions.get(owner) ?? `0x${BigInt.asUintN(64, owner).toString(16)}`;
  }
}

function hex(bytes: Uint8Array): string {
  return `bytes ${Buffer.from(bytes).toString("hex")}`;
}
