import { describe, expect, test } from "vitest";
import { osdId } from "../../../cluster/base/ids.ts";
import {
  type Evidence,
  type PeerWord,
  verdictOf,
} from "../../../monitor/controller/down-verdict.ts";
import { ALL_RULES } from "../../../monitor/controller/membership-options.ts";

const NOW = 1_000_000;
const OPTIONS = { absenceInterval: 60_000 };

const NOTHING: Evidence = {
  absence: undefined,
  isInTrouble: false,
  words: [],
  probe: undefined,
  graceMs: 5_000,
  isHearing: true,
  isOneHostLeft: () => false,
};

const absent = (forMs: number) => ({ sinceMs: NOW - forMs, isInBurst: false });
const word = (osd: number, host: string, given: Partial<PeerWord> & { forMs?: number } = {}) => ({
  osd: osdId(osd),
  host,
  kind: given.kind ?? ("silent" as const),
  sinceMs: NOW - (given.forMs ?? 6_000),
  saidMs: NOW,
});
const silent = (forMs: number) => ({ type: "silent" as const, forMs });

const CASES: readonly (readonly [Partial<Evidence>, string | undefined])[] = [
  [{}, undefined],
  [{ words: [word(1, "a")] }, undefined],
  [{ words: [word(1, "a"), word(2, "a")] }, undefined],
  [
    { words: [word(1, "a"), word(2, "a")], isOneHostLeft: () => true },
    "silent to osd.1 (a) and osd.2 (a) for 6 s",
  ],
  [{ words: [word(1, "a")], isOneHostLeft: () => true }, undefined],
  [
    { words: [word(1, "a"), word(2, "b", { forMs: 5_000 })] },
    "silent to osd.1 (a) and osd.2 (b) for 5 s",
  ],
  [{ words: [word(1, "a"), word(2, "b", { forMs: 4_999 })] }, undefined],
  [{ words: [word(1, "a"), word(2, "b")], graceMs: 6_001 }, undefined],
  [
    { words: [word(1, "a"), word(2, "b", { kind: "refused", forMs: 0 })] },
    "refuses osd.2 (b), silent to osd.1 (a) for 6 s",
  ],
  [
    { words: ["a", "b", "c", "d", "e", "f"].map((host, index) => word(index, host)) },
    "silent to osd.0 (a), osd.1 (b), osd.2 (c), osd.3 (d) and 2 more for 6 s",
  ],
  [{ absence: absent(59_999) }, undefined],
  [{ absence: absent(60_000) }, "without a session for 60 s"],
  [{ absence: absent(9_999_999), isInTrouble: true }, undefined],
  [
    { absence: absent(0), words: [word(1, "a")] },
    "silent to osd.1 (a) for 6 s, without a session for 0 s",
  ],
  [
    { absence: absent(0), isInTrouble: true, words: [word(1, "a")] },
    "silent to osd.1 (a) for 6 s, without a session for 0 s",
  ],
  [
    { absence: absent(0), probe: { type: "refused" } },
    "refuses the controller, without a session for 0 s",
  ],
  [{ absence: absent(0), probe: silent(4_999) }, undefined],
  [
    { absence: absent(0), probe: silent(5_000), isHearing: false },
    "silent to the controller for 5 s, without a session for 0 s",
  ],
  [
    { absence: absent(0), isInTrouble: true, probe: silent(5_000) },
    "silent to the controller for 5 s, without a session for 0 s",
  ],
  [{ absence: absent(0), isInTrouble: true, probe: silent(5_000), isHearing: false }, undefined],
  [
    { absence: absent(0), isInTrouble: true, probe: { type: "refused" }, isHearing: false },
    "refuses the controller, without a session for 0 s",
  ],
  [{ probe: { type: "refused" } }, undefined],
  [{ probe: { type: "refused" }, words: [word(1, "a")] }, undefined],
];

describe("the verdict", () => {
  for (const [index, [evidence, expected]] of CASES.entries()) {
    test(`${index}: ${expected ?? "not down"}`, () => {
      expect(verdictOf({ ...NOTHING, ...evidence }, OPTIONS, ALL_RULES, NOW)).toBe(expected);
    });
  }

  test("without the rule one witness is enough, but none is not", () => {
    const without = (evidence: Partial<Evidence>) =>
      verdictOf({ ...NOTHING, ...evidence }, OPTIONS, { twoWitnesses: false }, NOW);
    expect(without({})).toBe(undefined);
    expect(without({ words: [word(1, "a")] })).toBe("silent to osd.1 (a) for 6 s");
    expect(without({ absence: absent(0), isInTrouble: true })).toBe("without a session for 0 s");
  });
});
