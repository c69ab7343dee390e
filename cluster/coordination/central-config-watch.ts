/** A daemon's central configuration, as it changes: the levels that concern it, merged and given to its `Config`. */
import { assert } from "../base/assert.ts";
import { lossyTextOf } from "../base/bytes.ts";
import type { PeerName } from "../base/ids.ts";
import type { Log } from "../base/log.ts";
import type { CentralUpdate, Config } from "../runtime/config.ts";
import type { ConfigTable } from "../runtime/config-value.ts";
import type { ZooKeeperClient } from "../zookeeper/client.ts";
import { MemberList } from "../zookeeper/recipe/service-registry.ts";
import { entryProblem, hasSetting, levelsOf } from "./central-config.ts";
import { configPath } from "./paths.ts";

type Texts = ReadonlyMap<string, string>;

/** What counts of several levels, the widest first; of the entries of one that are refused, what it had before. */
export class LevelMerge {
  readonly #refuses: (name: string, text: string) => string | undefined;
  readonly #accepted: Map<string, string>[];

  constructor(levelCount: number, refuses: (name: string, text: string) => string | undefined) {
    this.#refuses = refuses;
    this.#accepted = Array.from({ length: levelCount }, () => new Map());
  }

  /** What is wrong with entries of the level, each as a sentence. */
  update(level: number, texts: Texts): string[] {
    const before = this.#accepted[level];
    assert(before !== undefined, `there is no level ${level}`);
    const problems: string[] = [];
    const accepted = new Map<string, string>();
    for (const [name, text] of texts) {
      const problem = this.#refuses(name, text);
      if (problem !== undefined) problems.push(problem);
      const counts = problem === undefined ? text : before.get(name);
      if (counts !== undefined) accepted.set(name, counts);
    }
    this.#accepted[level] = accepted;
    return problems;
  }

  get merged(): Record<string, string> {
    return Object.fromEntries(this.#accepted.flatMap((level) => [...level]));
  }
}

export interface CentralConfigWatchOptions<T extends ConfigTable> {
  readonly client: ZooKeeperClient;
  readonly daemon: PeerName;
  readonly table: T;
  /** Of that table; its listeners are called when values change. */
  readonly config: Config<T>;
  readonly log: Log;
  /** After each update, once all levels were read. */
  readonly onUpdate?: (update: CentralUpdate) => void;
  readonly onFailure: (error: unknown) => void;
}

export class CentralConfigWatch<T extends ConfigTable> {
  readonly #options: CentralConfigWatchOptions<T>;
  readonly #lists: readonly MemberList[];
  readonly #merge: LevelMerge;
  readonly #read = new Set<number>();
  /** By level: problems that are there and in the log. */
  readonly #told: ReadonlySet<string>[] = [];

  constructor(options: CentralConfigWatchOptions<T>) {
    const { client, daemon, table, onFailure } = options;
    this.#options = options;
    const levels = levelsOf(daemon);
    // A name that this version or kind of daemon does not know is some other one's business.
    this.#merge = new LevelMerge(levels.length, (name, text) =>
      hasSetting(table, name) ? entryProblem(table, { name, text }) : undefined,
    );
    this.#lists = levels.map(
      (who, level) =>
        new MemberList({
          client,
          path: configPath(who),
          onChange: (members) => this.#changed(level, who, textsOf(members)),
          onFailure,
        }),
    );
  }

  async stop(): Promise<void> {
    await Promise.all(this.#lists.map((list) => list.stop()));
  }

  #changed(level: number, who: string, texts: Texts): void {
    const { config, log, onUpdate } = this.#options;
    const problems = new Set(this.#merge.update(level, texts));
    const told = this.#told[level];
    for (const problem of problems) {
      if (told?.has(problem) !== true) {
        log.warn(`ignored in the central configuration of ${who}: ${problem}`);
      }
    }
    this.#told[level] = problems;
    this.#read.add(level);
    // A value that a narrower level covers must not be in force for the moment in between.
    if (this.#read.size < this.#lists.length) return;
    const update = config.updateCentral(this.#merge.merged);
    for (const { message } of update.changes) log.info(message);
    onUpdate?.(update);
  }
}

function textsOf(members: ReadonlyMap<string, Uint8Array>): Texts {
  return new Map(Array.from(members, ([name, data]) => [name, lossyTextOf(data)]));
}
