/**
 * How measurements are shown: tables of 80 columns, three digits of each figure, because the next
 * one is noise. Nothing here measures or prints.
 */
import { present } from "../cluster/base/assert.ts";
import type { Bench, Measurement } from "./bench.ts";
import { median, spread } from "./placement/statistics.ts";

const WIDTH = 80;
const GAP = "  ";
/** Narrower than this, a column of words is harder to read than a line that is too long. */
const WHAT_WIDTH_MIN = 20;

const HEADER = ["what", "measured", "", "spread", "target", "verdict"];
/** Figures end at the right so that their magnitudes can be compared, words begin at the left. */
const ALIGNED_RIGHT = [false, true, false, true, true, false];

const STEPS = [
  [1e9, "G"],
  [1e6, "M"],
  [1e3, "k"],
] as const;

export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryBytes: number;
  readonly node: string;
  readonly platform: string;
}

/** 12345 -> "12.3k"; 0.98765 -> "0.988". */
export function figure(value: number): string {
  // 999.6 has three digits as 1.00k: whoever picks the step before rounding writes 1.00e+3.
  const rounded = Number(value.toPrecision(3));
  const [divisor, suffix] = STEPS.find(([step]) => Math.abs(rounded) >= step) ?? [1, ""];
  const short = rounded / divisor;
  return `${Math.abs(short) < 1000 ? short.toPrecision(3) : String(short)}${suffix}`;
}

/**
 * No date: two reports of the same machine and the same code differ only where something changed.
 */
export function machineLine({ cpu, cores, memoryBytes, node, platform }: Machine): string {
  const memory = Math.round(memoryBytes / 1024 ** 3);
  const coreWord = cores === 1 ? "core" : "cores";
  const model = cpu.replaceAll(/\s+/g, " ").trim() || "unknown processor";
  return `${model}, ${cores} ${coreWord}, ${memory} GiB, ${platform}, Node ${node}`;
}

/** The names and what they are about, one a line. */
export function listing(benches: readonly Bench[]): string {
  const width = Math.max(...benches.map(({ name }) => name.length));
  return benches
    .flatMap(({ name, about }) =>
      wrap(about, WIDTH - width - GAP.length).map(
        (line, index) => (index === 0 ? name : "").padEnd(width) + GAP + line,
      ),
    )
    .join("\n");
}

/** Whether a measurement reaches its target; nothing where there is none. */
export function verdict(measurement: Measurement): "ok" | "short" | "" {
  const { value, atLeast, atMost } = measurement;
  if (atLeast === undefined && atMost === undefined) return "";
  const { NEGATIVE_INFINITY: least, POSITIVE_INFINITY: most } = Number;
  return value >= (atLeast ?? least) && value <= (atMost ?? most) ? "ok" : "short";
}

function target({ atLeast, atMost }: Measurement): string {
  if (atMost !== undefined) return `≤ ${figure(atMost)}`;
  return atLeast === undefined ? "" : figure(atLeast);
}

/**
 * One measurement of each kind from several runs of a bench: the median, and the widest spread that
 * was seen.
 */
export function combine(runs: readonly (readonly Measurement[])[]): Measurement[] {
  const [first = []] = runs;
  if (runs.length === 1) return [...first];
  return first.map((measurement, index) => {
    const same = runs.map((run) => present(run[index], `"${measurement.what}" of every run`));
    return {
      ...measurement,
      value: median(same.map(({ value }) => value)),
      spread: spread(same.flatMap((each) => each.spread ?? [each.value])),
    };
  });
}

export function table(measurements: readonly Measurement[]): string {
  const rows = measurements.map((measurement) => [
    measurement.what,
    figure(measurement.value),
    measurement.unit,
    measurement.spread?.map(figure).join("–") ?? "",
    target(measurement),
    verdict(measurement),
  ]);
  const widths = HEADER.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const others = widths.slice(1).reduce((sum, width) => sum + width + GAP.length, 0);
  widths[0] = Math.min(widths[0] ?? 0, Math.max(WIDTH - others, WHAT_WIDTH_MIN));
  return [HEADER, ...rows].flatMap((row) => lines(row, widths)).join("\n");
}

/** A row takes as many lines as its first cell needs; the figures stand in the last of them. */
function lines(row: readonly string[], widths: readonly number[]): string[] {
  const [what = "", ...cells] = row;
  const [width = 0, ...otherWidths] = widths;
  const words = wrap(what, width);
  const figures = otherWidths.map((other, index) => {
    const cell = cells[index] ?? "";
    return ALIGNED_RIGHT[index + 1] ? cell.padStart(other) : cell.padEnd(other);
  });
  const last = [words.at(-1)?.padEnd(width) ?? "", ...figures].join(GAP).trimEnd();
  return [...words.slice(0, -1), last];
}

/**
 * Breaks at spaces; the lines after the first are indented. A word that is too long stays whole.
 */
function wrap(text: string, width: number): string[] {
  const result: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line.trim() !== "" && line.length + 1 + word.length > width) {
      result.push(line);
      line = `  ${word}`;
    } else {
      line = line === "" ? word : `${line} ${word}`;
    }
  }
  return [...result, line];
}
