/** The report as text for a terminal of 80 columns. */

import type { Chance } from "./chance.ts";
import { count, duration, excess, figure, percent } from "./figure.ts";
import type { OwnFigures, PeerFigure, PeerFigures } from "./peer.ts";
import type { SchemeFigures, UpmapFigures } from "./report.ts";
import { movementNoise, type PlacementReport } from "./report.ts";

const WIDTH = 80;

export function reportText(report: PlacementReport): string {
  const sections = [
    heading(report),
    balanceSection(report),
    movementSection(report),
    ...(report.peer === undefined ? [] : [peerSection(report.peer)]),
    legend(report),
  ];
  return `${sections.map((lines) => lines.join("\n")).join("\n\n")}\n`;
}

function heading({ pgCount, replicas, deviceCount, cluster, domain, seed }: PlacementReport) {
  const pool = `${count(pgCount)} PGs x ${replicas} on ${count(deviceCount)} devices (${cluster})`;
  return wrap(`${pool}, no two replicas in one ${domain}, seed ${seed}`, "");
}

function balanceSection(report: PlacementReport): string[] {
  const { schemes, chance } = report;
  const title = `Rate and balance: a device holds ${figure(chance.mean)} PGs in the mean. stddev is in PGs; min and max are in percent of a device's fair share; "chance" is what throwing dice for each PG would give.`;
  const rows = schemes.flatMap((scheme) => [
    balanceRow(scheme),
    ...(scheme.upmap === undefined ? [] : [upmapRow(scheme.upmap)]),
  ]);
  const header = ["", "mappings/s", "simd/s", "change ms", "stddev", "min", "max"];
  return [...wrap(title, ""), "", ...aligned([header, chanceRow(chance), ...rows])];
}

function chanceRow({ stddev, min, max }: Chance): string[] {
  return ["chance", "", "", "", figure(stddev), percent(min), percent(max)];
}

function balanceRow(scheme: SchemeFigures): string[] {
  const { name, mappingsPerSecond, simdMappingsPerSecond, changeMs, balance } = scheme;
  const shown = (value: number | undefined): string => (value === undefined ? "–" : figure(value));
  return [
    name,
    shown(mappingsPerSecond),
    shown(simdMappingsPerSecond),
    shown(changeMs),
    shown(balance?.stddev),
    balance === undefined ? "–" : percent(balance.min),
    balance === undefined ? "–" : percent(balance.max),
  ];
}

function upmapRow({ balance: { stddev, min, max } }: UpmapFigures): string[] {
  return ["  + upmap", "", "", "", figure(stddev), percent(min), percent(max)];
}

function movementSection(report: PlacementReport): string[] {
  const { changes, schemes } = report;
  const noise = percent(movementNoise(report));
  const title = `Movement: the part of all replicas that must move, and how many times as much does. In the smallest change chance is worth ${noise} of it.`;
  const header = ["", "must", ...schemes.map(({ name }) => name)];
  const rows = changes.map(({ name, least }, index) => [
    name,
    percent(least),
    ...schemes.map((scheme) => excess(scheme.changes[index]?.moved, least)),
  ]);
  return [...wrap(title, ""), "", ...aligned([header, ...rows])];
}

function peerSection({ name, turnCount, peerNs, scalar, simd }: PeerFigures): string[] {
  const title = `Beside ${name}, in ${turnCount} turns: time of the processor for a mapping, and how many times as fast as ${name}; medians, and least to greatest.`;
  const cells = ({ median, spread }: PeerFigure): string[] => [
    figure(median),
    spread.map(figure).join("–"),
  ];
  const row = (what: string, { ns, speedup }: OwnFigures): string[] => [
    what,
    ...cells(ns),
    ...cells(speedup),
  ];
  const rows = [
    [name, ...cells(peerNs), "1", ""],
    row("scalar", scalar),
    ...(simd === undefined ? [] : [row("simd", simd)]),
  ];
  return [...wrap(title, ""), "", ...aligned([["", "ns", "spread", "faster", "spread"], ...rows])];
}

function legend({ schemes }: PlacementReport): string[] {
  const width = Math.max(...schemes.map(({ name }) => name.length)) + 2;
  return schemes.flatMap(({ name, about, failure, missing = 0, upmap }) => {
    const words = [
      about,
      ...(failure === undefined ? [] : [`Not here: ${failure}.`]),
      ...(missing === 0 ? [] : [`Found no device for ${count(missing)} replicas.`]),
      ...(upmap === undefined ? [] : [upmapSentence(upmap)]),
    ];
    return wrap(`${name.padEnd(width)}${words.join(" ")}`, " ".repeat(width));
  });
}

export function upmapSentence({ pgCount, movedCount, ms }: UpmapFigures): string {
  const moved = `${count(movedCount)} replicas of ${count(pgCount)} PGs`;
  return `Upmap moved ${moved}, and took ${duration(ms)}.`;
}

/**
 * The first column begins at the left, and is cut where the rest leaves it no room; figures end at
 * the right so that they can be compared.
 */
function aligned(rows: readonly (readonly string[])[]): string[] {
  const [nameWidth = 0, ...widths] = rows.reduce<number[]>(
    (widest, row) => row.map((cell, column) => Math.max(widest[column] ?? 0, cell.length)),
    [],
  );
  const gap = " ".repeat(rows[0] !== undefined && rows[0].length > 7 ? 1 : 2);
  const figuresWidth = widths.reduce((sum, width) => sum + gap.length + width, 0);
  const room = Math.min(nameWidth, WIDTH - figuresWidth);
  return rows.map(([name = "", ...cells]) => {
    const figures = cells.map((cell, index) => gap + cell.padStart(widths[index] ?? 0));
    return `${name.slice(0, room).padEnd(room)}${figures.join("")}`.trimEnd();
  });
}

/** Breaks between words; a word that is too long stays whole. */
function wrap(text: string, indent: string): string[] {
  const lines: string[] = [];
  let rest = text;
  while (rest.length > WIDTH) {
    const fitting = rest.lastIndexOf(" ", WIDTH);
    const space = fitting > indent.length ? fitting : rest.indexOf(" ", WIDTH);
    if (space < 0) break;
    lines.push(rest.slice(0, space));
    rest = `${indent}${rest.slice(space + 1)}`;
  }
  return [...lines, rest];
}
