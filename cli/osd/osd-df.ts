/** `osd df`: how full each OSD is, as a table. */
import type { OsdDf, OsdDfRow } from "../../cluster/message/query.ts";
import { formatBytes, formatShare } from "../amount.ts";
import { type Cell, type Column, type TableOptions, tableLines } from "../table.ts";

const RIGHT = { align: "right" } as const;
const COLUMNS: readonly Column[] = [
  { title: "ID", ...RIGHT },
  { title: "CLASS" },
  { title: "WEIGHT", ...RIGHT },
  { title: "REWEIGHT", ...RIGHT },
  { title: "SIZE", ...RIGHT },
  { title: "USED", ...RIGHT },
  { title: "AVAIL", ...RIGHT },
  { title: "%USED", ...RIGHT },
  { title: "VAR", ...RIGHT },
  { title: "PGS", ...RIGHT },
  { title: "STATUS" },
];
const UNKNOWN = "-";

/** Whole lines: a row for each OSD, the sum, and how far they are apart. */
export function osdDfLines(df: OsdDf, options: TableOptions = {}): string[] {
  const { rows, totalBytes, usedBytes, utilization, minVariance, maxVariance, deviation } = df;
  const sum: Cell[] = [
    "",
    "",
    "",
    "TOTAL",
    formatBytes(totalBytes),
    formatBytes(usedBytes),
    formatBytes(Math.max(0, totalBytes - usedBytes)),
    formatShare(utilization),
  ];
  const spread = [
    `MIN/MAX VAR: ${minVariance.toFixed(2)}/${maxVariance.toFixed(2)}`,
    `STDDEV: ${(deviation * 100).toFixed(2)}`,
  ];
  return [...tableLines(COLUMNS, [...rows.map(rowOf), sum], options), `${spread.join("  ")}\n`];
}

function rowOf(row: OsdDfRow): Cell[] {
  const { totalBytes, usedBytes, isHeard, isUp } = row;
  const known = (text: string): string => (isHeard ? text : UNKNOWN);
  return [
    String(row.osd),
    row.deviceClass,
    row.crushWeight.toFixed(3),
    row.reweight.toFixed(3),
    known(formatBytes(totalBytes)),
    known(formatBytes(usedBytes)),
    known(formatBytes(Math.max(0, totalBytes - usedBytes))),
    known(formatShare(row.utilization)),
    known(row.variance.toFixed(2)),
    String(row.pgCount),
    isUp ? { text: "up", style: "good" } : { text: "down", style: "bad" },
  ];
}
