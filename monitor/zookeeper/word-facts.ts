/** What four-letter words tell of a server that its core does not know. */

import type { SessionDeadline } from "./session-tracker.ts";
import type { HostPort, ZooCfg } from "./zoo-cfg.ts";

export interface WordFacts {
  /** Begins with the version of ZooKeeper that clients find here: "3.8.0-kelp-0.1.0, built on ...". */
  readonly version: string;
  readonly mode: "leader" | "follower" | "standalone";
  /** Now, since 1970. */
  readonly wallMs: number;
  /** Name and value, in the order in which `envi` prints them. */
  readonly environment: readonly (readonly [name: string, value: string])[];
  readonly cfg: ZooCfg;
  readonly memberId: number;
  readonly client: HostPort;
  readonly dataBytes: number;
  readonly logBytes: number;
  readonly openFileCount: number;
  readonly openFileCountMax: number;
  /** Connections that were not accepted. */
  readonly rejectedCount: number;
  /** Of the leader alone. */
  readonly leader?: LeaderFacts | undefined;
}

export interface LeaderFacts {
  readonly sinceMs: number;
  readonly followerCount: number;
  readonly syncedFollowerCount: number;
  readonly pendingSyncCount: number;
  /** By rising deadline, on the clock of the core. */
  readonly deadlines: readonly SessionDeadline[];
  /** Bytes; -1 before the first. */
  readonly proposalSizes: { readonly last: number; readonly min: number; readonly max: number };
}
