/** `kelp status`: the whole cluster on one screen, arranged as Ceph's operators know it. */
import { formatPgState } from "../../cluster/map/pg-state.ts";
import type { ClusterStatus, IoRates } from "../../cluster/message/query.ts";
import {
  formatBytes,
  formatCount,
  formatDuration,
  formatNumberOf,
  formatShare,
} from "../amount.ts";
import { type Paint, plain, type Style } from "../paint.ts";
import { harmless } from "../table.ts";
import { HEALTH_STYLE, summaryLines } from "./health-lines.ts";
import { progressLines } from "./progress-lines.ts";

type Field = readonly [name: string, lines: readonly string[]];

const NAME_WIDTH = 12;
const INDENT = "    ";

/** Whole lines. */
export function statusLines(status: ClusterStatus, paint: Paint = plain): string[] {
  const running = status.progress.filter(({ finishedAgoMs }) => finishedAgoMs === undefined);
  const sections: [string, string[]][] = [
    ["cluster", fieldsOf(clusterFields(status, paint))],
    ["services", fieldsOf(serviceFields(status, paint))],
    ["data", fieldsOf(dataFields(status, paint))],
    ["io", fieldsOf(ioFields(status.rates))],
    ["progress", progressLines(running, paint).map((line) => `${INDENT}${line}`)],
  ];
  return sections
    .filter(([, lines]) => lines.length > 0)
    .flatMap(([title, lines], at) => [...(at > 0 ? ["\n"] : []), `  ${title}:\n`, ...lines]);
}

/** A name beside its first line, and further lines below that. */
function fieldsOf(fields: readonly Field[]): string[] {
  return fields.flatMap(([name, lines]) =>
    lines.map((line, at) => {
      const label = at === 0 ? `${name}:` : "";
      return `${INDENT}${label.padEnd(NAME_WIDTH)} ${line}`.trimEnd().concat("\n");
    }),
  );
}

function clusterFields({ clusterId, health, epoch }: ClusterStatus, paint: Paint): Field[] {
  return [
    ["id", [harmless(clusterId)]],
    ["epoch", [formatCount(epoch)]],
    ["health", [paint(HEALTH_STYLE[health.status], health.status), ...summaryLines(health, paint)]],
  ];
}

function serviceFields({ monitors, controller, osds }: ClusterStatus, paint: Paint): Field[] {
  const { count, up, in: inCount, upChangedAgoMs, inChangedAgoMs } = osds;
  const since = (agoMs: number | undefined): string =>
    agoMs === undefined ? "" : ` (for ${formatDuration(agoMs)})`;
  const upText = paint(up < count ? "warning" : "good", `${up} up`);
  return [
    ["monitors", [monitorsText(monitors)]],
    [
      "controller",
      [`${harmless(controller.name)} (for ${formatDuration(controller.electedAgoMs)})`],
    ],
    [
      "osds",
      [`${count}: ${upText}${since(upChangedAgoMs)}, ${inCount} in${since(inChangedAgoMs)}`],
    ],
  ];
}

function monitorsText(monitors: ClusterStatus["monitors"]): string {
  if (monitors.length === 0) return "none of Kelp's: the tree is on another ZooKeeper";
  const out = monitors.filter(({ isInQuorum }) => !isInQuorum).map(({ name }) => name);
  const leader = monitors.find(({ isLeader }) => isLeader)?.name;
  const count = monitors.length;
  return harmless(
    [
      `${count}: ${count - out.length} in quorum`,
      leader === undefined ? "no leader" : `${leader} leads`,
      ...(out.length === 0 ? [] : [`without ${out.join(", ")}`]),
    ].join(", "),
  );
}

function dataFields(status: ClusterStatus, paint: Paint): Field[] {
  const { poolCount, pgCount, objects, storedBytes, usedBytes, totalBytes } = status;
  const free = formatBytes(Math.max(0, totalBytes - usedBytes));
  const usage = `${formatBytes(usedBytes)} used, ${free} of ${formatBytes(totalBytes)} free`;
  return [
    ["pools", [`${formatNumberOf(poolCount, "pool")}, ${formatNumberOf(pgCount, "PG")}`]],
    ["objects", [`${formatNumberOf(objects, "object")}, ${formatBytes(storedBytes)}`]],
    ["usage", [totalBytes === 0 ? "not known: no OSD has said anything yet" : usage]],
    ["pgs", pgLines(status, paint)],
  ];
}

function pgLines(
  { pgStates, degraded, misplaced, unfound, copies, objects }: ClusterStatus,
  paint: Paint,
): string[] {
  const part = (count: number, of: number, style: Style, what: string): string[] => {
    if (count <= 0) return [];
    const share = of > 0 ? ` (${formatShare(count / of)})` : "";
    return [paint(style, `${formatCount(count)}/${formatCount(of)} ${what}${share}`)];
  };
  const width = Math.max(0, ...pgStates.map(({ count }) => formatCount(count).length));
  return [
    ...part(degraded, copies, "warning", "copies degraded"),
    ...part(misplaced, copies, "warning", "copies misplaced"),
    ...part(unfound, objects, "bad", "objects unfound"),
    ...pgStates.map(
      ({ state, count }) => `${formatCount(count).padStart(width)} ${formatPgState(state)}`,
    ),
  ];
}

function ioFields(rates: IoRates): Field[] {
  const { readOps, writeOps, readBytes, writtenBytes, recoveredObjects, recoveredBytes } = rates;
  const fields: Field[] = [];
  if (readOps + writeOps + readBytes + writtenBytes > 0) {
    const reads = `${formatBytes(readBytes)}/s read (${formatCount(readOps)} op/s)`;
    const writes = `${formatBytes(writtenBytes)}/s written (${formatCount(writeOps)} op/s)`;
    fields.push(["client", [`${reads}, ${writes}`]]);
  }
  if (recoveredObjects + recoveredBytes > 0) {
    const recovered = `${formatBytes(recoveredBytes)}/s, ${formatCount(recoveredObjects)} objects/s`;
    fields.push(["recovery", [recovered]]);
  }
  return fields;
}
