/** PGs as rows of a table, which comes page by page, and as JSON. */
import { formatPgId } from "../../cluster/map/pg-id.ts";
import { formatPgState, isInState } from "../../cluster/map/pg-state.ts";
import type { PgRow, PgTrouble } from "../../cluster/message/query.ts";
import { NONE } from "../../crush/types.ts";
import { formatBytes, formatCount, formatDuration } from "../amount.ts";
import { type Cell, type Column, type TableOptions, tableLines } from "../table.ts";
import { rowText } from "./pg-mapping.ts";

const RIGHT = { align: "right" } as const;
const COLUMNS: readonly Column[] = [
  { title: "PG", widthMin: 6 },
  { title: "OBJECTS", ...RIGHT },
  { title: "BYTES", ...RIGHT, widthMin: 8 },
  { title: "DEGR", ...RIGHT },
  { title: "MISPL", ...RIGHT },
  { title: "UP", widthMin: 9 },
  { title: "ACTING", widthMin: 9 },
];
const STATE: Column = { title: "STATE" };
const STUCK: Column = { title: "FOR", ...RIGHT, widthMin: 7 };

export interface PgTableOptions extends TableOptions {
  /** Adds for how long each has been in it. */
  readonly trouble?: PgTrouble | undefined;
}

export function pgLines(
  rows: readonly PgRow[],
  { trouble, ...options }: PgTableOptions = {},
): string[] {
  const columns = [...COLUMNS, ...(trouble === undefined ? [] : [STUCK]), STATE];
  const cells = rows.map((row) => [
    formatPgId(row.pg),
    formatCount(row.objects),
    formatBytes(row.bytes),
    formatCount(row.degraded),
    formatCount(row.misplaced),
    setText(row.up, row.upPrimary),
    setText(row.acting, row.actingPrimary),
    ...(trouble === undefined ? [] : [sinceText(row, trouble)]),
    stateCell(row),
  ]);
  return tableLines(columns, cells, options);
}

export interface PgJson extends Omit<PgRow, "pg" | "state"> {
  readonly pg: string;
  readonly state: string;
}

export function pgJson({ pg, state, ...row }: PgRow): PgJson {
  return { ...row, pg: formatPgId(pg), state: formatPgState(state) };
}

function stateCell({ state, unfound }: PgRow): Cell {
  const text = `${formatPgState(state)}${unfound > 0 ? ` (${unfound} unfound)` : ""}`;
  if (state === 0 || !isInState(state, "active")) return { text, style: "bad" };
  return isInState(state, "clean") ? text : { text, style: "warning" };
}

function sinceText({ troubleMs }: PgRow, trouble: PgTrouble): string {
  const sinceMs = troubleMs[trouble];
  return sinceMs === undefined ? "-" : formatDuration(sinceMs);
}

/** As Ceph's: the primary stands behind the set where it is not the first. */
function setText(osds: readonly number[], primary: number | undefined): string {
  const shown = osds.map((osd) => (osd === NONE ? null : osd));
  const first = shown.find((osd) => osd !== null);
  const isUsual = primary === undefined || primary === first;
  return `${rowText(shown)}${isUsual ? "" : `p${primary}`}`;
}
