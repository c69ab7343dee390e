/**
 * The cluster map as the binary OSDMap that Ceph 16 reads, for its osdmaptool: what places PGs, and what people look at.
 *
 *   u8 8  u8 7  u32 size                  all that follows, the checksum too
 *     u8 9  u8 1  u32 size                what clients read
 *     u8 9  u8 1  u32 size                what only OSDs read
 *     u32 checksum                        CRC-32C of everything before it, without the last inversion
 *
 * Collections have a u32 count, structs of their own a frame like those. Addresses and the blocklist are left out: nothing
 * of Ceph's could talk to Kelp's OSDs. Dates are 0, because the map has none.
 */
import { encodeBinary } from "../../crush/binary.ts";
import { WEIGHT_ONE } from "../../crush/weight.ts";
import { assert } from "../base/assert.ts";
import { fromHex } from "../base/bytes.ts";
import { osdId } from "../base/ids.ts";
import {
  bytes,
  type Codec,
  encode,
  i32,
  list,
  map,
  record,
  str,
  type TypeOf,
  u8,
  u32,
  u64,
} from "../wire/codec.ts";
import { crc32c } from "../wire/crc32c.ts";
import { f32, fixed, framed, nothing, plain, rawBytes } from "./ceph-form.ts";
import { cephPool, cephPoolOf } from "./ceph-pool.ts";
import { POOL_SIZE_MAX } from "./map-problems.ts";
import { type Fullness, NEW_OSD, OSD_COUNT_MAX, type OsdInfo } from "./osd-info.ts";
import type { MapFlag, OsdMap } from "./osd-map.ts";
import { ROW_COUNT_MAX } from "./osd-map-delta.ts";
import { osdCount } from "./osd-map-placement.ts";
import type { PgId } from "./pg-id.ts";
import { type PgTable, pgEntries } from "./pg-table.ts";
import { poolIdCodec } from "./pool-info.ts";

const CHECKSUM_SIZE = 4;
const UUID_SIZE = 16;
/** Releases by the number of their letter: upmaps need clients of luminous. */
const [LUMINOUS, PACIFIC] = [12, 16];

const FLAG: Readonly<Record<MapFlag, number>> = {
  // Both reads and writes.
  pause: (1 << 2) | (1 << 3),
  noup: 1 << 5,
  nodown: 1 << 6,
  noout: 1 << 7,
  noin: 1 << 8,
  nobackfill: 1 << 9,
  norecover: 1 << 10,
  noscrub: 1 << 11,
  "nodeep-scrub": 1 << 12,
  norebalance: 1 << 14,
};

/** What every map of these releases has: recovery_deletes and pglog_hardlimit. */
const COMMON_FLAGS = (1 << 19) | (1 << 22);

const STATE = { exists: 1 << 0, up: 1 << 1, autoout: 1 << 2, isNew: 1 << 3, destroyed: 1 << 7 };
const FULLNESS_STATE: Readonly<Record<Fullness, number>> = {
  ok: 0,
  full: 1 << 4,
  nearfull: 1 << 5,
  backfillfull: 1 << 6,
};

const none32 = fixed(u32, 0);
const none64 = fixed(u64, 0n);
const uuid = rawBytes(UUID_SIZE);
const noAddress = plain(record({ mark: fixed(u8, 2), count: none32 }));

function byOsd<T>(value: Codec<T>): Codec<readonly T[]> {
  return list(value, { max: OSD_COUNT_MAX });
}

function byPool<T>(value: Codec<T>): Codec<ReadonlyMap<number, T>> {
  return map<number, T>(poolIdCodec, value, { max: ROW_COUNT_MAX });
}

function byPg<T>(value: Codec<T>) {
  const pg = { mark: fixed(u8, 1), pool: poolIdCodec, seed: u32, preferred: fixed(i32, -1) };
  return list(record({ ...pg, value }), { max: ROW_COUNT_MAX });
}

const osdRow = list(u32, { max: POOL_SIZE_MAX });
const upmapPairs = list(record({ from: u32, to: u32 }), { max: POOL_SIZE_MAX });

const clientPart = framed(
  { version: 9, compat: 1 },
  record({
    fsid: uuid,
    epoch: u32,
    created: none64,
    modified: none64,
    pools: byPool(cephPool),
    poolNames: byPool(str),
    poolIdMax: i32,
    flags: u32,
    osdCount: u32,
    states: byOsd(u32),
    weights: byOsd(u32),
    clientAddresses: byOsd(noAddress),
    pgTemp: byPg(osdRow),
    primaryTemp: byPg(u32),
    affinities: byOsd(u32),
    crush: bytes,
    erasureCodeProfiles: nothing,
    pgUpmap: byPg(osdRow),
    pgUpmapItems: byPg(upmapPairs),
    crushVersion: u32,
    newRemovedSnapshots: nothing,
    newPurgedSnapshots: nothing,
    lastUpChange: none64,
    lastInChange: none64,
  }),
);

const osdTimes = record({
  formatVersion: fixed(u8, 1),
  cleanFrom: u32,
  cleanTo: u32,
  upFrom: u32,
  upThru: u32,
  downAt: u32,
  lostAt: u32,
});

const osdHistory = framed(
  { version: 4, compat: 1 },
  record({
    downStamp: none64,
    laggyProbability: none32,
    laggyIntervalSeconds: none32,
    features: none64,
    weightBeforeOut: u32,
    lastSnapshotScrub: none64,
    deadEpoch: none32,
  }),
);

const osdPart = framed(
  { version: 9, compat: 1 },
  record({
    heartbeatBackAddresses: byOsd(noAddress),
    times: byOsd(osdTimes),
    blocklist: nothing,
    clusterAddresses: byOsd(noAddress),
    snapshotEpoch: none32,
    snapshot: nothing,
    uuids: byOsd(uuid),
    histories: byOsd(osdHistory),
    heartbeatFrontAddresses: byOsd(noAddress),
    nearfull: f32,
    full: f32,
    backfillfull: f32,
    clientReleaseMin: u8,
    osdReleaseMin: u8,
    removedSnapshots: nothing,
    crushNodeFlags: nothing,
    deviceClassFlags: nothing,
  }),
);

/** With a checksum of 0, which is known when all else is written. */
export const cephOsdMap = framed(
  { version: 8, compat: 7 },
  record({ client: clientPart, osd: osdPart, checksum: u32 }),
);
type CephOsdMap = TypeOf<typeof cephOsdMap>;

export interface ExportOptions {
  /** Of the cluster, as people write it: 8-4-4-4-12 digits. */
  readonly fsid: string;
  /** OSDs from this id on are left out. By default none is. */
  readonly osdCount?: number;
}

export function encodeCephOsdMap(osdMap: OsdMap, options: ExportOptions): Uint8Array {
  const { client, osd } = partsOf(osdMap, options);
  const file = Uint8Array.from(encode(cephOsdMap, { client, osd, checksum: 0 }));
  const end = file.length - CHECKSUM_SIZE;
  const checksum = ~crc32c(file.subarray(0, end)) >>> 0;
  file.set(encode(u32, checksum), end);
  return file;
}

function partsOf(osdMap: OsdMap, options: ExportOptions): Pick<CephOsdMap, "client" | "osd"> {
  const count = options.osdCount ?? osdCount(osdMap);
  const ids = Array.from({ length: count }, (_, id) => osdId(id));
  const infos = ids.map((id) => osdMap.osds.get(id));
  const addresses = ids.map(() => undefined);
  const known = infos.map((info) => info ?? NEW_OSD);
  return {
    client: {
      ...poolsOf(osdMap),
      fsid: uuidOf(options.fsid),
      epoch: osdMap.epoch,
      flags: [...osdMap.flags].reduce((bits, flag) => bits | FLAG[flag], COMMON_FLAGS),
      osdCount: count,
      states: infos.map(stateOf),
      weights: ids.map((id) => osdMap.shares.get(id)?.weight ?? 0),
      clientAddresses: addresses,
      pgTemp: entriesOf(osdMap.pgTemp),
      primaryTemp: entriesOf(osdMap.primaryTemp),
      affinities: ids.map((id) => osdMap.shares.get(id)?.primaryAffinity ?? WEIGHT_ONE),
      crush: encodeBinary(osdMap.crush),
      pgUpmap: entriesOf(osdMap.pgUpmap),
      pgUpmapItems: entriesOf(osdMap.pgUpmapItems),
      // How often it was changed is not kept; a number that never goes back is all that is asked of it.
      crushVersion: osdMap.epoch,
    },
    osd: {
      heartbeatBackAddresses: addresses,
      times: known,
      clusterAddresses: addresses,
      uuids: known.map(({ uuid }) => parsedUuid(uuid) ?? new Uint8Array(UUID_SIZE)),
      histories: known.map(({ weightBeforeOut = 0 }) => ({ weightBeforeOut })),
      heartbeatFrontAddresses: addresses,
      ...osdMap.ratios,
      clientReleaseMin: LUMINOUS,
      osdReleaseMin: PACIFIC,
    },
  };
}

type PoolColumns = Pick<CephOsdMap["client"], "pools" | "poolNames" | "poolIdMax">;

function poolsOf({ pools, poolSettings, poolIdMax }: OsdMap): PoolColumns {
  const both = [...pools].flatMap(([id, facts]) => {
    const settings = poolSettings.get(id);
    return settings === undefined ? [] : [{ id, facts, settings }];
  });
  const sorted = both.sort((left, right) => left.id - right.id);
  return {
    pools: new Map(sorted.map(({ id, facts, settings }) => [id, cephPoolOf(facts, settings)])),
    poolNames: new Map(sorted.map(({ id, settings }) => [id, settings.name])),
    poolIdMax,
  };
}

function stateOf(info: OsdInfo | undefined): number {
  if (info === undefined) return 0;
  const { up, weightBeforeOut, isNew, destroyed, fullness } = info;
  return (
    STATE.exists |
    FULLNESS_STATE[fullness] |
    (up ? STATE.up : 0) |
    (weightBeforeOut === undefined ? 0 : STATE.autoout) |
    (isNew ? STATE.isNew : 0) |
    (destroyed ? STATE.destroyed : 0)
  );
}

type Entry<T> = PgId & { readonly value: T };

function entriesOf<T>(table: PgTable<T>): Entry<T>[] {
  return [...pgEntries(table)]
    .map(([pg, value]) => ({ ...pg, value }))
    .sort((left, right) => left.pool - right.pool || left.seed - right.seed);
}

function uuidOf(text: string): Uint8Array {
  const parsed = parsedUuid(text);
  assert(parsed !== undefined, `the id of a cluster is a UUID, not ${JSON.stringify(text)}`);
  return parsed;
}

function parsedUuid(text: string): Uint8Array | undefined {
  const parsed = fromHex(text.replaceAll("-", ""));
  return parsed?.length === UUID_SIZE ? parsed : undefined;
}
