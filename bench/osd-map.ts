/**
 * The cluster map of a large cluster: what it costs to make an epoch of an edit, to follow it, and to write the whole map
 * down and read it again. Every PG has an upmap, so that no collection is small.
 */

import { assert, present } from "../cluster/base/assert.ts";
import { osdId, poolId } from "../cluster/base/ids.ts";
import { applyRecord, type EpochRecord, epochRecord } from "../cluster/map/epoch-record.ts";
import type { OsdMap } from "../cluster/map/osd-map.ts";
import {
  deltaOf,
  deltaRows,
  editOf,
  type MapEdit,
  mapOfRows,
  rowsOf,
} from "../cluster/map/osd-map-delta.ts";
import { placementOf } from "../cluster/map/osd-map-placement.ts";
import { changedPgTable, pgTable } from "../cluster/map/pg-table.ts";
import type { UpmapPair } from "../cluster/map/placement-map.ts";
import type { Row } from "../cluster/map/section.ts";
import { decode, encode } from "../cluster/wire/codec.ts";
import { reweightItem } from "../crush/builder.ts";
import { osdMapWorld } from "../test/cluster/map/osd-map-world.ts";
import type { Tree } from "../test/cluster/map/world.ts";
import type { Bench, Measurement, Scale } from "./bench.ts";
import { median, spread } from "./placement/statistics.ts";

interface Size {
  readonly tree: Tree;
  readonly pools: number;
  /** In each pool. */
  readonly pgs: number;
  readonly turns: number;
}

const SIZES: Readonly<Record<Scale, Size>> = {
  full: { tree: { racks: 50, hosts: 20, osds: 10 }, pools: 64, pgs: 1563, turns: 31 },
  tiny: { tree: { racks: 2, hosts: 3, osds: 2 }, pools: 2, pgs: 8, turns: 1 },
};

const DELTA_SIZE_MAX = 4096;
const APPLY_MS_MAX = 2;
const OSD = osdId(5);

export const osdMapBench: Bench = {
  name: "osd-map",
  about: "The cluster map of 10,000 OSDs and 100,000 PGs: editing, following and checkpoints",
  async run(scale, progress) {
    const size = SIZES[scale];
    progress("building the map");
    const map = build(size);
    return [
      ...EDITS.flatMap(([what, edit, limits]) => {
        progress(what);
        return measureEdit({ map, edit, what, limits, turns: size.turns });
      }),
      ...measureCheckpoint(map, Math.ceil(size.turns / 6), progress),
    ];
  },
};

function build({ tree, pools, pgs }: Size): OsdMap {
  const osdCount = tree.racks * tree.hosts * tree.osds;
  const upmap = (pool: number, seed: number): readonly UpmapPair[] => [
    { from: osdId((pool * seed) % osdCount), to: osdId((pool + 7 * seed) % osdCount) },
  ];
  return osdMapWorld(tree, {
    pools: Array.from({ length: pools }, () => ({ pgNum: pgs })),
    edit: (map) => ({
      ...map,
      pgUpmapItems: pgTable(
        [...map.pools].flatMap(([pool, { pgNum }]) =>
          Array.from({ length: pgNum }, (_, seed) => [{ pool, seed }, upmap(pool, seed)] as const),
        ),
      ),
    }),
  });
}

interface Limits {
  readonly bytes?: number;
  readonly applyMs?: number;
}

const ONE_ROW: Limits = { bytes: DELTA_SIZE_MAX, applyMs: APPLY_MS_MAX };

/** Each differs from turn to turn, so that no turn finds its work done. */
const EDITS: readonly (readonly [string, (map: OsdMap, turn: number) => OsdMap, Limits])[] = [
  [
    "one OSD goes down",
    (map, turn) => {
      const info = { ...present(map.osds.get(OSD), "that OSD"), up: false, nonce: turn };
      return { ...map, osds: new Map(map.osds).set(OSD, info) };
    },
    ONE_ROW,
  ],
  [
    "one CRUSH reweight",
    (map, turn) => ({
      ...map,
      crush: reweightItem(map.crush, { item: `osd.${OSD}`, weight: 0x8000 + turn }),
    }),
    { bytes: DELTA_SIZE_MAX },
  ],
  [
    "one upmap",
    (map, turn) => {
      const pg = { pool: poolId(1), seed: 3 };
      const pairs = [{ from: osdId(1), to: osdId(2 + turn) }];
      return { ...map, pgUpmapItems: changedPgTable(map.pgUpmapItems, [[pg, pairs]]) };
    },
    ONE_ROW,
  ],
];

interface Measured {
  readonly what: string;
  readonly map: OsdMap;
  readonly edit: (map: OsdMap, turn: number) => OsdMap;
  readonly limits: Limits;
  readonly turns: number;
}

function measureEdit({ what, map, edit, limits, turns }: Measured): Measurement[] {
  const times = { edit: [] as number[], apply: [] as number[], place: [] as number[] };
  const sizes: number[] = [];
  // The first one warms up and does not count.
  for (let turn = 0; turn <= turns; turn += 1) {
    const draft = edit(map, turn);
    const edited = timed(() => present(editOf(map, draft), "an edit"));
    const bytes = encode(epochRecord, recordOf(edited.result));
    const applied = timed(() => applyRecord(map, decode(epochRecord, bytes)));
    const placed = timed(() =>
      placementOf(applied.result).pgToActing({ pool: poolId(1), seed: 0 }),
    );
    if (turn === 0) continue;
    times.edit.push(edited.ms);
    times.apply.push(applied.ms);
    times.place.push(placed.ms);
    sizes.push(bytes.length);
  }
  return [
    milliseconds(`${what}: made into an epoch`, times.edit),
    milliseconds(`${what}: decoded and applied`, times.apply, limits.applyMs),
    milliseconds(`${what}: first PG placed by the new map`, times.place),
    {
      what: `${what}: record`,
      value: median(sizes),
      unit: "B",
      ...(limits.bytes === undefined ? {} : { atMost: limits.bytes }),
    },
  ];
}

function recordOf({ map: { epoch, digest }, changes }: MapEdit): EpochRecord {
  const causes = [{ author: "client.bench", what: "change something" }];
  const rows = deltaOf(changes);
  return { epoch, wallMs: 0, controller: "controller.a", causes, requests: [], rows, digest };
}

function measureCheckpoint(
  map: OsdMap,
  turns: number,
  progress: (step: string) => void,
): Measurement[] {
  const times = { encode: [] as number[], decode: [] as number[] };
  let size = 0;
  for (let turn = 0; turn <= turns; turn += 1) {
    progress(`checkpoint, ${turn} of ${turns}`);
    const written = timed(() => encode(deltaRows, [...rowsOf(map)]));
    const read = timed(() => mapOfRows(map.epoch, decode(deltaRows, written.result) as Row[]));
    assert(read.result.digest === map.digest, "the map was read as it was written");
    size = written.result.length;
    if (turn === 0) continue;
    times.encode.push(written.ms);
    times.decode.push(read.ms);
  }
  return [
    milliseconds("checkpoint: written", times.encode),
    milliseconds("checkpoint: read, with its digest", times.decode),
    { what: "checkpoint", value: size, unit: "B" },
  ];
}

function timed<T>(work: () => T): { readonly result: T; readonly ms: number } {
  const startMs = performance.now();
  const result = work();
  return { result, ms: performance.now() - startMs };
}

function milliseconds(what: string, times: readonly number[], atMost?: number): Measurement {
  const limit = atMost === undefined ? {} : { atMost };
  return { what, value: median(times), unit: "ms", spread: spread(times), ...limit };
}
