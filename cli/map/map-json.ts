/** The whole map as data for programs: ids as numbers, PGs by name, weights as numbers of which 1 is one. */

import type { OsdMap } from "../../cluster/map/osd-map.ts";
import { formatPgId } from "../../cluster/map/pg-id.ts";
import { type PgTable, pgEntries } from "../../cluster/map/pg-table.ts";
import { itemWeightsOf } from "../../crush/make-bucket.ts";
import type { CrushMap } from "../../crush/types.ts";
import { WEIGHT_ONE } from "../../crush/weight.ts";
import { crushRules } from "../crush/crush-items.ts";
import { osdIds } from "../osd/osd-state.ts";
import { poolList } from "../pool/pool-list.ts";

export function mapJson(map: OsdMap): object {
  return {
    epoch: map.epoch,
    digest: map.digest.toString(16).padStart(16, "0"),
    flags: [...map.flags],
    ratios: map.ratios,
    osds: osdIds(map).map((id) => {
      const share = map.shares.get(id);
      return {
        osd: id,
        ...map.osds.get(id),
        reweight: (share?.weight ?? 0) / WEIGHT_ONE,
        primaryAffinity: (share?.primaryAffinity ?? 0) / WEIGHT_ONE,
      };
    }),
    poolIdMax: map.poolIdMax,
    pools: poolList(map),
    pgUpmap: rowsOf(map.pgUpmap, "osds"),
    pgUpmapItems: rowsOf(map.pgUpmapItems, "items"),
    pgTemp: rowsOf(map.pgTemp, "osds"),
    primaryTemp: rowsOf(map.primaryTemp, "osd"),
    creating: rowsOf(map.creating, "epoch"),
    blocklist: [...map.blocklist].map(([address, untilMs]) => ({ address, untilMs })),
    crush: crushJson(map.crush),
  };
}

function rowsOf<V>(table: PgTable<V>, name: string): object[] {
  return [...pgEntries(table)].map(([pg, value]) => ({ pg: formatPgId(pg), [name]: value }));
}

function crushJson(crush: CrushMap): object {
  const { maxDevices, tunables, typeNames, classNames, itemClasses, itemNames } = crush;
  return {
    maxDevices,
    tunables,
    types: [...typeNames].map(([id, name]) => ({ id, name })),
    classes: [...classNames].map(([id, name]) => ({ id, name })),
    devices: [...itemNames]
      .filter(([id]) => id >= 0)
      .map(([id, name]) => ({ id, name, class: classNames.get(itemClasses.get(id) ?? -1) })),
    buckets: crush.buckets.flatMap((bucket) => {
      if (bucket === undefined) return [];
      const { id, type, alg, hash, weight, items } = bucket;
      const weights = itemWeightsOf(bucket);
      return {
        id,
        name: itemNames.get(id),
        type: typeNames.get(type),
        alg,
        hash,
        weight: weight / WEIGHT_ONE,
        items: items.map((item, at) => ({ id: item, weight: (weights[at] ?? 0) / WEIGHT_ONE })),
      };
    }),
    rules: crushRules(crush),
  };
}
