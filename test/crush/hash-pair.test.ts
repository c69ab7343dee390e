import fc from "fast-check";
import { expect, test } from "vitest";
import { hash3 } from "../../crush/hash.ts";
import { hash3Pair } from "../../crush/hash-pair.ts";

test("a pair has the low halves of two single hashes", () => {
  const word = fc.integer();
  fc.assert(
    fc.property(word, word, word, word, (x, id1, id2, r) => {
      const pair = hash3Pair(x, id1, id2, r);
      expect(pair & 0xffff).toBe(hash3(x, id1, r) & 0xffff);
      expect(pair >>> 16).toBe(hash3(x, id2, r) & 0xffff);
    }),
    { numRuns: 2000 },
  );
});
