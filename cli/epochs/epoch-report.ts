/** One epoch row by row: what became of each, what it was before where that is kept, and whether it can be taken back. */
import { toHex } from "../../cluster/base/bytes.ts";
import type { EpochRecord, UndoRecord } from "../../cluster/map/epoch-record.ts";
import { sectionOf } from "../../cluster/map/osd-map-delta.ts";
import { formatTime } from "../amount.ts";
import { fieldLines, harmless, type TableOptions } from "../table.ts";
import { type RowKey, type RowValue, rowName, rowValue } from "./row-value.ts";

/** Of one kind: a pool of 65,536 PGs begins with a row for each. */
const ROWS_SHOWN_MAX = 5;

export interface RowReport {
  /** "weight of osd". */
  readonly kind: string;
  /** "weight of osd 3". */
  readonly what: string;
  /** People ask for it, and may take it back; the rest is what is so. */
  readonly isIntent: boolean;
  /** Known of intent only; null where there was nothing. */
  readonly before?: RowValue | null;
  /** Null where it went away. */
  readonly after: RowValue | null;
}

export interface EpochReport {
  readonly epoch: number;
  readonly wallMs: number;
  readonly controller: string;
  readonly causes: EpochRecord["causes"];
  readonly requests: readonly string[];
  readonly rows: readonly RowReport[];
  /** Whether the inverse of its intent is kept. */
  readonly isInverseKept: boolean;
}

export function epochReport(record: EpochRecord, undo: UndoRecord | undefined): EpochReport {
  const { epoch, wallMs, controller, causes, requests } = record;
  const inverse = new Map(undo?.inverse.map((row) => [keyOf(row), row]));
  const rows = record.rows.map((row): RowReport => {
    const known = inverse.get(keyOf(row));
    const { name: kind, isIntent } = sectionOf(row.section);
    return {
      kind,
      what: rowName(row),
      isIntent,
      ...(known !== undefined && { before: rowValue(row, known.before) ?? null }),
      after: rowValue(row, row.value) ?? null,
    };
  });
  const isInverseKept = undo !== undefined;
  return { epoch, wallMs, controller, causes, requests, rows, isInverseKept };
}

/** Whole lines. */
export function epochReportLines(
  report: EpochReport,
  { all, ...options }: TableOptions & { readonly all: boolean },
): string[] {
  const { epoch, wallMs, controller, causes, rows } = report;
  return [
    ...fieldLines(
      [
        ["epoch", String(epoch)],
        ["when", `${formatTime(wallMs)} UTC, by ${controller}`],
        ...causes.map(({ author, what }) => ["what", `${what} (${author})`] as const),
        ["inverse", inverseText(report)],
      ],
      options,
    ),
    "\n",
    ...kindsOf(rows).flatMap((alike) => {
      const shown = all ? alike : alike.slice(0, ROWS_SHOWN_MAX);
      const left = alike.length - shown.length;
      const rest = `  and ${left} more of ${alike[0]?.kind}: --all shows them\n`;
      return [...shown.flatMap(rowLines), ...(left > 0 ? [rest] : [])];
    }),
  ];
}

/** In the order in which they come. */
function kindsOf(rows: readonly RowReport[]): RowReport[][] {
  const kinds = new Map<string, RowReport[]>();
  for (const row of rows) {
    const alike = kinds.get(row.kind) ?? [];
    kinds.set(row.kind, alike);
    alike.push(row);
  }
  return [...kinds.values()];
}

function inverseText({ rows, isInverseKept }: EpochReport): string {
  const intent = rows.filter(({ isIntent }) => isIntent).length;
  if (intent === 0) return "nothing that anybody asked for was changed";
  if (!isInverseKept) return "not kept any more";
  return `kept, of ${intent === 1 ? "1 row" : `${intent} rows`}`;
}

function rowLines({ what, before, after, isIntent }: RowReport): string[] {
  if (after === null) return [`- ${harmless(what)}\n`, ...valueLines(before ?? {})];
  if (before === undefined || before === null) {
    // A fact has many fields, and those that are 0 say that something never was.
    const shown = isIntent ? after : withoutZeros(after);
    return [`${before === null ? "+" : "="} ${harmless(what)}\n`, ...valueLines(shown)];
  }
  const fields = Object.keys(after).filter(
    (field) => textOf(before[field]) !== textOf(after[field]),
  );
  const lines = fields.map(
    (field) => `    ${field}: ${textOf(before[field])} -> ${textOf(after[field])}\n`,
  );
  return [`~ ${harmless(what)}\n`, ...lines.map(harmlessLine)];
}

function withoutZeros(value: RowValue): RowValue {
  return Object.fromEntries(Object.entries(value).filter(([, each]) => each !== 0));
}

const WIDTH = 76;

/** As many fields in a line as fit. */
function valueLines(value: RowValue): string[] {
  const lines: string[] = [];
  for (const [field, each] of Object.entries(value)) {
    const text = textOf(each);
    if (text === "") continue;
    const part = `${field} ${text}`;
    const line = lines.at(-1);
    if (line === undefined || line.length + 2 + part.length > WIDTH) lines.push(part);
    else lines[lines.length - 1] = `${line}, ${part}`;
  }
  return lines.map((line) => `    ${harmless(line)}\n`);
}

function textOf(value: unknown): string {
  if (value === undefined || value === null) return "";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

function harmlessLine(line: string): string {
  return `${harmless(line.slice(0, -1))}\n`;
}

function keyOf({ section, key }: RowKey): string {
  return `${section}.${toHex(key)}`;
}
