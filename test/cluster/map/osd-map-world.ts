/** Whole cluster maps over the small regular clusters of world.ts: published once, with every OSD up and in. */
import { epoch, osdId, type PoolId, poolId } from "../../../cluster/base/ids.ts";
import { FULL_SHARE, NEW_OSD, type OsdInfo, type OsdShare } from "../../../cluster/map/osd-info.ts";
import type { OsdMap } from "../../../cluster/map/osd-map.ts";
import { EMPTY_MAP, editOf } from "../../../cluster/map/osd-map-delta.ts";
import type { PoolFacts, PoolSettings } from "../../../cluster/map/pool-info.ts";
import { STRING_HASH } from "../../../crush/hash.ts";
import { compileText } from "../../../crush/text.ts";
import { crushText, hostOf, osdCountOf, type Tree } from "./world.ts";

/** A fact or setting that is not given is an ordinary one. */
export interface WorldPool extends Partial<PoolFacts>, Partial<PoolSettings> {
  /** By default its place in the list, from 1. */
  readonly id?: number;
  readonly pgNum: number;
}

export interface OsdMapWorldOptions {
  /** Of rule 0, which serves replicated pools, and 1, which serves the others. */
  readonly steps?: readonly string[];
  readonly pools?: readonly WorldPool[];
  /** What is different about an OSD; others are up and in. */
  readonly osd?: (osd: number) => Partial<OsdInfo & OsdShare>;
  /** Whatever else the first epoch has. */
  readonly edit?: (map: OsdMap) => OsdMap;
}

/** The map of epoch 1. */
export function osdMapWorld(tree: Tree, options: OsdMapWorldOptions = {}): OsdMap {
  const { steps, pools = [], osd = () => ({}), edit = (map) => map } = options;
  const ids = Array.from({ length: osdCountOf(tree) }, (_, id) => osdId(id));
  const given = new Map(ids.map((id) => [id, osd(id)]));
  const made = pools.map((pool, index) => madePool(pool, index + 1));
  return published(
    EMPTY_MAP,
    edit({
      ...EMPTY_MAP,
      crush: compileText(crushText(tree, steps)),
      osds: new Map(ids.map((id) => [id, infoOf(tree, id, given.get(id))])),
      shares: new Map(ids.map((id) => [id, shareOf(given.get(id))])),
      pools: new Map(made.map(({ id, facts }) => [id, facts])),
      poolSettings: new Map(made.map(({ id, settings }) => [id, settings])),
      poolIdMax: Math.max(0, ...made.map(({ id }) => id)),
    }),
  );
}

/** The next epoch, or the map as it was if the edit changed nothing. */
export function published(before: OsdMap, edited: OsdMap): OsdMap {
  return editOf(before, edited)?.map ?? before;
}

function infoOf(tree: Tree, id: number, given: Partial<OsdInfo> = {}): OsdInfo {
  const info: OsdInfo = {
    ...NEW_OSD,
    uuid: `00000000-0000-4000-8000-${id.toString(16).padStart(12, "0")}`,
    born: epoch(1),
    nonce: 1000 + id,
    up: true,
    address: `127.0.0.1:${6800 + 2 * id}`,
    heartbeatAddress: `127.0.0.1:${6801 + 2 * id}`,
    host: `host${hostOf(tree, id)}`,
    version: "0.1.0",
    upFrom: epoch(1),
    upThru: epoch(1),
    isNew: false,
  };
  return pick(info, given);
}

function shareOf(given: Partial<OsdShare> = {}): OsdShare {
  return pick(FULL_SHARE, given);
}

interface MadePool {
  readonly id: PoolId;
  readonly facts: PoolFacts;
  readonly settings: PoolSettings;
}

function madePool(given: WorldPool, place: number): MadePool {
  const { id = place, pgNum, type = "replicated" } = given;
  const facts: PoolFacts = {
    created: epoch(1),
    type,
    pgNum,
    pgpNum: pgNum,
    hashpspool: true,
    objectHash: STRING_HASH.rjenkins,
    isQuotaFull: false,
  };
  const settings: PoolSettings = {
    name: `pool${id}`,
    size: 3,
    minSize: Math.min(2, given.size ?? 3),
    rule: type === "replicated" ? 0 : 1,
    application: "",
    nodelete: false,
    quotaBytes: 0,
    quotaObjects: 0,
  };
  return { id: poolId(id), facts: pick(facts, given), settings: pick(settings, given) };
}

/** What is usual, with those of its fields that were given. */
function pick<T extends object>(usual: T, given: Partial<T>): T {
  const own = Object.entries(given).filter(([field]) => field in usual);
  return { ...usual, ...Object.fromEntries(own) };
}
