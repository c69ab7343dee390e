/** Shell: what four-letter words and the HTTP port tell of this process and its place in the ensemble. */
import { readdir, stat } from "node:fs/promises";
import { hostname, release } from "node:os";
import { join } from "node:path";
import type { MonitorState } from "./monitor-state.ts";
import type { LeaderFacts, WordFacts } from "./zookeeper/word-facts.ts";
import type { HostPort, ZooCfg } from "./zookeeper/zoo-cfg.ts";

/** Of whose behaviour this is. Clients look at the first number of it. */
const ZOOKEEPER_VERSION = "3.8.0";
/** Sizes on disk and open files cost system calls, and nobody needs them fresher. */
const SAMPLE_MS = 2_000;

export interface FactSources {
  readonly state: MonitorState;
  readonly cfg: ZooCfg;
  readonly memberId: number;
  readonly client: HostPort;
  readonly version: string;
  readonly clock: { nowMs(): number; wallMs(): number };
  /** Undefined if it is not known. */
  readonly openFilesMax: number | undefined;
  readonly rejectedCount: () => number;
}

interface Sample {
  readonly dataBytes: number;
  readonly openFileCount: number;
}

export class Facts {
  readonly #sources: FactSources;
  #sample: Sample = { dataBytes: 0, openFileCount: 0 };
  #sampledMs = Number.NEGATIVE_INFINITY;
  #ledSinceMs = 0;
  #ledEpoch = 0;

  constructor(sources: FactSources) {
    this.#sources = sources;
  }

  now(): WordFacts {
    const { cfg, memberId, client, version, clock } = this.#sources;
    const nowMs = clock.nowMs();
    if (nowMs - this.#sampledMs > SAMPLE_MS) void this.#takeSample(nowMs);
    return {
      version: `${ZOOKEEPER_VERSION}-kelp-${version}, built on Node ${process.version}`,
      mode: this.#mode(),
      wallMs: clock.wallMs(),
      environment: environment(version),
      cfg,
      memberId,
      client,
      dataBytes: this.#sample.dataBytes,
      logBytes: this.#sources.state.replica.consensus.log.bytes,
      openFileCount: this.#sample.openFileCount,
      openFileCountMax: this.#sources.openFilesMax ?? OPEN_FILES_MAX,
      rejectedCount: this.#sources.rejectedCount(),
      leader: this.#leader(nowMs),
    };
  }

  #mode(): WordFacts["mode"] {
    const { consensus } = this.#sources.state.replica;
    if (consensus.members.length === 1) return "standalone";
    return consensus.role.type === "leader" ? "leader" : "follower";
  }

  #leader(nowMs: number): LeaderFacts | undefined {
    const { replica, ledEpoch, tracker, syncs } = this.#sources.state;
    const { role, log } = replica.consensus;
    if (role.type !== "leader") return undefined;
    if (this.#ledEpoch !== ledEpoch) {
      this.#ledEpoch = ledEpoch;
      this.#ledSinceMs = nowMs;
    }
    const behind = [...role.followers.values()];
    return {
      sinceMs: this.#ledSinceMs,
      followerCount: behind.filter(({ match }) => match > 0).length,
      syncedFollowerCount: behind.filter(({ match }) => match >= log.last).length,
      pendingSyncCount: syncs.waiting.length + (syncs.confirming?.waiters.length ?? 0),
      deadlines: tracker.deadlines(),
      proposalSizes: replica.proposalSizes,
    };
  }

  async #takeSample(nowMs: number): Promise<void> {
    this.#sampledMs = nowMs;
    const [dataBytes, openFileCount] = await Promise.all([
      sizeOf(this.#sources.cfg.storeDir),
      readdir("/proc/self/fd").then(
        (files) => files.length,
        () => 0,
      ),
    ]);
    this.#sample = { dataBytes, openFileCount };
  }
}

/** Where it is not known: what Linux gives a process unless told otherwise. */
const OPEN_FILES_MAX = 1_048_576;

async function sizeOf(directory: string): Promise<number> {
  try {
    const names = await readdir(directory);
    const sizes = await Promise.all(
      names.map((name) =>
        stat(join(directory, name)).then(
          ({ size }) => size,
          () => 0,
        ),
      ),
    );
    return sizes.reduce((sum, size) => sum + size, 0);
  } catch {
    return 0;
  }
}

function environment(version: string): readonly (readonly [string, string])[] {
  return [
    ["zookeeper.version", `${ZOOKEEPER_VERSION}-kelp-${version}`],
    ["host.name", hostname()],
    ["kelp.version", version],
    ["node.version", process.version],
    ["os.name", process.platform],
    ["os.arch", process.arch],
    ["os.version", release()],
    ["user.dir", process.cwd()],
    ["os.memory.used", `${process.memoryUsage().rss >> 20}MB`],
  ];
}
