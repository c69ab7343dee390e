/** A pool as Ceph 16 writes it in its OSDMap (pg_pool_t, version 29). What Kelp's pools do not have is as in a new pool. */
import { RULE_TYPE } from "../../crush/types.ts";
import {
  type Codec,
  i64,
  map,
  record,
  str,
  type TypeOf,
  u8,
  u32,
  u53,
  u64,
} from "../wire/codec.ts";
import { fixed, framed, nothing, plain } from "./ceph-form.ts";
import type { PoolFacts, PoolSettings } from "./pool-info.ts";

const FLAG = { hashpspool: 1 << 0, full: 1 << 1, nodelete: 1 << 4, fullQuota: 1 << 10 } as const;

const none8 = fixed(u8, 0);
const none32 = fixed(u32, 0);
const none64 = fixed(u64, 0n);
const noPool = fixed(i64, -1n);
const noVersion: Codec<undefined> = plain(record({ version: none64, epoch: none32 }));

const noHitSet = plain(framed({ version: 1, compat: 1 }, record({ type: none8 })));
const noOptions = plain(framed({ version: 2, compat: 1 }, record({ options: nothing })));

/** No PGs were ever merged. */
const noMerge = plain(
  framed(
    { version: 1, compat: 1 },
    record({
      pgMark: fixed(u8, 1),
      pgPool: none64,
      pgSeed: none32,
      pgPreferred: fixed(u32, 0xffffffff),
      readyEpoch: none32,
      lastEpochStarted: none32,
      lastEpochClean: none32,
      source: noVersion,
      target: noVersion,
    }),
  ),
);

const fields = record({
  type: u8,
  size: u8,
  /** A ruleset: the first rule of it that fits. */
  rule: u8,
  objectHash: u8,
  pgNum: u32,
  pgpNum: u32,
  localPgNum: none32,
  localPgpNum: none32,
  lastChange: u32,
  snapshotSeq: none64,
  snapshotEpoch: none32,
  snapshots: nothing,
  removedSnapshots: nothing,
  owner: none64,
  flags: u53,
  crashReplayInterval: none32,
  minSize: u8,
  quotaBytes: u53,
  quotaObjects: u53,
  tiers: nothing,
  tierOf: noPool,
  cacheMode: none8,
  readTier: noPool,
  writeTier: noPool,
  properties: nothing,
  hitSet: noHitSet,
  hitSetPeriod: none32,
  hitSetCount: none32,
  stripeWidth: none32,
  targetBytes: none64,
  targetObjects: none64,
  dirtyRatio: none32,
  fullRatio: none32,
  flushAgeMin: none32,
  evictAgeMin: none32,
  erasureCodeProfile: nothing,
  lastForceOpResendPreluminous: none32,
  readRecencyMin: none32,
  expectedObjects: none64,
  dirtyHighRatio: none32,
  writeRecencyMin: none32,
  usesGmtHitSet: fixed(u8, 1),
  fastRead: none8,
  hitSetGradeDecayRate: none32,
  hitSetSearchLast: none32,
  options: noOptions,
  lastForceOpResendPrenautilus: none32,
  /** Each with settings of its own, of which Kelp has none. */
  applications: map(str, nothing, { max: 1 }),
  createTime: none64,
  /** If PGs are more than wanted, the last ones are about to go, and no upmap of theirs stands. */
  pgNumTarget: u32,
  pgpNumTarget: u32,
  pgNumPending: u32,
  lastDecreaseStarted: none32,
  lastDecreaseClean: none32,
  lastForceOpResend: none32,
  autoscaleMode: none8,
  merge: noMerge,
});

export const cephPool = framed({ version: 29, compat: 5 }, fields);
export type CephPool = TypeOf<typeof cephPool>;

export function cephPoolOf(facts: PoolFacts, settings: PoolSettings): CephPool {
  const { type, objectHash, pgNum, pgpNum, created, hashpspool, isQuotaFull } = facts;
  const { size, minSize, rule, application, nodelete, quotaBytes, quotaObjects } = settings;
  return {
    type: RULE_TYPE[type],
    size,
    rule,
    objectHash,
    pgNum,
    pgpNum,
    lastChange: created,
    flags:
      (hashpspool ? FLAG.hashpspool : 0) |
      (isQuotaFull ? FLAG.full | FLAG.fullQuota : 0) |
      (nodelete ? FLAG.nodelete : 0),
    minSize,
    quotaBytes,
    quotaObjects,
    applications: new Map(application === "" ? [] : [[application, undefined]]),
    pgNumTarget: pgNum,
    pgpNumTarget: pgpNum,
    pgNumPending: pgNum,
  };
}
