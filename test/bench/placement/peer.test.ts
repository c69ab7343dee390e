import { expect, test } from "vitest";
import { peerFigures } from "../../../bench/placement/peer.ts";

const TURNS = [
  { peerNs: 3000, scalarNs: 2000, simdNs: 1000 },
  { peerNs: 8000, scalarNs: 4000, simdNs: 1600 },
  { peerNs: 3000, scalarNs: 1000, simdNs: 750 },
];

test("a speedup is that of a turn, and not of the medians", () => {
  const { name, turnCount, peerNs, scalar, simd } = peerFigures("peer", TURNS);
  expect({ name, turnCount }).toEqual({ name: "peer", turnCount: 3 });
  expect(peerNs).toEqual({ median: 3000, spread: [3000, 8000] });
  expect(scalar).toEqual({
    ns: { median: 2000, spread: [1000, 4000] },
    speedup: { median: 2, spread: [1.5, 3] },
  });
  expect(simd?.speedup).toEqual({ median: 4, spread: [3, 5] });
});

test("there are no figures of a mapper that cannot run the rule", () => {
  const turns = TURNS.map(({ peerNs, scalarNs }) => ({ peerNs, scalarNs }));
  expect(peerFigures("peer", turns)).not.toHaveProperty("simd");
});
