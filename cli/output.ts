/** How commands print: lines for people, and one line of JSON for programs. */
import { pageOut } from "./pager.ts";
import { type Paint, paintFor } from "./paint.ts";
import type { TableOptions } from "./table.ts";
import { writeOut } from "./write-out.ts";

export interface OutputFlags {
  readonly json?: true;
}

/** For standard output as it is now. */
export function screen(): TableOptions & { readonly paint: Paint } {
  const { stdout, env } = process;
  const paint = paintFor(stdout, env);
  return stdout.isTTY === true ? { paint, widthMax: stdout.columns } : { paint };
}

/** One line. Undefined fields are left out, and 64-bit numbers are texts, since JSON has no numbers for them. */
export function jsonText(value: unknown): string {
  const text = JSON.stringify(value, (_, field: unknown) =>
    typeof field === "bigint" ? field.toString() : field,
  );
  return `${text}\n`;
}

export async function printJson(value: unknown): Promise<void> {
  await writeOut(process.stdout, [jsonText(value)]);
}

/** Whichever of both was asked for; lines through the pager if they do not fit. */
export async function print(
  { json }: OutputFlags,
  { value, lines }: { readonly value: () => unknown; readonly lines: () => Iterable<string> },
): Promise<void> {
  if (json === true) await printJson(value());
  else await pageOut(inChunks(lines()));
}

const LINES_PER_CHUNK = 500;

async function* inChunks(lines: Iterable<string>): AsyncGenerator<string> {
  let chunk: string[] = [];
  for (const line of lines) {
    chunk.push(line);
    if (chunk.length < LINES_PER_CHUNK) continue;
    yield chunk.join("");
    chunk = [];
  }
  if (chunk.length > 0) yield chunk.join("");
}
