/** `osd tree`: the CRUSH hierarchy with what the map knows of each OSD, and the OSDs that stand nowhere in it. */
import { osdId } from "../../cluster/base/ids.ts";
import type { OsdMap } from "../../cluster/map/osd-map.ts";
import { rootsOf, shadowIdsOf } from "../../crush/classes.ts";
import { itemWeightsOf } from "../../crush/make-bucket.ts";
import { bucketOf, type CrushMap } from "../../crush/types.ts";
import { WEIGHT_ONE } from "../../crush/weight.ts";
import type { Cell, Column } from "../table.ts";
import {
  isInStates,
  type OsdFilter,
  type OsdStatus,
  osdIds,
  STATUS_STYLE,
  statusOf,
} from "./osd-state.ts";

const INDENT = 2;
/** So that a deep tree leaves room for names. */
const INDENT_MAX = 16;

export interface TreeNode {
  readonly id: number;
  readonly name: string;
  readonly type: string;
  readonly depth: number;
  /** As its parent weighs it; 1 is one. */
  readonly crushWeight: number;
  readonly deviceClass?: string;
  /** Of a device that the map has an OSD for. */
  readonly status?: OsdStatus;
  readonly reweight?: number;
  readonly primaryAffinity?: number;
  /** Of a bucket. */
  readonly children?: readonly number[];
}

export interface OsdTree {
  /** Each bucket before what it holds. */
  readonly nodes: readonly TreeNode[];
  /** OSDs that have no place in the CRUSH map. */
  readonly stray: readonly TreeNode[];
}

/** With filters only OSDs that are in all of these states, and the buckets above them. */
export function osdTree(map: OsdMap, filters: readonly OsdFilter[] = []): OsdTree {
  const walk = new TreeWalk(map, filters);
  const { crush } = map;
  const shadows = shadowIdsOf(crush);
  for (const root of rootsOf(crush).toReversed()) {
    if (!shadows.has(root.id)) walk.visit(root.id, root.weight, 0);
  }
  return { nodes: walk.nodes, stray: walk.strays() };
}

class TreeWalk {
  readonly nodes: TreeNode[] = [];
  readonly #map: OsdMap;
  readonly #filters: readonly OsdFilter[];
  readonly #seen = new Set<number>();

  constructor(map: OsdMap, filters: readonly OsdFilter[]) {
    this.#map = map;
    this.#filters = filters;
  }

  /** Whether anything of it is shown. */
  visit(id: number, weight: number, depth: number): boolean {
    const { crush } = this.#map;
    const bucket = bucketOf(crush, id);
    if (bucket === undefined) return this.#visitDevice(id, weight, depth);
    const at = this.nodes.length;
    const type = crush.typeNames.get(bucket.type) ?? `type${bucket.type}`;
    const children = bucket.items;
    this.nodes.push({ ...common(crush, id, weight), type, depth, children });
    const weights = itemWeightsOf(bucket);
    let isAnyShown = false;
    for (const [index, item] of children.entries()) {
      if (this.visit(item, weights[index] ?? 0, depth + 1)) isAnyShown = true;
    }
    if (isAnyShown || this.#filters.length === 0) return true;
    this.nodes.splice(at);
    return false;
  }

  strays(): TreeNode[] {
    return osdIds(this.#map).flatMap((id) => {
      const isShown = !this.#seen.has(id) && isInStates(this.#map, id, this.#filters);
      return isShown ? [this.#device(id, 0, 0)] : [];
    });
  }

  #visitDevice(id: number, weight: number, depth: number): boolean {
    this.#seen.add(id);
    if (this.#filters.length > 0 && !isInStates(this.#map, osdId(id), this.#filters)) return false;
    this.nodes.push(this.#device(id, weight, depth));
    return true;
  }

  #device(id: number, weight: number, depth: number): TreeNode {
    const { crush, osds, shares } = this.#map;
    const info = osds.get(osdId(id));
    const share = shares.get(osdId(id));
    const deviceClass = crush.classNames.get(crush.itemClasses.get(id) ?? -1);
    return {
      ...common(crush, id, weight),
      type: crush.typeNames.get(0) ?? "osd",
      depth,
      ...(deviceClass !== undefined && { deviceClass }),
      ...(info !== undefined && { status: statusOf(info) }),
      ...(share !== undefined && {
        reweight: share.weight / WEIGHT_ONE,
        primaryAffinity: share.primaryAffinity / WEIGHT_ONE,
      }),
    };
  }
}

function common(
  { itemNames }: CrushMap,
  id: number,
  weight: number,
): Pick<TreeNode, "id" | "name" | "crushWeight"> {
  const name = itemNames.get(id) ?? (id < 0 ? `bucket${id}` : `osd.${id}`);
  return { id, name, crushWeight: weight / WEIGHT_ONE };
}

export const TREE_COLUMNS: readonly Column[] = [
  { title: "ID", align: "right" },
  { title: "CLASS" },
  { title: "WEIGHT", align: "right" },
  { title: "TYPE NAME" },
  { title: "STATUS" },
  { title: "REWEIGHT", align: "right" },
  { title: "PRI-AFF", align: "right" },
];

export function treeRows({ nodes, stray }: OsdTree): Cell[][] {
  return [...nodes, ...stray].map(rowOf);
}

function rowOf(node: TreeNode): Cell[] {
  const { id, name, type, depth, crushWeight, deviceClass = "", status, children } = node;
  const indent = " ".repeat(Math.min(depth * INDENT, INDENT_MAX));
  const label = children === undefined ? name : `${type} ${name}`;
  const row: Cell[] = [String(id), deviceClass, weightText(crushWeight), `${indent}${label}`];
  if (children !== undefined) return row;
  if (status === undefined) return [...row, { text: "no OSD", style: "warning" }];
  return [
    ...row,
    { text: status, style: STATUS_STYLE[status] },
    node.reweight === 0
      ? { text: weightText(0), style: "warning" }
      : weightText(node.reweight ?? 0),
    weightText(node.primaryAffinity ?? 0),
  ];
}

/** Five digits, as Ceph shows weights. */
export function weightText(weight: number): string {
  return weight.toFixed(5);
}
