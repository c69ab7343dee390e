/** The value of one row of the map, out of its bytes, as plain data for people and for JSON. */
import type { OsdMap } from "../../cluster/map/osd-map.ts";
import { EMPTY_MAP, sectionOf, withRows } from "../../cluster/map/osd-map-delta.ts";
import { type PgTable, pgEntries } from "../../cluster/map/pg-table.ts";
import { CodecError } from "../../cluster/wire/codec-error.ts";
import { itemWeightsOf } from "../../crush/make-bucket.ts";
import type { CrushBucket } from "../../crush/types.ts";
import { WEIGHT_ONE } from "../../crush/weight.ts";

export interface RowKey {
  readonly section: number;
  readonly key: Uint8Array;
}

export type RowValue = Readonly<Record<string, unknown>>;

/** "weight of osd 3". */
export function rowName({ section, key }: RowKey): string {
  const { name, describe } = sectionOf(section);
  return `${name} ${describe(key)}`.trimEnd();
}

/** Undefined if there is no row, or its bytes are of another version of this program. */
export function rowValue(row: RowKey, bytes: Uint8Array | undefined): RowValue | undefined {
  if (bytes === undefined) return undefined;
  try {
    // In a map of nothing else, the row is all that its collection has.
    const map = withRows(EMPTY_MAP, [{ ...row, value: bytes }]);
    return READERS[sectionOf(row.section).name]?.(map) ?? { bytes: bytes.byteLength };
  } catch (error) {
    if (error instanceof CodecError) return undefined;
    throw error;
  }
}

/** By the section's name; of one that is not here, only the size is told. */
const READERS: Readonly<Record<string, (map: OsdMap) => RowValue>> = {
  osd: ({ osds }) => ({ ...only(osds) }),
  "weight of osd": ({ shares }) => {
    const { weight = 0, primaryAffinity = 0 } = only(shares) ?? {};
    return { weight: weight / WEIGHT_ONE, primaryAffinity: primaryAffinity / WEIGHT_ONE };
  },
  pool: ({ pools }) => ({ ...only(pools) }),
  "settings of pool": ({ poolSettings }) => ({ ...only(poolSettings) }),
  "last pool id": ({ poolIdMax }) => ({ id: poolIdMax }),
  flag: () => ({ set: true }),
  "full ratios": ({ ratios }) => ({ ...ratios }),
  "upmap of PG": ({ pgUpmap }) => ({ osds: onlyPg(pgUpmap) }),
  "upmap items of PG": ({ pgUpmapItems }) => ({
    items: onlyPg(pgUpmapItems)?.map(({ from, to }) => `osd.${from} -> osd.${to}`),
  }),
  "temporary acting set of PG": ({ pgTemp }) => ({ osds: onlyPg(pgTemp) }),
  "temporary primary of PG": ({ primaryTemp }) => ({ osd: onlyPg(primaryTemp) }),
  "creation of PG": ({ creating }) => ({ epoch: onlyPg(creating) }),
  "blocked client": ({ blocklist }) => ({ untilMs: only(blocklist) }),
  "CRUSH bucket": ({ crush }) => bucketValue(crush.buckets.find((bucket) => bucket !== undefined)),
  "CRUSH rule": ({ crush }) => ({ ...crush.rules.find((rule) => rule !== undefined) }),
  "name of CRUSH type": ({ crush }) => ({ name: only(crush.typeNames) }),
  "name of CRUSH item": ({ crush }) => ({ name: only(crush.itemNames) }),
  "name of CRUSH rule": ({ crush }) => ({ name: only(crush.ruleNames) }),
  "name of device class": ({ crush }) => ({ name: only(crush.classNames) }),
  "device class of CRUSH item": ({ crush }) => ({ class: only(crush.itemClasses) }),
  "shadow tree of CRUSH bucket": ({ crush }) => ({
    byClass: Object.fromEntries(only(crush.classBuckets) ?? []),
  }),
  "CRUSH tunables": ({ crush }) => ({ ...crush.tunables, maxDevices: crush.maxDevices }),
};

function bucketValue(bucket: CrushBucket | undefined): RowValue {
  if (bucket === undefined) return {};
  const { type, alg, weight, items } = bucket;
  const weights = itemWeightsOf(bucket).map((each) => each / WEIGHT_ONE);
  return { type, alg, weight: weight / WEIGHT_ONE, items, weights };
}

function only<V>(collection: ReadonlyMap<unknown, V>): V | undefined {
  for (const value of collection.values()) return value;
  return undefined;
}

function onlyPg<V>(table: PgTable<V>): V | undefined {
  for (const [, value] of pgEntries(table)) return value;
  return undefined;
}
