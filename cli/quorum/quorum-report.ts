/** The members of an ensemble as a table for a terminal of 80 columns, and whether they are one that works. */
import type { AskedMember } from "./member-report.ts";

const WIDTH = 80;
const GAP = "  ";
const TITLES = ["MEMBER", "MODE", "ZXID", "CONN", "NODES", "LATENCY", "VERSION"];
/** Of numbers. */
const RIGHT = new Set([3, 4, 5]);

/** Whole lines. */
export function quorumTable(members: readonly AskedMember[]): string[] {
  const rows = [TITLES, ...members.map(cellsOf)];
  const widths = TITLES.map((_, column) =>
    Math.max(...rows.map((row) => (isComplete(row) ? (row[column] ?? "").length : 0))),
  );
  const nameWidth = Math.max(...rows.map(([name = ""]) => name.length));
  return rows.map((row) => {
    const cells = row.map((cell, column) => {
      const width = column === 0 ? nameWidth : (widths[column] ?? 0);
      return RIGHT.has(column) ? cell.padStart(width) : cell.padEnd(width);
    });
    return `${cut(cells.join(GAP).trimEnd())}\n`;
  });
}

/** A member without a report has its problem in place of all other cells. */
function isComplete(row: readonly string[]): boolean {
  return row.length === TITLES.length;
}

function cellsOf({ name, report, problem }: AskedMember): string[] {
  if (report === undefined) return [name, problem ?? ""];
  const { mode, zxid, connections, nodes, latencyMs, version } = report;
  return [
    name,
    mode,
    zxid,
    `${connections}`,
    `${nodes}`,
    `${latencyMs.average}/${latencyMs.max}`, // on average and at most, in ms
    version,
  ];
}

function cut(line: string): string {
  return line.length <= WIDTH ? line : `${line.slice(0, WIDTH - 1)}…`;
}

/** What is wrong and what to do, or undefined if a leader and a majority answer. */
export function quorumProblem(members: readonly AskedMember[]): string | undefined {
  const withMode = (mode: string): readonly string[] =>
    members.filter(({ report }) => report?.mode === mode).map(({ name }) => name);
  const alone = withMode("standalone");
  if (members.length === 1 && alone.length === 1) return undefined;
  if (alone.length > 0) {
    return `${list(alone)} runs alone and belongs to no ensemble; look at the server lines of its zoo.cfg`;
  }
  const leaders = withMode("leader");
  if (leaders.length > 1) {
    return `${list(leaders)} each lead: they belong to different ensembles, or one has just taken over; ask again`;
  }
  const answering = members.filter(({ report }) => report !== undefined).length;
  const majority = Math.floor(members.length / 2) + 1;
  const silent = members.filter(({ report }) => report === undefined).map(({ name }) => name);
  if (answering < majority) {
    return `${answering} of ${members.length} serve, ${majority} must: start ${list(silent)}, or look at what its log says`;
  }
  if (leaders.length === 1) return undefined;
  return members.length === 1
    ? "it does not lead; name all members with --server or --config to see the ensemble"
    : `no leader answers; look at the logs of ${list(silent.length > 0 ? silent : members.map(({ name }) => name))}`;
}

function list(names: readonly string[]): string {
  return names.join(", ");
}
