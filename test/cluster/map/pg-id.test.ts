import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { poolId } from "../../../cluster/base/ids.ts";
import { formatPgId, parsePgId } from "../../../cluster/map/pg-id.ts";

describe("the id of a PG as text", () => {
  test.each([
    [{ pool: poolId(1), seed: 0x2f }, "1.2f"],
    [{ pool: poolId(0), seed: 0 }, "0.0"],
    [{ pool: poolId(12), seed: 0xffffffff }, "12.ffffffff"],
  ])("%j is %s", (pg, text) => {
    expect(formatPgId(pg)).toBe(text);
    expect(parsePgId(text)).toEqual(pg);
  });

  test.each(["", "1", "1.", ".1", "1.0x2", "1.02", "01.2", "-1.2", "1.2F", "1.100000000", "1.2 "])(
    "%j is none",
    (text) => {
      expect(parsePgId(text)).toBeUndefined();
    },
  );

  test("a pool beyond the safe integers is none", () => {
    expect(parsePgId("9007199254740992.0")).toBeUndefined();
  });

  test("comes back as it was", () => {
    const pgs = fc.record({
      pool: fc.nat().map(poolId),
      seed: fc.nat({ max: 0xffffffff }),
    });
    fc.assert(
      fc.property(pgs, (pg) => {
        expect(parsePgId(formatPgId(pg))).toEqual(pg);
      }),
    );
  });
});
