/** Checks of OSDs. */
import type { OsdId } from "../../cluster/base/ids.ts";
import type { Fullness } from "../../cluster/map/osd-info.ts";
import type { OsdMap } from "../../cluster/map/osd-map.ts";
import { HEALTH_DETAILS_MAX, type HealthCheck } from "../../cluster/message/query.ts";
import { type HealthCode, healthCheck } from "./health-codes.ts";
import type { HealthInput } from "./health-input.ts";
import {
  type DownSubtree,
  downOsds,
  downSubtrees,
  nameOf,
  placeOf,
  typeOf,
} from "./health-tree.ts";
import { ratio } from "./osd-board-df.ts";
import { silentOsds } from "./pg-board.ts";

export function* osdChecks(input: HealthInput): Generator<HealthCheck> {
  yield* downChecks(input);
  yield* fullChecks(input);
  yield* membershipChecks(input);
  yield* slowChecks(input);
  const silent = silentOsds(input.pgBoard);
  if (silent.length > 0) {
    const summary = `${silent.length} osds report no statistics`;
    const details = silent.map((osd) => `osd.${osd} is up but reports no statistics`);
    yield healthCheck("OSD_NO_STATS", { summary, count: silent.length, details });
  }
  const { map, poolSizeDefault } = input;
  if (map.osds.size < poolSizeDefault) {
    const summary = `OSD count ${map.osds.size} < default pool size ${poolSizeDefault}`;
    const count = poolSizeDefault - map.osds.size;
    yield healthCheck("TOO_FEW_OSDS", { summary, count, details: [] });
  }
}

function* downChecks({ map }: HealthInput): Generator<HealthCheck> {
  const down = downOsds(map);
  if (down.length === 0) return;
  const shown = down.slice(0, HEALTH_DETAILS_MAX);
  yield healthCheck("OSD_DOWN", {
    summary: `${down.length} osds down`,
    count: down.length,
    details: shown.map((osd) => `osd.${osd}${placeIn(map, osd)} is down`),
    detailCount: down.length,
  });
  const subtrees = downSubtrees(map, down);
  const isOf = (...types: string[]) => {
    return ({ bucket }: DownSubtree): boolean => types.includes(typeOf(map.crush, bucket));
  };
  const isOther = isOf("host", "rack");
  yield* subtreeCheck(map, "OSD_HOST_DOWN", subtrees.filter(isOf("host")));
  yield* subtreeCheck(map, "OSD_RACK_DOWN", subtrees.filter(isOf("rack")));
  yield* subtreeCheck(
    map,
    "OSD_SUBTREE_DOWN",
    subtrees.filter((subtree) => !isOther(subtree)),
  );
}

function* subtreeCheck(
  map: OsdMap,
  code: HealthCode,
  subtrees: readonly DownSubtree[],
): Generator<HealthCheck> {
  if (subtrees.length === 0) return;
  const types = new Set(subtrees.map(({ bucket }) => typeOf(map.crush, bucket)));
  const parts = [...types].map((type) => {
    const list = subtrees.filter(({ bucket }) => typeOf(map.crush, bucket) === type);
    const osdCount = list.reduce((sum, { osds }) => sum + osds.length, 0);
    return `${list.length} ${plural(type, list.length)} (${osdCount} osds) down`;
  });
  const details = subtrees.map(({ bucket, osds }) => {
    const name = `${typeOf(map.crush, bucket)} ${nameOf(map.crush, bucket)}`;
    return `${name}${placeIn(map, bucket)} (${osds.length} osds) is down`;
  });
  yield healthCheck(code, { summary: parts.join(", "), count: subtrees.length, details });
}

function placeIn({ crush }: OsdMap, item: number): string {
  const place = placeOf(crush, item);
  return place === "" ? "" : ` (${place})`;
}

const FULL_CODES: readonly (readonly [Fullness, HealthCode, string])[] = [
  ["full", "OSD_FULL", "full"],
  ["backfillfull", "OSD_BACKFILLFULL", "backfill full"],
  ["nearfull", "OSD_NEARFULL", "near full"],
];

function* fullChecks({ map, osdBoard }: HealthInput): Generator<HealthCheck> {
  for (const [fullness, code, words] of FULL_CODES) {
    const osds = [...map.osds].flatMap(([osd, info]) =>
      info.fullness === fullness && !info.destroyed ? [osd] : [],
    );
    if (osds.length === 0) continue;
    const details = osds.map((osd) => {
      const stat = osdBoard.entries.get(osd)?.stat;
      if (stat === undefined) return `osd.${osd} is ${words}`;
      const percent = Math.floor(100 * ratio(stat.usedBytes, stat.totalBytes));
      return `osd.${osd} is ${words} at ${percent}%`;
    });
    yield healthCheck(code, {
      summary: `${osds.length} ${fullness} osd(s)`,
      count: osds.length,
      details,
    });
  }
}

function* membershipChecks({ map, membership }: HealthInput): Generator<HealthCheck> {
  const { isInTrouble, flapping, outBrake } = membership;
  if (isInTrouble) {
    const summary = "many OSDs lost their sessions at once";
    yield healthCheck("COORDINATOR_TROUBLE", { summary, count: 1, details: [] });
  }
  if (flapping.length > 0) {
    const details = flapping.map((osd) => `osd.${osd} goes down and comes back too often`);
    const summary = `${flapping.length} osds flapping`;
    yield healthCheck("OSD_FLAPPING", { summary, count: flapping.length, details });
  }
  if (outBrake.length > 0) {
    const details = outBrake.map(({ osd, why }) => `osd.${osd} is down and in: ${why}`);
    const summary = `${outBrake.length} osds down but not marked out`;
    yield healthCheck("OSD_OUT_BRAKE", { summary, count: outBrake.length, details });
  }
  if (map.flags.size > 0) {
    const summary = `${[...map.flags].join(",")} flag(s) set`;
    yield healthCheck("OSDMAP_FLAGS", { summary, count: map.flags.size, details: [] });
  }
}

function* slowChecks({ map, osdBoard, pgBoard }: HealthInput): Generator<HealthCheck> {
  const silent = new Set<OsdId>(silentOsds(pgBoard));
  const slow: { osd: OsdId; ops: number; oldestMs: number }[] = [];
  for (const [osd, { stat }] of osdBoard.entries) {
    // What one said that has gone quiet is no news of its operations.
    if (stat.slowOps === 0 || silent.has(osd) || map.osds.get(osd)?.up !== true) continue;
    slow.push({ osd, ops: stat.slowOps, oldestMs: stat.oldestSlowMs });
  }
  if (slow.length === 0) return;
  slow.sort((left, right) => left.osd - right.osd);
  const ops = slow.reduce((sum, one) => sum + one.ops, 0);
  const oldest = seconds(Math.max(...slow.map(({ oldestMs }) => oldestMs)));
  const names = slow.slice(0, SLOW_NAMES_MAX).map(({ osd }) => `osd.${osd}`);
  const rest = slow.length > names.length ? ",..." : "";
  const who =
    slow.length === 1
      ? `${names[0]} has slow ops`
      : `daemons [${names.join(",")}${rest}] have slow ops`;
  yield healthCheck("SLOW_OPS", {
    summary: `${ops} slow ops, oldest one blocked for ${oldest} sec, ${who}`,
    count: ops,
    details: slow.map(
      (one) => `osd.${one.osd}: ${one.ops} slow ops, oldest ${seconds(one.oldestMs)} sec`,
    ),
  });
}

const SLOW_NAMES_MAX = 10;

function seconds(ms: number): number {
  return Math.floor(ms / 1000);
}

function plural(word: string, count: number): string {
  return count === 1 ? word : `${word}s`;
}
