import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Device } from "../../../bench/placement/cluster.ts";
import { fairShares, leastMovement } from "../../../bench/placement/shares.ts";

/** "a1" is a device of weight 1 in domain a. */
function devices(...words: string[]): Device[] {
  return words.map((word, id) => ({
    id,
    weight: Number(word.slice(1)),
    domain: -word.charCodeAt(0),
  }));
}

describe("fair shares", () => {
  test.each<[words: string[], replicas: number, shares: number[]]>([
    [["a1", "b1", "c1", "d1"], 2, [1 / 2, 1 / 2, 1 / 2, 1 / 2]],
    [["a1", "b1", "c2"], 1, [1 / 4, 1 / 4, 1 / 2]],
    [["a1", "b1", "c2"], 2, [1 / 2, 1 / 2, 1]],
    [["a1", "b1", "c8"], 2, [1 / 2, 1 / 2, 1]],
    [["a2", "b1", "c8", "d1"], 3, [1, 1 / 2, 1, 1 / 2]],
    [["a1", "a3", "b1", "b1"], 2, [1 / 4, 3 / 4, 1 / 2, 1 / 2]],
    [["a1", "a1", "b1", "c1"], 1, [1 / 4, 1 / 4, 1 / 4, 1 / 4]],
    [["a1", "b1"], 3, [1, 1]],
    [["a0", "b1", "c1"], 1, [0, 1 / 2, 1 / 2]],
    [["a0", "b0"], 2, [0, 0]],
    [[], 3, []],
  ])("of %j with %d replicas are %j", (words, replicas, shares) => {
    const found = [...fairShares(devices(...words), replicas).values()];
    expect(found).toHaveLength(shares.length);
    for (const [id, share] of shares.entries()) expect(found[id]).toBeCloseTo(share, 12);
  });

  test("use every replica that the domains can hold, and give none of them two", () => {
    const device = fc.record({ weight: fc.nat(9), domain: fc.integer({ min: -6, max: -1 }) });
    fc.assert(
      fc.property(
        fc.array(device, { maxLength: 20 }),
        fc.integer({ min: 1, max: 5 }),
        (list, replicas) => {
          const all = list.map((each, id) => ({ ...each, id }));
          const shares = fairShares(all, replicas);
          const held = new Map<number, number>();
          for (const { id, domain, weight } of all) {
            if (weight > 0) held.set(domain, (held.get(domain) ?? 0) + (shares.get(id) ?? 0));
          }
          const total = [...held.values()].reduce((sum, share) => sum + share, 0);
          expect(total).toBeCloseTo(Math.min(replicas, held.size), 9);
          for (const share of held.values()) expect(share).toBeLessThanOrEqual(1 + 1e-9);
        },
      ),
    );
  });
});

describe("the least movement", () => {
  const ten = devices(..."abcdefghij".split("").map((domain) => `${domain}1`));
  const shares = fairShares(ten, 3);

  test.each<[change: string, after: Device[], least: number]>([
    ["nothing changes", ten, 0],
    ["one of ten goes", ten.slice(1), 1 / 10],
    ["one of ten is out", ten.map((d) => (d.id === 0 ? { ...d, weight: 0 } : d)), 1 / 10],
    ["an eleventh comes", [...ten, { id: 10, weight: 1, domain: -1 }], 1 / 11],
    [
      "one counts only half",
      ten.map((d) => (d.id === 0 ? { ...d, weight: 0.5 } : d)),
      1 / 10 - 0.5 / 9.5,
    ],
    ["all count twice", ten.map((d) => ({ ...d, weight: 2 })), 0],
  ])("when %s", (_, after, least) => {
    expect(leastMovement(shares, fairShares(after, 3))).toBeCloseTo(least, 12);
  });

  test("is none where the domains left hold all they can already", () => {
    const three = devices("a1", "b1", "c1");
    expect(leastMovement(fairShares(three, 3), fairShares(three.slice(1), 3))).toBe(0);
  });

  test("of an empty cluster is none", () => {
    expect(leastMovement(new Map(), shares)).toBe(0);
  });
});
