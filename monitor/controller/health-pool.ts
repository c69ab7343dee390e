/** Checks of pools. */
import type { PoolId } from "../../cluster/base/ids.ts";
import type { PoolSettings } from "../../cluster/map/pool-info.ts";
import type { HealthCheck } from "../../cluster/message/query.ts";
import { type HealthCode, healthCheck } from "./health-codes.ts";
import type { HealthInput } from "./health-input.ts";
import { osdShares, quotaRatioOf } from "./osd-board-pools.ts";

export const PGS_PER_OSD_MAX = 250;
export const QUOTA_NEARFULL = 0.8;

export function* poolChecks(input: HealthInput): Generator<HealthCheck> {
  yield* fullChecks(input);
  yield* crowdChecks(input);
  const { pgs } = input;
  yield* listed(input, "POOL_NO_REDUNDANCY", "have no replicas configured", (_, { name, size }) =>
    size <= 1 ? `pool '${name}' has no replicas configured` : undefined,
  );
  yield* listed(
    input,
    "POOL_APP_NOT_ENABLED",
    "do not have an application enabled",
    (id, { name, application }) =>
      // Whoever made a pool a moment ago may be about to say what it is for.
      application === "" && (pgs.pools.get(id)?.sums.objects ?? 0) > 0
        ? `application not enabled on pool '${name}'`
        : undefined,
  );
  yield* listed(input, "POOL_TOO_FEW_PGS", "have too few placement groups", (id, { name }) => {
    const { pgNum, target, isFarOff } = input.advice.get(id) ?? {};
    if (pgNum === undefined || target === undefined) return undefined;
    return isFarOff === true && target > pgNum
      ? `pool '${name}' has ${pgNum} placement groups, should have ${target}`
      : undefined;
  });
  yield* listed(input, "POOL_TOO_MANY_PGS", "have too many placement groups", (id, { name }) => {
    const { pgNum, target, isFarOff, isRootCrowded } = input.advice.get(id) ?? {};
    if (pgNum === undefined || target === undefined) return undefined;
    // While its OSDs can carry them, spare PGs do no harm.
    return isFarOff === true && isRootCrowded === true && target < pgNum
      ? `pool '${name}' has ${pgNum} placement groups, should have ${target}`
      : undefined;
  });
}

function* fullChecks(input: HealthInput): Generator<HealthCheck> {
  const { map, pgs } = input;
  const fullOsds = [...map.osds].flatMap(([osd, { fullness }]) =>
    fullness === "full" ? [osd] : [],
  );
  yield* listed(input, "POOL_FULL", "full", (id, { name }) => {
    if (map.pools.get(id)?.isQuotaFull === true) {
      return `pool '${name}' is full (running out of quota)`;
    }
    const shares = fullOsds.length === 0 ? undefined : osdShares(map, id);
    const isFull = fullOsds.some((osd) => shares?.has(osd) === true);
    return isFull ? `pool '${name}' is full (no space)` : undefined;
  });
  yield* listed(input, "POOL_NEARFULL", "nearfull", (id, settings) => {
    const counts = pgs.pools.get(id);
    const used = counts === undefined ? undefined : quotaRatioOf(settings, counts);
    if (used === undefined || used < QUOTA_NEARFULL) return undefined;
    if (map.pools.get(id)?.isQuotaFull === true) return undefined;
    return `pool '${settings.name}' has used ${Math.floor(100 * used)}% of its quota`;
  });
}

function* crowdChecks({ map, osdBoard }: HealthInput): Generator<HealthCheck> {
  let carried = 0;
  for (const [id, { size }] of map.poolSettings) carried += (map.pools.get(id)?.pgNum ?? 0) * size;
  const perOsd = Math.floor(carried / Math.max(osdBoard.in, 1));
  if (osdBoard.in === 0 || perOsd <= PGS_PER_OSD_MAX) return;
  const summary = `too many PGs per OSD (${perOsd} > max ${PGS_PER_OSD_MAX})`;
  yield healthCheck("TOO_MANY_PGS", { summary, count: perOsd, details: [] });
}

/** A check with one detail for each pool of which there is something to say. */
function* listed(
  { map }: HealthInput,
  code: HealthCode,
  what: string,
  detailOf: (id: PoolId, settings: PoolSettings) => string | undefined,
): Generator<HealthCheck> {
  const details = [...map.poolSettings].flatMap(([id, settings]) => detailOf(id, settings) ?? []);
  if (details.length === 0) return;
  const summary = `${details.length} pool(s) ${what}`;
  yield healthCheck(code, { summary, count: details.length, details });
}
