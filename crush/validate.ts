/**
 * What makes a map unusable: the mapper walks it without looking, so a loop would hang it, an item
 * without a bucket would end every search, and a rule that may try billions of times would do so.
 * Maps from a text are valid as they are made; maps from bytes and from edits are checked.
 */
import { effortProblemOf, largestItemCount } from "./effort.ts";
import { CrushError, type CrushErrorCode } from "./error.ts";
import { DEPTH_MAX, DEVICE_COUNT_MAX } from "./limits.ts";
import { bucketOf, type CrushBucket, type CrushMap } from "./types.ts";

export interface CrushProblem {
  readonly code: CrushErrorCode;
  readonly message: string;
  readonly place: { readonly bucketId: number } | { readonly ruleId: number };
}

/** Throws a CrushError for the first problem. */
export function requireValid(map: CrushMap): void {
  const problem = problemOf(map);
  if (problem !== undefined) throw new CrushError(problem.code, problem.message);
}

/** The first thing that makes the map unusable. */
export function problemOf(map: CrushMap): CrushProblem | undefined {
  const heights = new Map<number, number>();
  for (const bucket of map.buckets) {
    if (bucket === undefined) continue;
    const problem = problemOfBucket(map, bucket) ?? problemBelow(map, bucket, heights);
    if (problem !== undefined) return problem;
  }
  return problemOfRules(map);
}

function problemOfRules(map: CrushMap): CrushProblem | undefined {
  const { rules, tunables, ruleNames } = map;
  const itemCount = largestItemCount(map);
  for (const [ruleId, rule] of rules.entries()) {
    if (rule === undefined) continue;
    const problem = effortProblemOf({ steps: rule.steps, tunables, itemCount });
    if (problem === undefined) continue;
    const name = ruleNames.get(ruleId) ?? String(ruleId);
    const message = `step ${problem.step + 1} of rule "${name}": ${problem.message}`;
    return { code: "LIMIT", message, place: { ruleId } };
  }
  return undefined;
}

function problemOfBucket(map: CrushMap, bucket: CrushBucket): CrushProblem | undefined {
  const { id: bucketId, type, items } = bucket;
  const name = nameOf(map, bucketId);
  if (type === 0) {
    const message = `${name} has type 0, which is the type of devices`;
    return { code: "MISPLACED", message, place: { bucketId } };
  }
  for (const item of items) {
    if (item >= DEVICE_COUNT_MAX) {
      const message = `${name} holds device ${item}; the largest id is ${DEVICE_COUNT_MAX - 1}`;
      return { code: "LIMIT", message, place: { bucketId } };
    }
    if (item < 0 && bucketOf(map, item) === undefined) {
      return {
        code: "UNKNOWN",
        message: `${name} holds bucket ${item}, which is not there`,
        place: { bucketId },
      };
    }
  }
  return undefined;
}

/** Looks for loops and for trees that are too high. Heights of subtrees that are done are kept. */
function problemBelow(
  map: CrushMap,
  top: CrushBucket,
  heights: Map<number, number>,
): CrushProblem | undefined {
  const path = new Set<number>();
  const walk = (bucket: CrushBucket): CrushProblem | undefined => {
    const { id: bucketId } = bucket;
    if (heights.has(bucketId)) return undefined;
    if (path.has(bucketId)) {
      const loop = [...path, bucketId].slice([...path].indexOf(bucketId));
      const names = loop.map((id) => nameOf(map, id)).join(" > ");
      return { code: "LOOP", message: `a bucket would hold itself: ${names}`, place: { bucketId } };
    }
    path.add(bucketId);
    let below = 0;
    for (const item of bucket.items) {
      const child = bucketOf(map, item);
      if (child === undefined) continue;
      // The path is checked first: the walk must not go deeper than any tree may be.
      const problem = path.size > DEPTH_MAX ? tooHigh(map, bucketId) : walk(child);
      if (problem !== undefined) return problem;
      below = Math.max(below, heights.get(item) ?? 0);
    }
    if (below >= DEPTH_MAX) return tooHigh(map, bucketId);
    path.delete(bucketId);
    heights.set(bucketId, below + 1);
    return undefined;
  };
  return walk(top);
}

function tooHigh(map: CrushMap, bucketId: number): CrushProblem {
  const message = `more than ${DEPTH_MAX} levels of buckets stand below ${nameOf(map, bucketId)}`;
  return { code: "LIMIT", message, place: { bucketId } };
}

function nameOf(map: CrushMap, bucketId: number): string {
  const name = map.itemNames.get(bucketId);
  return name === undefined ? `bucket ${bucketId}` : `bucket "${name}"`;
}
