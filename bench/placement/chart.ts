/**
 * The charts of the HTML report, as SVG: pure strings, drawn for a light and a dark page alike,
 * because every colour is a variable of the page's style.
 */
import type { Balance } from "./balance.ts";
import type { Chance } from "./chance.ts";
import { excess, figure, percent } from "./figure.ts";
import type { ChangeBound, PlacementReport, SchemeFigures } from "./report.ts";

/** Made for text and attributes alike: names come from the map that is measured. */
export function escapeHtml(text: string): string {
  const entities: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", '"': "&quot;" };
  return text.replaceAll(/[&<"]/g, (character) => entities[character] ?? character);
}

const BALANCE = { width: 260, height: 120, top: 8, bottom: 20 } as const;

/**
 * How many devices have which load, and, as a line, how many would if PGs were thrown at random.
 * All panels have the same scales. Loads beyond the scale stand at its ends.
 */
export function balanceChart(
  { histogram: { span, counts } }: Balance,
  chance: Chance,
  deviceCountMax: number,
): string {
  const { width, height, top, bottom } = BALANCE;
  const floor = height - bottom;
  const binWidth = (2 * span) / counts.length;
  const xOf = (load: number): number => ((load - 1 + span) / (2 * span)) * width;
  const yOf = (deviceCount: number): number =>
    Math.max(floor - (deviceCount / deviceCountMax) * (floor - top), 0);
  const bars = counts.map((deviceCount, bin) => {
    if (deviceCount === 0) return "";
    const load = 1 - span + bin * binWidth;
    const y = yOf(deviceCount);
    const title = `${percent(load)} to ${percent(load + binWidth)} of the fair share: ${deviceCount} devices`;
    return `<rect class="bar" x="${fixed(xOf(load))}" y="${fixed(y)}" width="${fixed(width / counts.length - 0.8)}" height="${fixed(floor - y)}"><title>${title}</title></rect>`;
  });
  const area = counts.reduce((sum, deviceCount) => sum + deviceCount, 0) * binWidth;
  const curve = Array.from({ length: CURVE_STEPS + 1 }, (_, step) => {
    const load = 1 - span + (2 * span * step) / CURVE_STEPS;
    return `${fixed(xOf(load))},${fixed(yOf(area * density(load, chance)))}`;
  });
  const end = (load: number): string => `${Math.round(load * 100)} %`;
  return svg(width, height, "How many devices have which load", [
    ...bars,
    `<polyline class="ideal" points="${curve.join(" ")}"/>`,
    `<line class="axis" x1="0" x2="${width}" y1="${floor}" y2="${floor}"/>`,
    label(0, height - 6, end(1 - span), "start"),
    label(xOf(1), height - 6, "fair share", "middle"),
    label(width, height - 6, end(1 + span), "end"),
  ]);
}

const CURVE_STEPS = 100;

/** A binomial distribution of many PGs is a normal one, near enough for a line of two pixels. */
function density(load: number, { loadStddev }: Chance): number {
  if (loadStddev === 0) return 0;
  const spread = Math.sqrt(2 * Math.PI) * loadStddev;
  return Math.exp(-(((load - 1) / loadStddev) ** 2) / 2) / spread;
}

/**
 * The scale that all panels share: that of the line and of the bars between the outer two, which
 * hold whatever is beyond. What the balancer has evened out may leave the panel at its top.
 */
export function tallestBar(schemes: readonly SchemeFigures[], chance: Chance): number {
  const heights = schemes.flatMap(({ balance }) => {
    if (balance === undefined) return [];
    const { span, counts } = balance.histogram;
    const total = counts.reduce((sum, deviceCount) => sum + deviceCount, 0);
    const peak = total * ((2 * span) / counts.length) * density(1, chance);
    return [peak, ...counts.slice(1, -1)];
  });
  return Math.max(1, ...heights);
}

const MOVEMENT = { width: 330, row: 18, left: 116, right: 44, top: 4, bottom: 20 } as const;

/**
 * For each change, a tick at the part that has to move and a dot at the part that does, on a
 * logarithmic scale: the line between them is as long as the excess is great.
 */
export function movementChart(scheme: SchemeFigures, changes: readonly ChangeBound[]): string {
  const { width, row, left, right, top, bottom } = MOVEMENT;
  const floor = top + row * changes.length;
  const scale = movementScale(changes);
  const xOf = (part: number): number =>
    left + (Math.log10(clamp(part, scale) / scale.least) / scale.decades) * (width - left - right);
  const grid = Array.from({ length: scale.decades + 1 }, (_, decade) => {
    const part = scale.least * 10 ** decade;
    const x = fixed(xOf(part));
    const text = `${Number((part * 100).toPrecision(1))} %`;
    return `<line class="grid" x1="${x}" x2="${x}" y1="${top}" y2="${floor}"/>${label(xOf(part), floor + 14, text, "middle")}`;
  });
  const rows = changes.map(({ name, least }, index) => {
    const y = top + row * (index + 0.5);
    const moved = scheme.changes[index]?.moved;
    const title = label(left - 10, y + 4, escapeHtml(name), "end");
    const ratio = label(width, y + 4, excess(moved, least), "end", "ratio");
    const tick = `<line class="least" x1="${fixed(xOf(least))}" x2="${fixed(xOf(least))}" y1="${y - 5}" y2="${y + 5}"/>`;
    if (moved === undefined) return title + tick + ratio;
    const tone = toneOf(moved, least);
    const shown = `${percent(moved)} moved, ${percent(least)} has to`;
    return `${title}${tick}<line class="link ${tone}" x1="${fixed(xOf(least))}" x2="${fixed(xOf(moved))}" y1="${y}" y2="${y}"/><circle class="dot ${tone}" cx="${fixed(xOf(moved))}" cy="${y}" r="4.5"><title>${shown}</title></circle>${ratio}`;
  });
  return svg(width, floor + bottom, "What moved against what has to", [...grid, ...rows]);
}

interface LogScale {
  readonly least: number;
  readonly decades: number;
}

/** Whole decades up to everything, from the smallest change on. */
function movementScale(changes: readonly ChangeBound[]): LogScale {
  const smallest = Math.min(1, ...changes.map(({ least }) => least).filter((least) => least > 0));
  const decades = Math.max(1, Math.ceil(-Math.log10(smallest)));
  return { least: 10 ** -decades, decades };
}

function clamp(part: number, { least }: LogScale): number {
  return Math.min(Math.max(part, least), 1);
}

/** Up to a quarter more than must is the noise of a small change, and more than twice is much. */
export function toneOf(moved: number, least: number): "good" | "fair" | "poor" {
  if (moved <= 1.25 * least) return "good";
  return moved <= 2 * least ? "fair" : "poor";
}

const RATE = { width: 720, row: 26, left: 76, right: 80, top: 4, bottom: 20 } as const;

/** Mappings in a second, on a logarithmic scale; a ring marks the vectorized mapper. */
export function rateChart({ schemes }: PlacementReport): string {
  const { width, row, left, right, top, bottom } = RATE;
  const shown = schemes.filter(({ mappingsPerSecond }) => mappingsPerSecond !== undefined);
  const rates = shown.flatMap(({ mappingsPerSecond = 1, simdMappingsPerSecond }) => [
    mappingsPerSecond,
    simdMappingsPerSecond ?? mappingsPerSecond,
  ]);
  const low = Math.floor(Math.log10(Math.min(...rates)));
  const high = Math.max(low + 1, Math.ceil(Math.log10(Math.max(...rates))));
  const xOf = (rate: number): number =>
    left + ((Math.log10(rate) - low) / (high - low)) * (width - left - right);
  const floor = top + row * shown.length;
  const grid = Array.from({ length: high - low + 1 }, (_, step) => {
    const x = fixed(xOf(10 ** (low + step)));
    const text = `${new Intl.NumberFormat("en").format(10 ** (low + step))}/s`;
    return `<line class="grid" x1="${x}" x2="${x}" y1="${top}" y2="${floor}"/>${label(Number(x), floor + 14, text, "middle")}`;
  });
  const rows = shown.map(({ name, mappingsPerSecond = 1, simdMappingsPerSecond: simd }, index) => {
    const y = top + row * (index + 0.5);
    const best = Math.max(mappingsPerSecond, simd ?? 0);
    return [
      label(left - 10, y + 4, escapeHtml(name), "end"),
      `<line class="link good" x1="${left}" x2="${fixed(xOf(best))}" y1="${y}" y2="${y}"/>`,
      `<circle class="dot good" cx="${fixed(xOf(mappingsPerSecond))}" cy="${y}" r="5"/>`,
      simd === undefined ? "" : `<circle class="ring" cx="${fixed(xOf(simd))}" cy="${y}" r="6"/>`,
      label(xOf(best) + 12, y + 4, figure(best), "start", "ratio"),
    ].join("");
  });
  return svg(width, floor + bottom, "Mappings in a second", [...grid, ...rows]);
}

function svg(width: number, height: number, title: string, parts: readonly string[]): string {
  return `<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${title}">${parts.join("")}</svg>`;
}

function label(x: number, y: number, text: string, anchor: string, kind = "label"): string {
  return `<text class="${kind}" x="${fixed(x)}" y="${fixed(y)}" text-anchor="${anchor}">${text}</text>`;
}

function fixed(value: number): string {
  return String(Math.round(value * 10) / 10);
}
