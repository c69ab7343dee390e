/**
 * Shell: who of the coordinator's servers is there. Each is asked with `srvr`, the one word that Apache ZooKeeper answers as
 * shipped (C3); only who leads or follows belongs to the quorum.
 */
import type { Clock, Timer } from "../cluster/base/clock.ts";
import { askWord } from "../cluster/coordination/ask-word.ts";
import type { MonitorRow } from "../cluster/message/query.ts";
import type { StreamNetwork } from "../cluster/runtime/stream.ts";

const LOOK_MS = 2_000;
const ANSWER_MS = 1_500;
const LEADING = ["leader", "standalone"];
const IN_QUORUM = [...LEADING, "follower", "observer"];

export interface QuorumWatchOptions {
  /** `host:port` of each. */
  readonly servers: readonly string[];
  readonly network: StreamNetwork;
  readonly clock: Clock;
  readonly onRows: (rows: readonly MonitorRow[]) => void;
}

export class QuorumWatch {
  readonly #options: QuorumWatchOptions;
  #timer: Timer | undefined;
  #isStopped = false;

  constructor(options: QuorumWatchOptions) {
    this.#options = options;
    this.#look();
  }

  stop(): void {
    this.#isStopped = true;
    this.#timer?.cancel();
  }

  #look(): void {
    const { servers, clock, onRows } = this.#options;
    void Promise.all(servers.map((server) => this.#ask(server))).then((rows) => {
      if (this.#isStopped) return;
      onRows(rows);
      this.#timer = clock.after(LOOK_MS, () => this.#look());
    });
  }

  async #ask(server: string): Promise<MonitorRow> {
    const { network, clock } = this.#options;
    const answer = await askWord(server, "srvr", { network, clock, timeoutMs: ANSWER_MS });
    const mode = "text" in answer ? (/^Mode: (\w+)/m.exec(answer.text)?.[1] ?? "") : "";
    return { name: server, isInQuorum: IN_QUORUM.includes(mode), isLeader: LEADING.includes(mode) };
  }
}
