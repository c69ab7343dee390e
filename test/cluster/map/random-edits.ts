/**
 * Random edits of a cluster map, some of every collection that it has. Each is a function of the map and a generator, so
 * that a chain of them is a list of names and seeds, which can be cut down to the steps that matter.
 */
import { epoch, type OsdId, osdId, type PoolId, poolId } from "../../../cluster/base/ids.ts";
import {
  createPrng,
  type Prng,
  randomBetween,
  randomChance,
  randomInt,
  randomPick,
} from "../../../cluster/base/prng.ts";
import { FULL_SHARE, FULLNESS, NEW_OSD } from "../../../cluster/map/osd-info.ts";
import { MAP_FLAGS, type OsdMap } from "../../../cluster/map/osd-map.ts";
import type { PgId } from "../../../cluster/map/pg-id.ts";
import { changedPgTable } from "../../../cluster/map/pg-table.ts";
import type { OsdOrNone } from "../../../cluster/map/placement-map.ts";
import type { PoolSettings } from "../../../cluster/map/pool-info.ts";
import {
  addBucket,
  addDevice,
  moveItem,
  removeItem,
  renameItem,
  reweightItem,
  setDeviceClass,
  swapBuckets,
} from "../../../crush/builder.ts";
import { CrushError } from "../../../crush/error.ts";
import { addRule } from "../../../crush/rule-builder.ts";
import { compileText } from "../../../crush/text.ts";
import { bucketOf, type CrushMap, DEFAULT_CHOOSE_ARGS, NONE } from "../../../crush/types.ts";
import { randomWorld } from "../../crush/random-map.ts";
import { osdMapWorld } from "./osd-map-world.ts";
import { crushText } from "./world.ts";

type EditMap = (prng: Prng, map: OsdMap) => OsdMap;

const WEIGHTS = [0, 0x4000, 0x8000, 0x10000];

/** A map with two pools, one of each type. */
export function startMap(): OsdMap {
  return osdMapWorld(
    { racks: 2, hosts: 3, osds: 2, classOf: (osd) => (osd % 2 === 0 ? "hdd" : "ssd") },
    { pools: [{ pgNum: 16 }, { pgNum: 8, type: "erasure", size: 4, minSize: 3 }] },
  );
}

function someOsd(prng: Prng, { osds }: OsdMap): OsdId {
  return osds.size === 0 ? osdId(0) : randomPick(prng, [...osds.keys()]);
}

function somePool(prng: Prng, { pools }: OsdMap): PoolId | undefined {
  return pools.size === 0 ? undefined : randomPick(prng, [...pools.keys()]);
}

function somePg(prng: Prng, map: OsdMap): PgId | undefined {
  const pool = somePool(prng, map);
  const pgNum = pool === undefined ? 0 : (map.pools.get(pool)?.pgNum ?? 0);
  return pool === undefined ? undefined : { pool, seed: randomInt(prng, pgNum) };
}

function someRow(prng: Prng, map: OsdMap): OsdId[] {
  return Array.from({ length: randomBetween(prng, 1, 4) }, () => someOsd(prng, map));
}

/** An edit of one of the collections by PG: the entry of some PG is set or taken away. */
function ofPgs<F extends "pgUpmap" | "pgUpmapItems" | "pgTemp" | "primaryTemp" | "creating">(
  field: F,
  make: (
    prng: Prng,
    map: OsdMap,
  ) => OsdMap[F] extends ReadonlyMap<PoolId, infer Row>
    ? Row extends ReadonlyMap<number, infer V>
      ? V
      : never
    : never,
): EditMap {
  return (prng, map) => {
    const pg = somePg(prng, map);
    if (pg === undefined) return map;
    const value = randomChance(prng, 0.3) ? undefined : make(prng, map);
    return { ...map, [field]: changedPgTable<unknown>(map[field], [[pg, value]]) };
  };
}

function withSettings(map: OsdMap, id: PoolId, change: Partial<PoolSettings>): OsdMap {
  const settings = map.poolSettings.get(id);
  if (settings === undefined) return map;
  return { ...map, poolSettings: new Map(map.poolSettings).set(id, { ...settings, ...change }) };
}

function ofCrush(change: (prng: Prng, crush: CrushMap) => CrushMap): EditMap {
  return (prng, map) => {
    try {
      return { ...map, crush: change(prng, map.crush) };
    } catch (error) {
      // What cannot be done is not done.
      if (error instanceof CrushError) return map;
      throw error;
    }
  };
}

function someItem(prng: Prng, { itemNames }: CrushMap): string {
  return randomPick(prng, [...itemNames.values(), "osd.0"]);
}

function someBucket(prng: Prng, crush: CrushMap): string {
  const names = [...crush.itemNames].filter(([id]) => bucketOf(crush, id) !== undefined);
  return randomPick(prng, [...names.map(([, name]) => name), "default"]);
}

/** What people ask for. */
export const INTENT_EDITS = {
  reweight: (prng, map) => {
    const share = { weight: randomPick(prng, WEIGHTS), primaryAffinity: randomPick(prng, WEIGHTS) };
    const id = someOsd(prng, map);
    return map.shares.has(id) ? { ...map, shares: new Map(map.shares).set(id, share) } : map;
  },
  setPool: (prng, map) => {
    const id = somePool(prng, map);
    if (id === undefined) return map;
    const size = randomBetween(prng, 1, 5);
    return withSettings(
      map,
      id,
      randomPick<Partial<PoolSettings>>(prng, [
        { size, minSize: randomBetween(prng, 1, size) },
        { name: `name-${randomInt(prng, 4)} é` },
        { application: randomPick(prng, ["", "s3", "rbd"]) },
        { nodelete: randomChance(prng, 0.5) },
        { quotaBytes: randomInt(prng, 2 ** 32) * 2 ** 20, quotaObjects: randomInt(prng, 1000) },
      ]),
    );
  },
  upmap: ofPgs("pgUpmap", someRow),
  upmapItems: ofPgs("pgUpmapItems", (prng, map) =>
    someRow(prng, map).map((to) => ({ from: someOsd(prng, map), to })),
  ),
  flag: (prng, map) => {
    const flags = new Set(map.flags);
    const flag = randomPick(prng, MAP_FLAGS);
    if (!flags.delete(flag)) flags.add(flag);
    return { ...map, flags };
  },
  ratios: (prng, map) => ({
    ...map,
    ratios: { ...map.ratios, nearfull: randomInt(prng, 100) / 100 },
  }),
  crushReweight: ofCrush((prng, crush) =>
    reweightItem(crush, { item: someItem(prng, crush), weight: randomPick(prng, WEIGHTS) }),
  ),
  crushBucket: ofCrush((prng, crush) =>
    addBucket(crush, { name: `host-${randomInt(prng, 9)}`, type: "host", parent: "default" }),
  ),
  crushDevice: ofCrush((prng, crush) => {
    const id = crush.maxDevices + randomInt(prng, 3);
    const parent = someBucket(prng, crush);
    const deviceClass = randomPick(prng, ["hdd", "ssd", "nvme"]);
    return addDevice(crush, { id, name: `osd.${id}`, weight: 0x10000, parent, deviceClass });
  }),
  crushMove: ofCrush((prng, crush) =>
    moveItem(crush, { item: someItem(prng, crush), parent: someBucket(prng, crush) }),
  ),
  crushRemove: ofCrush((prng, crush) => removeItem(crush, someItem(prng, crush))),
  crushRename: ofCrush((prng, crush) =>
    renameItem(crush, { from: someItem(prng, crush), to: `new-${randomInt(prng, 9)}` }),
  ),
  crushClass: ofCrush((prng, crush) =>
    setDeviceClass(crush, {
      device: someItem(prng, crush),
      deviceClass: randomPick(prng, ["hdd", "ssd", "nvme"]),
    }),
  ),
  crushSwap: ofCrush((prng, crush) =>
    swapBuckets(crush, { first: someBucket(prng, crush), second: someBucket(prng, crush) }),
  ),
  crushRule: ofCrush((prng, crush) =>
    addRule(crush, {
      name: `rule-${randomInt(prng, 4)}`,
      root: "default",
      failureDomain: randomPick(prng, ["osd", "host", "rack"]),
      type: randomPick(prng, ["replicated", "erasure"] as const),
    }),
  ),
  crushTunables: ofCrush((prng, crush) => ({
    ...crush,
    tunables: { ...crush.tunables, chooseTotalTries: randomBetween(prng, 20, 60) },
  })),
  crushWeightSet: ofCrush((prng, crush) => {
    const chooseArgs = new Map(crush.chooseArgs);
    const key = randomPick(prng, [DEFAULT_CHOOSE_ARGS, 1, 2, 2 ** 40]);
    const buckets = crush.buckets.filter((bucket) => bucket?.alg === "straw2");
    const entries = buckets.flatMap((bucket) => {
      if (bucket === undefined || randomChance(prng, 0.5)) return [];
      const weights = bucket.items.map(() => randomPick(prng, WEIGHTS));
      return [[bucket.id, { weightSets: [weights], ids: [] }] as const];
    });
    if (randomChance(prng, 0.3)) chooseArgs.delete(key);
    else chooseArgs.set(key, new Map(randomChance(prng, 0.3) ? [] : entries));
    return { ...crush, chooseArgs };
  }),
  crushReplaced: (prng, map) => {
    const tree = { racks: randomBetween(prng, 1, 3), hosts: randomBetween(prng, 1, 4), osds: 2 };
    return { ...map, crush: compileText(crushText(tree)) };
  },
} satisfies Record<string, EditMap>;

/** What is so. */
export const FACT_EDITS = {
  osdState: (prng, map) => {
    const id = someOsd(prng, map);
    const info = map.osds.get(id);
    if (info === undefined) return map;
    const next = {
      ...info,
      up: randomChance(prng, 0.5),
      nonce: randomInt(prng, 1000),
      upThru: map.epoch,
      fullness: randomPick(prng, FULLNESS),
      weightBeforeOut: randomChance(prng, 0.5) ? undefined : 0x8000,
    };
    return { ...map, osds: new Map(map.osds).set(id, next) };
  },
  pgTemp: ofPgs("pgTemp", (prng, map) =>
    someRow(prng, map).map((osd): OsdOrNone => (randomChance(prng, 0.2) ? NONE : osd)),
  ),
  primaryTemp: ofPgs("primaryTemp", someOsd),
  creating: ofPgs("creating", (prng) => epoch(randomInt(prng, 9))),
  blocklist: (prng, map) => {
    const blocklist = new Map(map.blocklist);
    const address = `10.0.0.${randomInt(prng, 3)}:0`;
    if (!blocklist.delete(address)) blocklist.set(address, 1_700_000_000_000);
    return { ...map, blocklist };
  },
  poolQuotaFull: (prng, map) => {
    const id = somePool(prng, map);
    const facts = id === undefined ? undefined : map.pools.get(id);
    if (id === undefined || facts === undefined) return map;
    return {
      ...map,
      pools: new Map(map.pools).set(id, { ...facts, isQuotaFull: !facts.isQuotaFull }),
    };
  },
  poolIdSkipped: (_, map) => ({ ...map, poolIdMax: map.poolIdMax + 1 }),
} satisfies Record<string, EditMap>;

/** What makes OSDs and pools be there or not, with the settings that they bring or take along. */
export const LIFE_EDITS = {
  osdCreated: (prng, map) => {
    const id = osdId(randomInt(prng, 20));
    if (map.osds.has(id)) return map;
    return {
      ...map,
      osds: new Map(map.osds).set(id, NEW_OSD),
      shares: new Map(map.shares).set(id, FULL_SHARE),
    };
  },
  osdPurged: (prng, map) => {
    const id = someOsd(prng, map);
    const [osds, shares] = [new Map(map.osds), new Map(map.shares)];
    osds.delete(id);
    shares.delete(id);
    return { ...map, osds, shares };
  },
  poolCreated: (prng, map) => {
    const id = poolId(map.poolIdMax + 1);
    const pgNum = randomBetween(prng, 1, 8);
    const { pools, poolSettings } = osdMapWorld(
      { racks: 1, hosts: 1, osds: 1 },
      { pools: [{ id, pgNum }] },
    );
    const born = epoch(map.epoch + 1);
    const pgs = Array.from({ length: pgNum }, (_, seed) => [{ pool: id, seed }, born] as const);
    return {
      ...map,
      pools: new Map([...map.pools, ...pools]),
      poolSettings: new Map([...map.poolSettings, ...poolSettings]),
      poolIdMax: id,
      creating: changedPgTable(map.creating, pgs),
    };
  },
  poolDeleted: (prng, map) => {
    const id = somePool(prng, map);
    if (id === undefined) return map;
    const without = <V>(table: ReadonlyMap<PoolId, V>): ReadonlyMap<PoolId, V> =>
      new Map([...table].filter(([pool]) => pool !== id));
    const { pgUpmap, pgUpmapItems, pgTemp, primaryTemp, creating } = map;
    return {
      ...map,
      pools: without(map.pools),
      poolSettings: without(map.poolSettings),
      pgUpmap: without(pgUpmap),
      pgUpmapItems: without(pgUpmapItems),
      pgTemp: without(pgTemp),
      primaryTemp: without(primaryTemp),
      creating: without(creating),
    };
  },
} satisfies Record<string, EditMap>;

/** Of a CRUSH map that has some of everything, whether or not the pools can use it. */
export const STRANGE_EDITS = {
  crushStrange: (prng, map) => {
    const { map: crush, chooseArgs } = randomWorld(randomInt(prng, 2 ** 31));
    const sets = new Map(
      chooseArgs === undefined ? [] : [[randomBetween(prng, -1, 2), chooseArgs]],
    );
    return { ...map, crush: { ...crush, chooseArgs: sets } };
  },
  everythingGone: (_, map) => ({
    ...map,
    osds: new Map(),
    shares: new Map(),
    pools: new Map(),
    poolSettings: new Map(),
    pgUpmap: new Map(),
    pgUpmapItems: new Map(),
    pgTemp: new Map(),
    primaryTemp: new Map(),
    creating: new Map(),
  }),
} satisfies Record<string, EditMap>;

const ALL: Readonly<Record<string, EditMap>> = {
  ...INTENT_EDITS,
  ...FACT_EDITS,
  ...LIFE_EDITS,
  ...STRANGE_EDITS,
};
export const EDIT_NAMES = Object.keys(ALL);

export interface Step {
  readonly edit: string;
  readonly seed: number;
}

/** The map itself if the edit finds nothing that it could change. */
export function edited(map: OsdMap, { edit, seed }: Step): OsdMap {
  return ALL[edit]?.(createPrng(seed), map) ?? map;
}
