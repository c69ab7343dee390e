/** Another program on the same map, in turn with ours. */
import { median, spread } from "./statistics.ts";

/** Nanoseconds of the processor for one mapping. */
export interface PeerTurn {
  readonly peerNs: number;
  readonly scalarNs: number;
  /** Where the vectorized mapper can run the rule. */
  readonly simdNs?: number;
}

export interface PeerFigures {
  /** "crushtool" */
  readonly name: string;
  readonly turnCount: number;
  readonly peerNs: PeerFigure;
  readonly scalar: OwnFigures;
  readonly simd?: OwnFigures;
}

export interface OwnFigures {
  readonly ns: PeerFigure;
  /** The program's time over ours. */
  readonly speedup: PeerFigure;
}

/** Of the turns. */
export interface PeerFigure {
  readonly median: number;
  readonly spread: readonly [min: number, max: number];
}

/** A speedup is taken turn by turn, so that a slow moment of the machine slows both of its sides. */
export function peerFigures(name: string, turns: readonly PeerTurn[]): PeerFigures {
  const own = (pairs: readonly { peerNs: number; ns: number }[]): OwnFigures => ({
    ns: figureOf(pairs.map(({ ns }) => ns)),
    speedup: figureOf(pairs.map(({ peerNs, ns }) => peerNs / ns)),
  });
  const simd = turns.flatMap(({ peerNs, simdNs: ns }) =>
    ns === undefined ? [] : [{ peerNs, ns }],
  );
  return {
    name,
    turnCount: turns.length,
    peerNs: figureOf(turns.map(({ peerNs }) => peerNs)),
    scalar: own(turns.map(({ peerNs, scalarNs: ns }) => ({ peerNs, ns }))),
    ...(simd.length > 0 && { simd: own(simd) }),
  };
}

function figureOf(values: readonly number[]): PeerFigure {
  return { median: median(values), spread: spread(values) };
}
