import { OPTIMAL_TUNABLES } from "../../crush/tunables.ts";
import { type CrushMap, OPCODE } from "../../crush/types.ts";

/** One straw2 bucket of devices, and a rule that chooses some of them. */
export function flatMap(weights: readonly number[]): CrushMap {
  const items = weights.map((_, device) => device);
  const steps = [
    { op: OPCODE.take, arg1: -1, arg2: 0 },
    { op: OPCODE.chooseFirstn, arg1: 0, arg2: 0 },
    { op: OPCODE.emit, arg1: 0, arg2: 0 },
  ];
  const none = new Map();
  return {
    buckets: [{ id: -1, type: 1, alg: "straw2", hash: 0, weight: 0, items, itemWeights: weights }],
    rules: [{ ruleset: 0, type: 1, minSize: 1, maxSize: 10, steps }],
    maxDevices: items.length,
    tunables: OPTIMAL_TUNABLES,
    typeNames: none,
    itemNames: none,
    ruleNames: none,
    classNames: none,
    itemClasses: none,
    classBuckets: none,
    chooseArgs: none,
  };
}
