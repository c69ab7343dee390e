/** A map's tree as a table for a terminal of 80 columns. */
import { rootsOf, shadowIdsOf } from "../../crush/classes.ts";
import { itemWeightsOf } from "../../crush/make-bucket.ts";
import { bucketOf, type CrushMap } from "../../crush/types.ts";
import { formatWeight } from "../../crush/weight.ts";

const WIDTH = 80;
const INDENT = 2;
/** So that a deep tree leaves room for names. */
const INDENT_MAX = 24;

interface Row {
  readonly id: string;
  readonly deviceClass: string;
  readonly weight: string;
  readonly type: string;
  readonly name: string;
}

const TITLE: Row = { id: "ID", deviceClass: "CLASS", weight: "WEIGHT", type: "TYPE", name: "NAME" };

export interface TreeOptions {
  /** Also the shadow trees of device classes. */
  readonly withShadows: boolean;
}

/** Whole lines. A bucket that stands in several others is shown in full once. */
export function treeLines(map: CrushMap, { withShadows }: TreeOptions): string[] {
  const shadows = shadowIdsOf(map);
  const rows = [TITLE];
  const shown = new Set<number>();
  const show = (id: number, weight: number, depth: number): void => {
    const bucket = bucketOf(map, id);
    const isRepeated = bucket !== undefined && shown.has(id);
    const indent = " ".repeat(Math.min(depth * INDENT, INDENT_MAX));
    rows.push({
      id: String(id),
      deviceClass: map.classNames.get(map.itemClasses.get(id) ?? -1) ?? "",
      weight: formatWeight(weight),
      type: typeName(map, bucket?.type ?? 0),
      name: `${indent}${map.itemNames.get(id) ?? ""}${isRepeated ? " (as above)" : ""}`,
    });
    if (bucket === undefined || isRepeated) return;
    shown.add(id);
    const weights = itemWeightsOf(bucket);
    for (const [index, item] of bucket.items.entries()) show(item, weights[index] ?? 0, depth + 1);
  };
  for (const root of rootsOf(map)) {
    if (withShadows || !shadows.has(root.id)) show(root.id, root.weight, 0);
  }
  return alignedLines(rows);
}

function typeName(map: CrushMap, type: number): string {
  return map.typeNames.get(type) ?? (type === 0 ? "osd" : `type${type}`);
}

function alignedLines(rows: readonly Row[]): string[] {
  const width = (column: keyof Row): number =>
    rows.reduce((most, row) => Math.max(most, row[column].length), 0);
  const [id, deviceClass, weight, type] = [
    width("id"),
    width("deviceClass"),
    width("weight"),
    width("type"),
  ];
  return rows.map((row) => {
    const columns = [
      row.id.padStart(id),
      row.deviceClass.padEnd(deviceClass),
      row.weight.padStart(weight),
      row.type.padEnd(type),
      row.name,
    ];
    return `${cut(columns.join("  ").trimEnd())}\n`;
  });
}

function cut(line: string): string {
  return line.length <= WIDTH ? line : `${line.slice(0, WIDTH - 1)}…`;
}
