import { expect, test } from "vitest";
import { epoch, poolId } from "../../../cluster/base/ids.ts";
import {
  type PoolFacts,
  type PoolSettings,
  placementPool,
  poolFacts,
  poolIdCodec,
  poolSettings,
} from "../../../cluster/map/pool-info.ts";
import { decode, encode, u53 } from "../../../cluster/wire/codec.ts";

const FACTS: PoolFacts = {
  created: epoch(7),
  type: "erasure",
  pgNum: 64,
  pgpNum: 32,
  hashpspool: true,
  objectHash: 2,
  isQuotaFull: true,
};
const SETTINGS: PoolSettings = {
  name: "größer",
  size: 5,
  minSize: 4,
  rule: 3,
  application: "s3",
  nodelete: true,
  quotaBytes: 2 ** 50,
  quotaObjects: 10,
};

test("facts and settings are read back as they were written", () => {
  expect(decode(poolFacts, encode(poolFacts, FACTS))).toEqual(FACTS);
  expect(decode(poolSettings, encode(poolSettings, SETTINGS))).toEqual(SETTINGS);
});

test("placement takes from each what it looks at", () => {
  expect(placementPool(poolId(9), FACTS, SETTINGS)).toEqual({
    id: 9,
    type: "erasure",
    size: 5,
    pgNum: 64,
    pgpNum: 32,
    rule: 3,
    hashpspool: true,
    objectHash: 2,
  });
});

test("the id of a pool is any whole number that is exact", () => {
  expect(decode(poolIdCodec, encode(u53, 2 ** 52))).toBe(2 ** 52);
});
