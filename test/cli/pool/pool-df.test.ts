import { expect, test } from "vitest";
import { poolDfLines } from "../../../cli/pool/pool-df.ts";
import { poolId } from "../../../cluster/base/ids.ts";

const GIB = 2 ** 30;
const ROW = {
  pool: poolId(1),
  name: "rbd",
  pgNum: 32,
  objects: 12_345,
  storedBytes: 48 * GIB,
  usedBytes: 144 * GIB,
  maxAvailBytes: 100 * GIB,
  usedRatio: 0.324,
  quotaBytes: 0,
  quotaObjects: 0,
  degraded: 0,
  misplaced: 0,
  unfound: 0,
};

test("pools are shown with what they hold, and then what is wrong with some", () => {
  const troubled = {
    ...ROW,
    pool: poolId(2),
    name: "images",
    maxAvailBytes: undefined,
    quotaBytes: 50 * GIB,
    quotaRatio: 0.96,
    degraded: 7,
    unfound: 1,
    advice: { pgNum: 128, isFarOff: true },
  };
  const advised = { ...ROW, advice: { pgNum: 64, isFarOff: false } };
  expect(poolDfLines([advised, troubled]).join("")).toMatchInlineSnapshot(`
    "POOL    ID  PGS  STORED  OBJECTS     USED  %USED  MAX AVAIL  QUOTA
    rbd      1   32  48 GiB   12,345  144 GiB  32.4%    100 GiB  -
    images   2   32  48 GiB   12,345  144 GiB  32.4%          -  50 GiB (96.0%)
    images: 7 copies degraded, 1 object unfound, 128 PGs would suit it better than 32
    "
  `);
});
