import fc from "fast-check";
import { expect, test } from "vitest";
import { MembershipChaos } from "./membership-chaos.ts";

/** Longer than the longest pause of a flapping OSD and an absence behind it. */
const SETTLED_MS = 20 * 60_000;

test("no OSD goes down on one witness's word, no epoch holds two of its states, and in the end all is as it is", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 0x7fffffff }), (seed) => {
      const chaos = new MembershipChaos(seed);
      chaos.storm(240);
      chaos.calm();
      chaos.settle(SETTLED_MS);
      expect(chaos.unsettled).toEqual([]);
      chaos.rest(30_000);
      expect(chaos.problems).toEqual([]);
    }),
    { numRuns: 60 },
  );
}, 60_000);
