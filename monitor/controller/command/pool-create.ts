/** A new pool: its id is one that no pool ever had, and its PGs are listed as being created in this epoch (C7). */
import { poolId } from "../../../cluster/base/ids.ts";
import { POOL_SIZE_MAX } from "../../../cluster/map/map-problems.ts";
import type { OsdMap } from "../../../cluster/map/osd-map.ts";
import { nextEpoch } from "../../../cluster/map/osd-map-delta.ts";
import type { PoolFacts, PoolSettings } from "../../../cluster/map/pool-info.ts";
import type { CommandOf } from "../../../cluster/message/command.ts";
import { STRING_HASH } from "../../../crush/hash.ts";
import { edit, type Refusal, refused } from "../edit.ts";
import type { CommandContext, CommandResult } from "./command-context.ts";
import {
  applicationProblem,
  defaultMinSize,
  firstRuleset,
  nameProblem,
  rulesetNamed,
} from "./pool-table.ts";
import { unconfirmed } from "./sentence.ts";

const DEFAULT_PG_NUM = 32;
export const POOL_PG_NUM_MAX = 65_536;
/** A cluster with fewer OSDs is taken to be one that is being built. */
const OSD_COUNT_MIN = 3;

export function poolCreate(
  draft: OsdMap,
  command: CommandOf<"poolCreate">,
  { settings: central }: CommandContext,
): CommandResult {
  const { name, application, confirm } = command;
  const { pgNum = DEFAULT_PG_NUM, size = central.poolDefaultSize } = command;
  const wrong =
    nameProblem(draft, name) ??
    applicationProblem(application) ??
    sizeProblem(size, confirm) ??
    pgNumProblem(draft, { pgNum, size, pgsPerOsdMax: central.pgsPerOsdMax });
  if (wrong !== undefined) return wrong;
  const id = poolId(draft.poolIdMax + 1);
  const made = nextEpoch(draft);
  const facts: PoolFacts = {
    created: made,
    type: "replicated",
    pgNum,
    pgpNum: pgNum,
    hashpspool: true,
    objectHash: STRING_HASH.rjenkins,
    isQuotaFull: false,
  };
  const rule = rulesetFor(draft, command.rule, { id, size, ...facts });
  if (typeof rule !== "number") return rule;
  const settings: PoolSettings = {
    name,
    size,
    minSize: command.minSize ?? defaultMinSize(size),
    rule,
    application,
    nodelete: false,
    quotaBytes: 0,
    quotaObjects: 0,
  };
  const pgs = new Map(Array.from({ length: pgNum }, (_, seed) => [seed, made] as const));
  const map: OsdMap = {
    ...draft,
    pools: new Map(draft.pools).set(id, facts),
    poolSettings: new Map(draft.poolSettings).set(id, settings),
    poolIdMax: id,
    creating: new Map(draft.creating).set(id, pgs),
  };
  const advice = pgNumAdvice(pgNum);
  const what = `create pool "${name}" with ${pgNum} PGs of size ${size}`;
  return {
    ...edit(map, advice === "" ? what : `${what} (${advice})`),
    reply: { pool: id, advice },
  };
}

/** One copy is none after the first disk that fails. */
export function sizeProblem(size: number, confirm: boolean): Refusal | undefined {
  if (size < 1 || size > POOL_SIZE_MAX) {
    return refused("INVALID", `the size of a pool is from 1 to ${POOL_SIZE_MAX}, not ${size}`);
  }
  if (size > 1 || confirm) return undefined;
  return unconfirmed("with size 1 the first disk that fails takes data with it");
}

/** On average over the OSDs that are in, all pools together and `more` beside them. */
export function pgsPerOsd(map: OsdMap, more = 0): number {
  let copies = more;
  for (const [id, { pgNum }] of map.pools) copies += pgNum * (map.poolSettings.get(id)?.size ?? 0);
  const inCount = [...map.shares.values()].filter(({ weight }) => weight > 0).length;
  return copies / Math.max(inCount, OSD_COUNT_MIN);
}

interface PgNumRequest {
  readonly pgNum: number;
  readonly size: number;
  readonly pgsPerOsdMax: number;
}

function pgNumProblem(
  draft: OsdMap,
  { pgNum, size, pgsPerOsdMax }: PgNumRequest,
): Refusal | undefined {
  if (pgNum < 1 || pgNum > POOL_PG_NUM_MAX) {
    return refused("INVALID", `pg_num is from 1 to ${POOL_PG_NUM_MAX}, not ${pgNum}`);
  }
  const perOsd = pgsPerOsd(draft, pgNum * size);
  if (perOsd <= pgsPerOsdMax) return undefined;
  const would = `pg_num ${pgNum} with size ${size} would make ${Math.ceil(perOsd)} PGs on each OSD`;
  return refused("INVALID", `${would}, and ${pgsPerOsdMax} are allowed; take fewer, or add OSDs`);
}

/** Objects fall on PGs evenly only where their number is a power of two. */
function pgNumAdvice(pgNum: number): string {
  const power = 2 ** Math.round(Math.log2(pgNum));
  return power === pgNum ? "" : `${power}, a power of two, would make PGs of one size`;
}

function rulesetFor(
  { crush }: OsdMap,
  name: string | undefined,
  pool: Parameters<typeof firstRuleset>[1],
): number | Refusal {
  if (name !== undefined) return rulesetNamed(crush, name, pool);
  const ruleset = firstRuleset(crush, pool);
  if (ruleset !== undefined) return ruleset;
  const none = `there is no CRUSH rule for replicated pools of size ${pool.size}`;
  return refused("NOT_FOUND", `${none}; create one with "kelp crush rule create-replicated"`);
}
