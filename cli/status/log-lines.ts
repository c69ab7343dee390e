/** The cluster log for people. */
import type { EventLevel, NumberedEvent } from "../../cluster/coordination/cluster-log.ts";
import { formatTime } from "../amount.ts";
import type { Style } from "../paint.ts";
import { type Cell, type Column, type TableOptions, tableLines } from "../table.ts";

const LEVEL_STYLE: Readonly<Record<EventLevel, Style>> = {
  info: "faint",
  warn: "warning",
  error: "bad",
};

const COLUMNS: readonly Column[] = [
  { title: "WHEN (UTC)" },
  { title: "LEVEL", widthMin: 5 },
  { title: "WHAT" },
];

/** A row for each event, without titles: more of them may follow. */
export function logLines(events: readonly NumberedEvent[], options: TableOptions = {}): string[] {
  const rows = events.map(({ wallMs, level, text }): Cell[] => [
    formatTime(wallMs),
    { text: level, style: LEVEL_STYLE[level] },
    text,
  ]);
  return tableLines(COLUMNS, rows, { ...options, withoutTitles: true });
}
