/** All that health is computed from, as it is at one moment. */
import type { Epoch, PoolId } from "../../cluster/base/ids.ts";
import type { OsdMap } from "../../cluster/map/osd-map.ts";
import type { MonitorRow } from "../../cluster/message/query.ts";
import type { MembershipFacts } from "./membership.ts";
import type { OsdBoard } from "./osd-board.ts";
import type { PgAdvice } from "./pg-advice.ts";
import type { PgBoard, PgSummary } from "./pg-board.ts";

export interface HealthInput {
  readonly map: OsdMap;
  readonly nowMs: number;
  readonly pgBoard: PgBoard;
  readonly pgs: PgSummary;
  readonly osdBoard: OsdBoard;
  readonly membership: Pick<MembershipFacts, "isInTrouble" | "flapping" | "outBrake">;
  /** Empty on a tree that is not Kelp's own. */
  readonly monitors: readonly MonitorRow[];
  readonly advice: ReadonlyMap<PoolId, PgAdvice>;
  readonly epochsKept: number;
  /** Below it epochs may be forgotten (C7). */
  readonly floor: Epoch | undefined;
  /** Of pools that are created without saying so. */
  readonly poolSizeDefault: number;
}
