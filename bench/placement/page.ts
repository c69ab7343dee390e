/**
 * The report as one HTML page that needs nothing else: no script, no font, no image, no network.
 * It follows the reader's choice of light or dark, and prints.
 */
import type { Balance } from "./balance.ts";
import { balanceChart, escapeHtml, movementChart, rateChart, tallestBar } from "./chart.ts";
import { count, excess, figure, percent } from "./figure.ts";
import { STYLE } from "./page-style.ts";
import type { OwnFigures, PeerFigure, PeerFigures } from "./peer.ts";
import type { SchemeFigures } from "./report.ts";
import { movementNoise, type PlacementReport } from "./report.ts";
import { upmapSentence } from "./table.ts";

export function reportPage(report: PlacementReport): string {
  const { cluster, domain, seed, pgCount, replicas, deviceCount } = report;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Placement: ${escapeHtml(cluster)}</title>
<style>${STYLE}</style>
</head>
<body>
<header>
<h1>Placement bench</h1>
<p>${escapeHtml(cluster)}; no two replicas in one ${escapeHtml(domain)}; seed ${seed}</p>
<dl class="tiles">
${tile("devices", count(deviceCount))}
${tile("PGs", count(pgCount))}
${tile("replicas", count(replicas))}
${tile("PGs of a mean device", figure(report.chance.mean))}
${tile("stddev by chance", figure(report.chance.stddev))}
</dl>
</header>
${balanceSection(report)}
${movementSection(report)}
${rateSection(report)}
${report.peer === undefined ? "" : peerSection(report.peer)}
${schemesSection(report)}
</body>
</html>
`;
}

function tile(name: string, value: string): string {
  return `<div><dt>${name}</dt><dd>${value}</dd></div>`;
}

function balanceSection({ schemes, chance }: PlacementReport): string {
  const shown = schemes.flatMap(({ name, balance, upmap }) => [
    ...(balance === undefined ? [] : [{ name, balance }]),
    ...(upmap === undefined ? [] : [{ name: `${name} + upmap`, balance: upmap.balance }]),
  ]);
  const tallest = tallestBar(schemes, chance);
  const panels = shown.map(({ name, balance }) =>
    panel(name, `stddev ${figure(balance.stddev)} PGs`, balanceChart(balance, chance, tallest)),
  );
  const row = (name: string, { stddev, min, max }: Pick<Balance, "stddev" | "min" | "max">) => [
    name,
    figure(stddev),
    chance.stddev === 0 ? "–" : figure(stddev / chance.stddev),
    percent(min),
    percent(max),
  ];
  const header = ["", "stddev, PGs", "over that of chance", "lightest load", "heaviest load"];
  const rows = [row("chance", chance), ...shown.map(({ name, balance }) => row(name, balance))];
  return section(
    "Balance",
    "Devices by their load, which is what they hold over their fair share; those beyond the scale stand at its ends. The line is what chance alone would make: no scheme that decides for each PG by itself can be expected to be narrower.",
    `<div class="panels">${panels.join("\n")}</div>${table(header, rows)}`,
  );
}

function movementSection(report: PlacementReport): string {
  const { schemes, changes } = report;
  const noise = percent(movementNoise(report));
  const panels = schemes
    .filter(({ failure }) => failure === undefined)
    .map((scheme) =>
      panel(scheme.name, "moved over what has to move", movementChart(scheme, changes)),
    );
  const header = ["", "has to move", ...schemes.map(({ name }) => name)];
  const rows = changes.map(({ name, least }, index) => [
    name,
    percent(least),
    ...schemes.map((scheme) => movedCell(scheme, index, least)),
  ]);
  return section(
    "Movement",
    `The part of all replicas that a change moves. The tick is the part that has to move however cleverly it is done, the dot is what the scheme moves, and the figure is the one over the other. The scale is logarithmic. In the smallest change chance is worth ${noise} of the figure.`,
    `<div class="panels wide">${panels.join("\n")}</div>${table(header, rows)}`,
  );
}

function movedCell({ changes }: SchemeFigures, index: number, least: number): string {
  const moved = changes[index]?.moved;
  return moved === undefined ? "–" : `${percent(moved)} (${excess(moved, least)})`;
}

function rateSection(report: PlacementReport): string {
  const shown = (value: number | undefined): string => (value === undefined ? "–" : figure(value));
  const rows = report.schemes.map(
    ({ name, mappingsPerSecond, simdMappingsPerSecond, changeMs }) => [
      name,
      shown(mappingsPerSecond),
      shown(simdMappingsPerSecond),
      shown(changeMs),
    ],
  );
  const header = ["", "mappings/s", "mappings/s, vectorized", "ms per change of a device"];
  return section(
    "Rate",
    "Mappings in a second of processor time on one thread: the dot for the plain code, the ring for the vectorized one. A change costs what it takes until PGs can be mapped again.",
    `<figure class="single">${rateChart(report)}</figure>${table(header, rows)}`,
  );
}

function peerSection({ name, turnCount, peerNs, scalar, simd }: PeerFigures): string {
  const cell = ({ median, spread }: PeerFigure): string =>
    `${figure(median)} (${spread.map(figure).join("–")})`;
  const row = (what: string, { ns, speedup }: OwnFigures): string[] => [
    what,
    cell(ns),
    cell(speedup),
  ];
  const rows = [
    [name, cell(peerNs), "1"],
    row("scalar", scalar),
    ...(simd === undefined ? [] : [row("vectorized", simd)]),
  ];
  return section(
    `Beside ${escapeHtml(name)}`,
    `The same map in the same run, in ${turnCount} turns; time of the processor, without the start of the process. Medians, with least and greatest.`,
    table(["", "ns per mapping", `times as fast as ${name}`], rows),
  );
}

function schemesSection({ schemes }: PlacementReport): string {
  const entries = schemes.map(({ name, about, failure, missing = 0, upmap }) => {
    const sentences = [
      about,
      ...(failure === undefined ? [] : [`Not here: ${failure}.`]),
      ...(missing === 0 ? [] : [`Found no device for ${count(missing)} replicas.`]),
      ...(upmap === undefined ? [] : [upmapSentence(upmap)]),
    ];
    return `<dt>${escapeHtml(name)}</dt><dd>${escapeHtml(sentences.join(" "))}</dd>`;
  });
  return section("Schemes", "", `<dl class="legend">${entries.join("\n")}</dl>`);
}

function section(title: string, about: string, content: string): string {
  return `<section>\n<h2>${title}</h2>\n<p>${about}</p>\n${content}\n</section>`;
}

function panel(name: string, caption: string, chart: string): string {
  return `<figure><figcaption><b>${escapeHtml(name)}</b> <span>${caption}</span></figcaption>${chart}</figure>`;
}

function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[], tag: "td" | "th"): string => {
    const [first = "", ...rest] = cells.map(escapeHtml);
    const figures = rest.map((cell) => `<${tag}>${cell}</${tag}>`);
    return `<tr><th scope="row">${first}</th>${figures.join("")}</tr>`;
  };
  const body = rows.map((row) => line(row, "td"));
  return `<div class="scroll"><table><thead>${line(header, "th")}</thead><tbody>${body.join("\n")}</tbody></table></div>`;
}
