import { expect, test } from "vitest";
import { epoch } from "../../../cluster/base/ids.ts";
import { cephPool, cephPoolOf } from "../../../cluster/map/ceph-pool.ts";
import type { PoolFacts, PoolSettings } from "../../../cluster/map/pool-info.ts";
import { decode, encode } from "../../../cluster/wire/codec.ts";

const FACTS: PoolFacts = {
  created: epoch(7),
  type: "erasure",
  pgNum: 64,
  pgpNum: 32,
  hashpspool: false,
  objectHash: 2,
  isQuotaFull: false,
};
const SETTINGS: PoolSettings = {
  name: "a",
  size: 5,
  minSize: 4,
  rule: 3,
  application: "",
  nodelete: false,
  quotaBytes: 2 ** 50,
  quotaObjects: 10,
};

test("a pool has what its facts and settings say", () => {
  const pool = cephPoolOf(FACTS, SETTINGS);
  expect(decode(cephPool, encode(cephPool, pool))).toMatchObject({
    type: 3,
    size: 5,
    rule: 3,
    objectHash: 2,
    pgNum: 64,
    pgpNum: 32,
    lastChange: 7,
    flags: 0,
    minSize: 4,
    quotaBytes: 2 ** 50,
    quotaObjects: 10,
    applications: new Map(),
    pgNumTarget: 64,
    pgpNumTarget: 32,
    pgNumPending: 64,
  });
});

test.each<[string, Partial<PoolFacts & PoolSettings>, number]>([
  ["hashpspool", { hashpspool: true }, 1],
  ["full, by its quota", { isQuotaFull: true }, 1026],
  ["nodelete", { nodelete: true }, 16],
  ["all", { hashpspool: true, isQuotaFull: true, nodelete: true }, 1043],
])("flags of %s", (_, given, flags) => {
  expect(cephPoolOf({ ...FACTS, ...given }, { ...SETTINGS, ...given }).flags).toBe(flags);
});

test("its application stands without settings", () => {
  const pool = cephPoolOf(FACTS, { ...SETTINGS, application: "s3" });
  const again = decode(cephPool, encode(cephPool, pool));
  expect([...again.applications.keys()]).toEqual(["s3"]);
});

// What osdmaptool 16 writes for the pool that it makes itself: 324 bytes in their frame.
test("a pool with a name of three letters as its application has the size that Ceph's has", () => {
  const pool = cephPoolOf(FACTS, { ...SETTINGS, application: "rbd" });
  expect(encode(cephPool, pool).length).toBe(324 + 6);
});
