/**
 * Rows of cells as aligned lines. Where the reader's screen ends, the last cell of a row goes on below itself; whoever reads
 * a pipe gets each row as one line.
 */
import { type Paint, plain, type Style } from "./paint.ts";
import { wrapped } from "./wrap.ts";

const GAP = "  ";
/** Where less is left of the screen than that, the terminal may wrap as it likes. */
const WRAP_MIN = 16;

export interface Column {
  readonly title: string;
  /** Left if not given. */
  readonly align?: "right";
  /** So that tables which are made piece by piece stand below each other. */
  readonly widthMin?: number;
}

/** A text, in a style that says whether it is good or bad if it is either. */
export type Cell = string | { readonly text: string; readonly style: Style };

export interface TableOptions {
  readonly paint?: Paint;
  /** Of the reader's screen. */
  readonly widthMax?: number | undefined;
  /** For a piece of a table that goes on. */
  readonly withoutTitles?: boolean;
}

/** Whole lines, the titles first. */
export function tableLines(
  columns: readonly Column[],
  rows: readonly (readonly Cell[])[],
  options: TableOptions = {},
): string[] {
  const titles = columns.map(({ title }) => title);
  const all = [titles, ...rows];
  const widths = columns.map(({ widthMin = 0 }, at) =>
    all.reduce((most, row) => Math.max(most, textOf(row[at]).length), widthMin),
  );
  const shown = options.withoutTitles === true ? rows : all;
  return shown.flatMap((row) => linesOf(row, columns, { widths, ...options }));
}

/** "name  value" lines without titles: what is known of one thing. */
export function fieldLines(
  fields: readonly (readonly [name: string, value: Cell])[],
  { paint = plain }: TableOptions = {},
): string[] {
  const width = fields.reduce((most, [name]) => Math.max(most, name.length), 0);
  return fields.map(([name, value]) =>
    `${name.padEnd(width)}${GAP}${painted(value, textOf(value), paint)}`.trimEnd().concat("\n"),
  );
}

/** Names come from other machines: nothing in them does anything to a terminal. */
export function harmless(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for.
  return text.replaceAll(/[\u0000-\u001f\u007f-\u009f]/g, "?");
}

interface LineOptions extends TableOptions {
  readonly widths: readonly number[];
}

function linesOf(
  row: readonly Cell[],
  columns: readonly Column[],
  { widths, paint = plain, widthMax = Number.POSITIVE_INFINITY }: LineOptions,
): string[] {
  let last = row.length - 1;
  while (last > 0 && textOf(row[last]) === "") last -= 1;
  const before = row.slice(0, last).map((cell, at) => {
    const text = textOf(cell);
    const width = widths[at] ?? 0;
    const aligned = columns[at]?.align === "right" ? text.padStart(width) : text.padEnd(width);
    return `${painted(cell, aligned, paint)}${GAP}`;
  });
  const indent = widths.slice(0, last).reduce((sum, width) => sum + width + GAP.length, 0);
  const text = textOf(row[last]);
  const end = columns[last]?.align === "right" ? text.padStart(widths[last] ?? 0) : text;
  return wrapped(end, Math.max(widthMax - indent, WRAP_MIN)).map((piece, at) => {
    const head = at === 0 ? before.join("") : " ".repeat(indent);
    return `${head}${painted(row[last], piece, paint)}\n`;
  });
}

function textOf(cell: Cell | undefined): string {
  return harmless(typeof cell === "object" ? cell.text : (cell ?? ""));
}

function painted(cell: Cell | undefined, shown: string, paint: Paint): string {
  return typeof cell === "object" ? paint(cell.style, shown) : harmless(shown);
}
