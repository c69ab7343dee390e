/** From what people type to what the controller looks for among PGs. */
import type { OsdId } from "../../cluster/base/ids.ts";
import type { OsdMap } from "../../cluster/map/osd-map.ts";
import { PG_STATES, type PgState, type PgStateName, pgState } from "../../cluster/map/pg-state.ts";
import type { PgFilter, PgTrouble } from "../../cluster/message/query.ts";
import { unknownName } from "../did-you-mean.ts";
import { EXIT_CODE } from "../exit-code.ts";
import { CommandError } from "../failure.ts";
import { poolNamed } from "../pool/pool-list.ts";

const UNKNOWN = "unknown";

export interface PgChoice {
  readonly pool?: string;
  readonly osd?: OsdId;
  /** Words with + or commas between them. */
  readonly state?: readonly string[];
  readonly stuck?: PgTrouble;
  /** Only those that have been stuck for so long. */
  readonly for?: number;
}

/** Throws what a person can do something about. The map is read only where it is needed. */
export async function pgFilter(
  { pool, osd, state = [], stuck, for: sinceMs = 0 }: PgChoice,
  map: () => Promise<OsdMap>,
): Promise<PgFilter> {
  if (stuck === undefined && sinceMs > 0) {
    throw new CommandError(EXIT_CODE.usage, "--for goes with --stuck: --stuck inactive --for 5m");
  }
  const words = state.flatMap((text) => text.split(/[+,]/)).filter((word) => word !== "");
  const poolId = pool === undefined ? undefined : poolNamed(await map(), pool).pool;
  return {
    pool: poolId,
    osd,
    states: words.filter((word) => word !== UNKNOWN).reduce((bits, word) => bits | bitOf(word), 0),
    unknown: words.includes(UNKNOWN),
    stuck: stuck === undefined ? undefined : { trouble: stuck, sinceMs },
  };
}

function bitOf(word: string): PgState {
  const name = PG_STATES.find((known): known is PgStateName => known === word);
  if (name !== undefined) return pgState(name);
  const known = [...PG_STATES, UNKNOWN];
  throw new CommandError(EXIT_CODE.usage, unknownName({ kind: "state" }, word, known));
}
