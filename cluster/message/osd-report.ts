/**
 * What OSDs tell the controller, each as a request that is answered. Whoever is no controller (any more) answers
 * `notController`; the sender then looks up who is, and asks again.
 */

import { epochCodec, osdIdCodec } from "../map/osd-info.ts";
import type { PgId } from "../map/pg-id.ts";
import { poolIdCodec } from "../map/pool-info.ts";
import {
  bool,
  type Codec,
  f64,
  list,
  oneOf,
  record,
  str,
  type TypeOf,
  u32,
  u53,
} from "../wire/codec.ts";
import { versioned } from "../wire/versioned.ts";

export const PGS_PER_REPORT_MAX = 4_096;
const PG_ROW_MAX = 64;

export const pgIdCodec: Codec<PgId> = record({ pool: poolIdCodec, seed: u32 });
const osdRow = list(osdIdCodec, { max: PG_ROW_MAX });

/** Of a PG, by its primary. */
export const pgStat = record({
  pg: pgIdCodec,
  /** Bits of PG_STATES. */
  state: u32,
  /** Grows with every change of the PG; of two reports of one epoch the larger counts. */
  sequence: u53,
  up: osdRow,
  acting: osdRow,
  /** Everything needed before it, of the map, may be forgotten for this PG (C7). */
  lastClean: epochCodec,
  objects: u53,
  bytes: u53,
  /** Copies that are missing, are not where they belong, and objects of which no copy is found. */
  degraded: u53,
  misplaced: u53,
  unfound: u53,
  scrubErrors: u32,
});
export type PgStat = TypeOf<typeof pgStat>;

export const osdStat = record({
  totalBytes: u53,
  usedBytes: u53,
  /** Operations that wait for longer than they should, and how long the oldest does. */
  slowOps: u32,
  oldestSlowMs: u53,
  /** Since the last report. */
  readOps: u53,
  writeOps: u53,
  readBytes: u53,
  writtenBytes: u53,
  recoveredObjects: u53,
  recoveredBytes: u53,
  commitMs: f64,
});
export type OsdStat = TypeOf<typeof osdStat>;

const message = <const F extends Parameters<typeof record>[0]>(fields: F) =>
  versioned(1, record(fields));

export const OSD_REPORTS = {
  /** An empty directory asks for an id; asked again with the same uuid, it gets the same one. */
  osdCreate: {
    id: 0x0301,
    body: message({ uuid: str, host: str, deviceClass: str, bytes: u53 }),
  },
  boot: {
    id: 0x0302,
    body: message({
      osd: osdIdCodec,
      uuid: str,
      nonce: u53,
      address: str,
      heartbeatAddress: str,
      host: str,
      /** Empty if it has none. */
      deviceClass: str,
      bytes: u53,
      version: str,
      /** The newest map that it has. */
      epoch: epochCodec,
      cleanFrom: epochCodec,
      cleanTo: epochCodec,
      /** It was never down: a map that says so is wrong, and it comes back with the nonce that it had. */
      wasWronglyDown: bool,
    }),
  },
  /** A peer has been silent to the reporter for so long, or refuses connections. */
  failure: {
    id: 0x0303,
    body: message({
      reporter: osdIdCodec,
      osd: osdIdCodec,
      /** Of the incarnation that is reported. */
      upFrom: epochCodec,
      kind: oneOf("silent", "refused"),
      silentMs: u53,
    }),
  },
  /** Takes a failure report back. */
  alive: {
    id: 0x0304,
    body: message({ reporter: osdIdCodec, osd: osdIdCodec, upFrom: epochCodec }),
  },
  upThru: { id: 0x0305, body: message({ osd: osdIdCodec, nonce: u53, epoch: epochCodec }) },
  /** An empty row takes a pg_temp away. */
  pgTemp: {
    id: 0x0306,
    body: message({
      osd: osdIdCodec,
      nonce: u53,
      entries: list(record({ pg: pgIdCodec, osds: osdRow }), { max: PGS_PER_REPORT_MAX }),
    }),
  },
  /** PGs that exist now on all that they are to be on. */
  pgsCreated: {
    id: 0x0307,
    body: message({
      osd: osdIdCodec,
      nonce: u53,
      pgs: list(pgIdCodec, { max: PGS_PER_REPORT_MAX }),
    }),
  },
  stats: {
    id: 0x0308,
    body: message({
      osd: osdIdCodec,
      nonce: u53,
      epoch: epochCodec,
      stat: osdStat,
      pgs: list(pgStat, { max: PGS_PER_REPORT_MAX }),
    }),
  },
  /** It is about to stop, in order: it goes down without waiting for witnesses. */
  stopping: { id: 0x0309, body: message({ osd: osdIdCodec, nonce: u53 }) },
} as const;

export const CONTROLLER_ANSWERS = {
  /** The report is taken; what it asked for is in the map of that epoch, if it asked for something. */
  taken: { id: 0x0320, body: message({ epoch: epochCodec }) },
  osdCreated: { id: 0x0321, body: message({ osd: osdIdCodec, epoch: epochCodec }) },
  refused: { id: 0x0322, body: message({ code: str, message: str }) },
  notController: { id: 0x0323, body: message({}) },
} as const;
