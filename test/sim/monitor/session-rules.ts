/**
 * When sessions and ephemeral nodes may end:
 *
 * - An ephemeral node goes with its session or by a client's request, and by nothing else.
 * - What a session asks for after its end has no effect.
 * - A session that a serving member has heard not long ago is not ended by a leader (M8). Where messages get lost, what
 *   the member heard gets lost with them, so such runs are not judged by this.
 */
import type { Clock } from "../../../cluster/base/clock.ts";
import { ERRORS } from "../../../cluster/zookeeper/error-codes.ts";
import { OPCODES } from "../../../cluster/zookeeper/op-codes.ts";
import type { Entry } from "../../../monitor/tree/batch.ts";
import type { Outcome } from "../../../monitor/tree/outcome.ts";
import type { Tree } from "../../../monitor/tree/state.ts";
import type { ServerState } from "../../../monitor/zookeeper/server-state.ts";

/** Below it every node is ephemeral. */
export const EPHEMERAL_DIRECTORIES = ["/eph", "/lock"] as const;

/** How long messages and ticks may take until a session's sign of life has reached its leader. */
const REPORT_MS_MAX = 150;

export interface Serving {
  readonly server: ServerState;
  readonly clock: Clock;
}

export class SessionRules {
  readonly #serving: () => Iterable<Serving>;
  readonly #violated: (reason: string) => void;
  readonly #judgesExpiry: boolean;
  readonly #live = new Set<number>();
  readonly #owners = new Map<string, number>();
  expiredCount = 0;
  closedCount = 0;

  constructor(options: {
    readonly serving: () => Iterable<Serving>;
    readonly judgesExpiry: boolean;
    readonly violated: (reason: string) => void;
  }) {
    this.#serving = options.serving;
    this.#judgesExpiry = options.judgesExpiry;
    this.#violated = options.violated;
  }

  get live(): ReadonlySet<number> {
    return this.#live;
  }

  note(entry: Entry, outcome: Outcome): void {
    if (outcome.error !== ERRORS.OK || outcome.kind !== "done") return;
    if (entry.type === "createSession" && outcome.session !== undefined) {
      this.#live.add(outcome.session);
    }
    if (entry.type === "request" && !this.#live.has(entry.session)) {
      this.#violated(`session ${entry.session} did something after its end`);
    }
    const ended = endOf(entry);
    for (const { type, path } of outcome.triggers) {
      if (!isEphemeral(path)) continue;
      if (type === "nodeCreated" && entry.type === "request") this.#owners.set(path, entry.session);
      if (type === "nodeDeleted") this.#judgeRemoval(path, entry, ended);
    }
    if (ended === undefined) return;
    if (entry.type === "expireSession") {
      this.expiredCount += 1;
      this.#judgeExpiry(ended);
    } else {
      this.closedCount += 1;
    }
    this.#live.delete(ended);
    for (const [path, owner] of this.#owners) {
      if (owner === ended) this.#violated(`${path} outlived its session ${ended}`);
    }
  }

  /** At rest, on every member. */
  check(name: string, tree: Tree): void {
    for (const { id } of tree.sessions.all()) {
      if (!this.#live.has(id)) this.#violated(`${name} has session ${id}, which is over`);
    }
    if (tree.sessions.count !== this.#live.size) this.#violated(`${name} has lost a session`);
    for (const path of this.#owners.keys()) {
      if (tree.znodes.find(path) === undefined) this.#violated(`${name} has lost ${path}`);
    }
    if (tree.ephemeralCount !== this.#owners.size) {
      this.#violated(`${name} has ${tree.ephemeralCount} ephemeral nodes for ${this.#owners.size}`);
    }
  }

  #judgeRemoval(path: string, entry: Entry, ended: number | undefined): void {
    const owner = this.#owners.get(path);
    this.#owners.delete(path);
    const isByClient = entry.type === "request" && ended === undefined;
    if (!isByClient && ended !== owner) {
      this.#violated(`${path} of session ${owner} went with ${entry.type} of ${ended}`);
    }
  }

  #judgeExpiry(session: number): void {
    if (!this.#judgesExpiry) return;
    for (const { server, clock } of this.#serving()) {
      const client = server.bySession.get(session);
      if (client === undefined || !server.isServing) continue;
      const silentMs = clock.nowMs() - client.lastHeardMs;
      if (silentMs >= client.timeoutMs / 3 - REPORT_MS_MAX) continue;
      this.#violated(
        `session ${session} (${client.timeoutMs} ms) was ended ${silentMs} ms after a serving member heard it`,
      );
    }
  }
}

function endOf(entry: Entry): number | undefined {
  if (entry.type === "expireSession") return entry.session;
  const closes = entry.type === "request" && entry.op === OPCODES.closeSession;
  return closes ? entry.session : undefined;
}

function isEphemeral(path: string): boolean {
  return EPHEMERAL_DIRECTORIES.some((directory) => path.startsWith(`${directory}/`));
}
