/** Every collection of the map, under the number that its rows have for ever. */
import { BUCKET_COUNT_MAX } from "../../crush/limits.ts";
import { type CrushMap, NONE } from "../../crush/types.ts";
import { osdId } from "../base/ids.ts";
import {
  type Codec,
  checked,
  f64,
  i32,
  list,
  oneOf,
  record,
  str,
  u32,
  u53,
} from "../wire/codec.ts";
import {
  type CrushShape,
  chooseArgsKey,
  crushBucket,
  crushBucketArgs,
  crushRule,
  crushRuleId,
  crushShape,
  crushSlot,
  shapeOf,
  sortedMap,
  withShape,
} from "./crush-rows.ts";
import { POOL_SIZE_MAX } from "./map-problems.ts";
import { epochCodec, OSD_COUNT_MAX, osdIdCodec, osdInfo, osdShare } from "./osd-info.ts";
import { MAP_FLAGS, type MapFlag, type OsdMap } from "./osd-map.ts";
import { formatPgId, type PgId } from "./pg-id.ts";
import type { OsdOrNone } from "./placement-map.ts";
import { poolFacts, poolIdCodec, poolSettings } from "./pool-info.ts";
import {
  byPgTable,
  mapTable,
  type NestedKey,
  nestedTable,
  setTable,
  singleTable,
  slotTable,
} from "./row-table.ts";
import { type Declaration, type Section, section } from "./section.ts";

const nothing: Codec<undefined> = { encode: () => {}, decode: () => undefined };
/** What is a set has no values. */
const present: Codec<true> = { encode: () => {}, decode: () => true };
const pgKey: Codec<PgId> = record({ pool: poolIdCodec, seed: u32 });
const argsKey: Codec<NestedKey> = record({ outer: chooseArgsKey, inner: i32 });
const upmapPair = record({ from: osdIdCodec, to: osdIdCodec });
const ratios = record({ nearfull: f64, backfillfull: f64, full: f64 });
const osdRow = list(osdIdCodec, { max: POOL_SIZE_MAX });
const osdOrNone: Codec<OsdOrNone> = checked(u32, (id) =>
  id === NONE ? NONE : id < OSD_COUNT_MAX ? osdId(id) : undefined,
);
const flag: Codec<MapFlag> = oneOf(...MAP_FLAGS);

type Part<C, K, V> = Pick<
  Declaration<C, K, V>,
  "id" | "name" | "table" | "key" | "value" | "format"
>;

/** A field of the map, as it is. */
function field<F extends keyof OsdMap, K, V>(
  name: F,
  isIntent: boolean,
  part: Part<OsdMap[F], K, V>,
): Section {
  return section({
    ...part,
    isIntent,
    read: (osdMap) => osdMap[name],
    write: (osdMap, collection) => ({ ...osdMap, [name]: collection }),
  });
}

/** A field of the CRUSH map in it. */
function crushField<F extends keyof CrushMap, K, V>(
  name: F,
  part: Part<CrushMap[F], K, V>,
): Section {
  return section({
    ...part,
    isIntent: true,
    read: ({ crush }) => crush[name],
    write: (osdMap, collection) => ({
      ...osdMap,
      crush: { ...osdMap.crush, [name]: collection },
    }),
  });
}

const intent = true;
const fact = false;

/** In the order in which they are applied. */
export const SECTIONS: readonly Section[] = [
  field("osds", fact, { id: 1, name: "osd", table: mapTable(), key: osdIdCodec, value: osdInfo }),
  field("shares", intent, {
    id: 2,
    name: "weight of osd",
    table: mapTable(),
    key: osdIdCodec,
    value: osdShare,
  }),
  field("pools", fact, {
    id: 3,
    name: "pool",
    table: mapTable(),
    key: poolIdCodec,
    value: poolFacts,
  }),
  field("poolSettings", intent, {
    id: 4,
    name: "settings of pool",
    table: mapTable(),
    key: poolIdCodec,
    value: poolSettings,
  }),
  field("poolIdMax", fact, {
    id: 5,
    name: "last pool id",
    table: singleTable(),
    key: nothing,
    value: u53,
    format: () => "",
  }),
  field("flags", intent, { id: 6, name: "flag", table: setTable(), key: flag, value: present }),
  field("ratios", intent, {
    id: 7,
    name: "full ratios",
    table: singleTable(),
    key: nothing,
    value: ratios,
    format: () => "",
  }),
  field("pgUpmap", intent, {
    id: 8,
    name: "upmap of PG",
    table: byPgTable(),
    key: pgKey,
    value: osdRow,
    format: formatPgId,
  }),
  field("pgUpmapItems", intent, {
    id: 9,
    name: "upmap items of PG",
    table: byPgTable(),
    key: pgKey,
    value: list(upmapPair, { max: POOL_SIZE_MAX }),
    format: formatPgId,
  }),
  field("pgTemp", fact, {
    id: 10,
    name: "temporary acting set of PG",
    table: byPgTable(),
    key: pgKey,
    value: list(osdOrNone, { max: POOL_SIZE_MAX }),
    format: formatPgId,
  }),
  field("primaryTemp", fact, {
    id: 11,
    name: "temporary primary of PG",
    table: byPgTable(),
    key: pgKey,
    value: osdIdCodec,
    format: formatPgId,
  }),
  field("creating", fact, {
    id: 12,
    name: "creation of PG",
    table: byPgTable(),
    key: pgKey,
    value: epochCodec,
    format: formatPgId,
  }),
  field("blocklist", fact, {
    id: 13,
    name: "blocked client",
    table: mapTable(),
    key: str,
    value: u53,
  }),
  crushField("buckets", {
    id: 32,
    name: "CRUSH bucket",
    table: slotTable(),
    key: crushSlot,
    value: crushBucket,
    format: (slot) => String(-1 - slot),
  }),
  crushField("rules", {
    id: 33,
    name: "CRUSH rule",
    table: slotTable(),
    key: crushRuleId,
    value: crushRule,
  }),
  crushField("typeNames", {
    id: 34,
    name: "name of CRUSH type",
    table: mapTable(),
    key: i32,
    value: str,
  }),
  crushField("itemNames", {
    id: 35,
    name: "name of CRUSH item",
    table: mapTable(),
    key: i32,
    value: str,
  }),
  crushField("ruleNames", {
    id: 36,
    name: "name of CRUSH rule",
    table: mapTable(),
    key: i32,
    value: str,
  }),
  crushField("classNames", {
    id: 37,
    name: "name of device class",
    table: mapTable(),
    key: i32,
    value: str,
  }),
  crushField("itemClasses", {
    id: 38,
    name: "device class of CRUSH item",
    table: mapTable(),
    key: i32,
    value: i32,
  }),
  crushField("classBuckets", {
    id: 39,
    name: "shadow tree of CRUSH bucket",
    table: mapTable(),
    key: i32,
    // One for each class: those that a file brings are not counted.
    value: sortedMap(i32, i32, { max: BUCKET_COUNT_MAX }),
  }),
  crushField("chooseArgs", {
    id: 40,
    name: "CRUSH weight set",
    table: nestedTable(),
    key: argsKey,
    value: crushBucketArgs,
    format: ({ outer, inner }) => `${outer} of bucket ${inner}`,
  }),
  section({
    id: 41,
    name: "CRUSH tunables",
    isIntent: true,
    table: singleTable<CrushShape>(),
    key: nothing,
    value: crushShape,
    read: ({ crush }) => shapeOf(crush),
    write: (osdMap, shape) => ({ ...osdMap, crush: withShape(osdMap.crush, shape) }),
    format: () => "",
  }),
];
