/** `pool df`: what pools hold and how much more they could. */
import type { PoolDfRow } from "../../cluster/message/query.ts";
import { formatBytes, formatCount, formatNumberOf, formatShare } from "../amount.ts";
import { type Cell, type Column, type TableOptions, tableLines } from "../table.ts";
import { quotaText } from "./pool-list.ts";

const RIGHT = { align: "right" } as const;
const COLUMNS: readonly Column[] = [
  { title: "POOL" },
  { title: "ID", ...RIGHT },
  { title: "PGS", ...RIGHT },
  { title: "STORED", ...RIGHT },
  { title: "OBJECTS", ...RIGHT },
  { title: "USED", ...RIGHT },
  { title: "%USED", ...RIGHT },
  { title: "MAX AVAIL", ...RIGHT },
  { title: "QUOTA" },
];

/** Whole lines: a row for each pool, and what should be done about some. */
export function poolDfLines(rows: readonly PoolDfRow[], options: TableOptions = {}): string[] {
  return [...tableLines(COLUMNS, rows.map(rowOf), options), ...rows.flatMap(remarksOf)];
}

function rowOf(row: PoolDfRow): Cell[] {
  const { maxAvailBytes, quotaRatio } = row;
  const quota = quotaText(row);
  return [
    row.name,
    String(row.pool),
    String(row.pgNum),
    formatBytes(row.storedBytes),
    formatCount(row.objects),
    formatBytes(row.usedBytes),
    formatShare(row.usedRatio),
    maxAvailBytes === undefined ? "-" : formatBytes(maxAvailBytes),
    quotaRatio === undefined ? "-" : `${quota} (${formatShare(quotaRatio)})`,
  ];
}

function remarksOf({ name, degraded, misplaced, unfound, pgNum, advice }: PoolDfRow): string[] {
  const parts = [
    ...(degraded > 0 ? [`${formatCount(degraded)} copies degraded`] : []),
    ...(misplaced > 0 ? [`${formatCount(misplaced)} copies misplaced`] : []),
    ...(unfound > 0 ? [`${formatNumberOf(unfound, "object")} unfound`] : []),
    ...(advice?.isFarOff === true
      ? [`${advice.pgNum} PGs would suit it better than ${pgNum}`]
      : []),
  ];
  return parts.length === 0 ? [] : [`${name}: ${parts.join(", ")}\n`];
}
