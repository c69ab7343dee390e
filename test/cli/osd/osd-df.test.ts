import { expect, test } from "vitest";
import { osdDfLines } from "../../../cli/osd/osd-df.ts";
import { osdId } from "../../../cluster/base/ids.ts";
import type { OsdDfRow } from "../../../cluster/message/query.ts";

const GIB = 2 ** 30;
const ROW: OsdDfRow = {
  osd: osdId(0),
  deviceClass: "hdd",
  crushWeight: 1,
  reweight: 1,
  isUp: true,
  totalBytes: 100 * GIB,
  usedBytes: 25 * GIB,
  utilization: 0.25,
  variance: 1,
  pgCount: 33,
  isHeard: true,
};

test("osd df fits on a terminal, and shows nothing for what nobody said", () => {
  const silent = { ...ROW, osd: osdId(123), isHeard: false, isUp: false, reweight: 0 };
  const lines = osdDfLines({
    rows: [ROW, { ...ROW, osd: osdId(1), totalBytes: 9.5 * 2 ** 40, variance: 1.234 }, silent],
    totalBytes: 10 * 2 ** 40,
    usedBytes: 50 * GIB,
    utilization: 0.005,
    minVariance: 1,
    maxVariance: 1.234,
    deviation: 0.0321,
  });
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(81);
  expect(lines.join("")).toMatchInlineSnapshot(`
    " ID  CLASS  WEIGHT  REWEIGHT     SIZE    USED    AVAIL  %USED   VAR  PGS  STATUS
      0  hdd     1.000     1.000  100 GiB  25 GiB   75 GiB  25.0%  1.00   33  up
      1  hdd     1.000     1.000  9.5 TiB  25 GiB  9.5 TiB  25.0%  1.23   33  up
    123  hdd     1.000     0.000        -       -        -      -     -   33  down
                           TOTAL   10 TiB  50 GiB   10 TiB   0.5%
    MIN/MAX VAR: 1.00/1.23  STDDEV: 3.21
    "
  `);
});
