/**
 * A cluster as every scheme sees it: a CRUSH map with one of its rules, and, read off them, the
 * flat list of devices that the schemes without a tree work on. The map is the truth; whatever
 * changes the cluster changes the map and takes the list from it anew.
 */
import { assert } from "../../cluster/base/assert.ts";
import { CrushError } from "../../crush/error.ts";
import { itemWeightsOf } from "../../crush/make-bucket.ts";
import { bucketOf, type CrushMap, OPCODE, type RuleStep } from "../../crush/types.ts";

/** The weight of a device that takes all of its data. */
export const WHOLE = 0x10000;

export interface Device {
  readonly id: number;
  /** 16.16, and only the part of it that the device still takes. */
  readonly weight: number;
  /** Two replicas never share one. It is the id of a bucket, or of the device itself. */
  readonly domain: number;
}

export interface Cluster {
  readonly map: CrushMap;
  readonly ruleId: number;
  readonly replicas: number;
  /** By device id, 16.16: 0 is marked out. */
  readonly deviceWeights: Uint32Array;
  /** What the rule can reach, in ascending order of ids. */
  readonly devices: readonly Device[];
}

export interface RuleShape {
  /** The bucket below which all replicas stand. */
  readonly root: number;
  /** The type of the failure domain; 0 if it is the device. */
  readonly domainType: number;
  /** Whether a replica that changes its place in the list has moved, as shards of erasure codes do. */
  readonly isPositional: boolean;
}

export function clusterOf(
  map: CrushMap,
  { ruleId, replicas }: { ruleId: number; replicas: number },
  deviceWeights: Uint32Array = new Uint32Array(map.maxDevices).fill(WHOLE),
): Cluster {
  const devices = devicesOf(map, shapeOfRule(map, ruleId), deviceWeights);
  return { map, ruleId, replicas, deviceWeights, devices };
}

/** The cluster; throws CrushError where there is nothing to place data on. */
export function requireDevices(cluster: Cluster): Cluster {
  const { devices, map, ruleId } = cluster;
  if (devices.some(({ weight }) => weight > 0)) return cluster;
  const name = map.ruleNames.get(ruleId) ?? ruleId;
  throw new CrushError("MISPLACED", `rule "${name}" reaches no device that has weight`);
}

/**
 * Of a rule with several levels of choices, only the lowest bucket type is a failure domain here:
 * the schemes that CRUSH is compared with have no others.
 */
export function shapeOfRule(map: CrushMap, ruleId: number): RuleShape {
  const rule = map.rules[ruleId];
  if (rule === undefined) throw new CrushError("UNKNOWN", `the map has no rule ${ruleId}`);
  const taken = rule.steps.filter(({ op }) => op === OPCODE.take);
  const choices = rule.steps.filter(isChoice);
  const [root] = taken;
  const last = choices.findLast(({ arg2 }) => arg2 > 0) ?? choices.at(-1);
  if (root === undefined || root.arg1 >= 0 || last === undefined || taken.length > 1) {
    const name = map.ruleNames.get(ruleId) ?? ruleId;
    const message = `rule "${name}" cannot be measured: it does not take one bucket and choose below it`;
    throw new CrushError("MISPLACED", message);
  }
  return {
    root: root.arg1,
    domainType: last.arg2,
    isPositional: last.op === OPCODE.chooseIndep || last.op === OPCODE.chooseleafIndep,
  };
}

function isChoice({ op }: RuleStep): boolean {
  return (
    op === OPCODE.chooseFirstn ||
    op === OPCODE.chooseIndep ||
    op === OPCODE.chooseleafFirstn ||
    op === OPCODE.chooseleafIndep
  );
}

function devicesOf(
  map: CrushMap,
  { root, domainType }: RuleShape,
  deviceWeights: Uint32Array,
): Device[] {
  const devices = new Map<number, Device>();
  const visit = (bucketId: number, domainAbove: number | undefined): void => {
    const bucket = bucketOf(map, bucketId);
    assert(bucket !== undefined, `the rule's tree has a bucket ${bucketId}`);
    const domain = bucket.type === domainType ? bucketId : domainAbove;
    const weights = itemWeightsOf(bucket);
    for (const [index, id] of bucket.items.entries()) {
      if (id < 0) {
        visit(id, domain);
        continue;
      }
      const itsDomain = domainType === 0 ? id : domain;
      // A device outside of every failure domain is one that the rule never reaches.
      if (itsDomain === undefined) continue;
      const share = (deviceWeights[id] ?? 0) / WHOLE;
      devices.set(id, { id, weight: (weights[index] ?? 0) * share, domain: itsDomain });
    }
  };
  visit(root, undefined);
  return [...devices.values()].sort((left, right) => left.id - right.id);
}
