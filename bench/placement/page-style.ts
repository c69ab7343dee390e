/** The style of the HTML report. Colours are variables, so that one place makes the page dark. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --page: #fbfbfa; --card: #ffffff; --ink: #1d2328; --soft: #66717b; --line: #e2e5e8;
  --bar: #7fa8c9; --ideal: #c2541b; --good: #2b7a55; --fair: #b07a08; --poor: #b8322a;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #14181b; --card: #1c2226; --ink: #e6e9eb; --soft: #93a0aa; --line: #313a41;
    --bar: #4f7fa6; --ideal: #f08a4b; --good: #58b88a; --fair: #e0ae45; --poor: #ee6f66;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0 auto; max-width: 1320px; padding: 2rem 1.25rem 4rem;
  background: var(--page); color: var(--ink);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif;
}
h1 { margin: 0; font-size: 1.7rem; letter-spacing: -0.01em; }
h2 { margin: 2.75rem 0 0; font-size: 1.2rem; }
p { margin: 0.35rem 0 1rem; max-width: 72ch; color: var(--soft); }
.tiles { display: flex; flex-wrap: wrap; gap: 0.75rem; margin: 1.25rem 0 0; }
.tiles div, figure {
  margin: 0; padding: 0.7rem 0.9rem; background: var(--card);
  border: 1px solid var(--line); border-radius: 8px;
}
.tiles div { flex: 1 1 9rem; }
dt { color: var(--soft); font-size: 0.8rem; }
.tiles dd { margin: 0; font-size: 1.35rem; font-variant-numeric: tabular-nums; }
.panels { display: grid; gap: 0.75rem; grid-template-columns: repeat(auto-fill, minmax(270px, 1fr)); }
.panels.wide { grid-template-columns: repeat(auto-fill, minmax(300px, 1fr)); }
figcaption { margin-bottom: 0.4rem; }
figcaption span { display: block; color: var(--soft); font-size: 0.8rem; font-variant-numeric: tabular-nums; }
figure.single { max-width: 760px; }
svg { display: block; width: 100%; height: auto; }
svg text { font: 10.5px system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
.label { fill: var(--soft); }
.ratio { fill: var(--ink); font-variant-numeric: tabular-nums; }
.bar { fill: var(--bar); }
.ideal { fill: none; stroke: var(--ideal); stroke-width: 1.5; }
.axis, .grid { stroke: var(--line); }
.least { stroke: var(--ink); stroke-width: 1.5; }
.link { stroke-width: 2; opacity: 0.45; }
.link.good { stroke: var(--good); } .dot.good { fill: var(--good); }
.link.fair { stroke: var(--fair); } .dot.fair { fill: var(--fair); }
.link.poor { stroke: var(--poor); } .dot.poor { fill: var(--poor); }
.ring { fill: none; stroke: var(--ink); stroke-width: 2; }
.scroll { overflow-x: auto; margin-top: 1rem; }
table { border-collapse: collapse; width: 100%; font-size: 0.82rem; font-variant-numeric: tabular-nums; }
th, td { padding: 0.3rem 0.5rem; border-bottom: 1px solid var(--line); text-align: right; white-space: nowrap; }
th:first-child { text-align: left; }
thead th { color: var(--soft); font-weight: 500; white-space: normal; vertical-align: bottom; }
tbody th { font-weight: 500; }
.legend { display: grid; grid-template-columns: max-content 1fr; gap: 0.35rem 1.25rem; margin: 0; }
.legend dt { color: var(--ink); font-size: inherit; font-weight: 600; }
.legend dd { margin: 0; color: var(--soft); }
@media (max-width: 480px) {
  body { padding: 1.25rem 0.75rem 3rem; }
  table { font-size: 0.75rem; }
  th, td { padding: 0.3rem 0.25rem; }
}
@media print { body { max-width: none; padding: 0; } figure { break-inside: avoid; } }
`;
