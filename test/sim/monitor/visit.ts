/** One session of a client of the simulated ensemble, as its workers see it. */
import type { ZooKeeperClient } from "../../../cluster/zookeeper/client.ts";
import type { SimEnv } from "../process.ts";
import type { WireTap } from "./wire-tap.ts";
import type { Witness } from "./witness.ts";

export interface Visit {
  readonly env: SimEnv<never>;
  readonly client: ZooKeeperClient;
  readonly tap: WireTap;
  readonly witness: Witness;
  readonly name: string;
  /** For data that nobody else writes, ever. */
  token(): string;
  sleep(meanMs: number): Promise<void>;
}
