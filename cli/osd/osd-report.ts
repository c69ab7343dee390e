/** `osd info`: what the map knows of one OSD. */
import type { OsdId } from "../../cluster/base/ids.ts";
import type { OsdInfo } from "../../cluster/map/osd-info.ts";
import type { OsdMap } from "../../cluster/map/osd-map.ts";
import { shadowIdsOf } from "../../crush/classes.ts";
import { itemWeightsOf } from "../../crush/make-bucket.ts";
import type { CrushBucket, CrushMap } from "../../crush/types.ts";
import { WEIGHT_ONE } from "../../crush/weight.ts";
import { type Cell, fieldLines, type TableOptions } from "../table.ts";
import { STATUS_STYLE, statusOf } from "./osd-state.ts";
import { weightText } from "./osd-tree.ts";

export interface OsdReport extends OsdInfo {
  readonly osd: OsdId;
  readonly status: string;
  readonly in: boolean;
  /** 1 is one. */
  readonly reweight: number;
  readonly primaryAffinity: number;
  readonly crushWeight: number;
  readonly deviceClass: string;
  /** Where it stands, from the root down: type and name. */
  readonly location: readonly { readonly type: string; readonly name: string }[];
}

/** Undefined if the map has no such OSD. */
export function osdReport(map: OsdMap, osd: OsdId): OsdReport | undefined {
  const info = map.osds.get(osd);
  const share = map.shares.get(osd);
  if (info === undefined || share === undefined) return undefined;
  const { crush } = map;
  const place = placeOf(crush, osd);
  return {
    osd,
    ...info,
    status: statusOf(info),
    in: share.weight > 0,
    reweight: share.weight / WEIGHT_ONE,
    primaryAffinity: share.primaryAffinity / WEIGHT_ONE,
    crushWeight: (place.weight ?? 0) / WEIGHT_ONE,
    deviceClass: crush.classNames.get(crush.itemClasses.get(osd) ?? -1) ?? "",
    location: place.location,
  };
}

export function osdReportLines(report: OsdReport, options: TableOptions = {}): string[] {
  const { location, cleanFrom, cleanTo, lostAt, fullness } = report;
  const style = STATUS_STYLE[statusOf(report)];
  const place = location.map(({ type, name }) => `${type}=${name}`).join(" ");
  const fields: [string, Cell][] = [
    ["osd", String(report.osd)],
    ["status", { text: `${report.status}, ${report.in ? "in" : "out"}`, style }],
    ["location", place === "" ? "none: kelp crush add gives it one" : place],
    ["class", report.deviceClass],
    ["crush weight", weightText(report.crushWeight)],
    ["reweight", weightText(report.reweight)],
    ["primary affinity", weightText(report.primaryAffinity)],
    ["fullness", fullness],
    ["host", report.host],
    ["address", report.address],
    ["heartbeats", report.heartbeatAddress],
    ["version", report.version],
    ["uuid", report.uuid],
    ["born", epochText(report.born)],
    ["up from", epochText(report.upFrom)],
    ["up thru", epochText(report.upThru)],
    ["down at", epochText(report.downAt)],
    ["clean", cleanTo === 0 ? "never" : `epochs ${cleanFrom} to ${cleanTo}`],
    ...(lostAt > 0 ? [["lost at", epochText(lostAt)] satisfies [string, Cell]] : []),
  ];
  return fieldLines(
    fields.map(([name, value]) => [name, value === "" ? "-" : value]),
    options,
  );
}

function epochText(epoch: number): string {
  return epoch === 0 ? "never" : `epoch ${epoch}`;
}

/** Of several places one. Shadow trees repeat the others. */
function placeOf(
  crush: CrushMap,
  osd: OsdId,
): { readonly weight: number | undefined; readonly location: OsdReport["location"] } {
  const location: { type: string; name: string }[] = [];
  let weight: number | undefined;
  let item: number = osd;
  const shadows = shadowIdsOf(crush);
  const trees = crush.buckets.filter((bucket) => bucket !== undefined && !shadows.has(bucket.id));
  for (;;) {
    const holder = trees.find((bucket) => bucket?.items.includes(item) === true);
    if (holder === undefined || location.length > crush.buckets.length) break;
    weight ??= weightIn(holder, item);
    location.unshift({
      type: crush.typeNames.get(holder.type) ?? `type${holder.type}`,
      name: crush.itemNames.get(holder.id) ?? String(holder.id),
    });
    item = holder.id;
  }
  return { weight, location };
}

function weightIn(bucket: CrushBucket, item: number): number | undefined {
  return itemWeightsOf(bucket)[bucket.items.indexOf(item)];
}
