/** Placement by the cluster map. What an epoch shares with the one before it is made ready once. */
import type { CrushMap } from "../../crush/types.ts";
import { type OsdId, osdId } from "../base/ids.ts";
import { CrushMapper } from "./crush-mapper.ts";
import type { OsdMap } from "./osd-map.ts";
import { Placement } from "./placement.ts";
import type { PlacementMap, PlacementOsd } from "./placement-map.ts";
import { placementPool } from "./pool-info.ts";

const ABSENT: PlacementOsd = { exists: false, up: false, weight: 0, primaryAffinity: 0 };

const mappers = new WeakMap<CrushMap, CrushMapper>();
const placements = new WeakMap<OsdMap, Placement>();

/** What placement needs of all OSDs, of an epoch that had these. */
interface Column {
  readonly shares: OsdMap["shares"];
  readonly osds: readonly PlacementOsd[];
}
const columns = new WeakMap<OsdMap["osds"], Column>();

export function placementOf(map: OsdMap): Placement {
  const known = placements.get(map);
  if (known !== undefined) return known;
  const placement = new Placement(placementMapOf(map));
  placements.set(map, placement);
  return placement;
}

export function placementMapOf(map: OsdMap): PlacementMap {
  const { pools, poolSettings, pgUpmap, pgUpmapItems, pgTemp, primaryTemp } = map;
  const placed = [...poolSettings].flatMap(([id, settings]) => {
    const facts = pools.get(id);
    return facts === undefined ? [] : [[id, placementPool(id, facts, settings)] as const];
  });
  const crush = mapperOf(map.crush);
  return {
    crush,
    osds: placementOsds(map),
    pools: new Map(placed),
    pgUpmap,
    pgUpmapItems,
    pgTemp,
    primaryTemp,
  };
}

/** One more than the largest id that an OSD or a device of the CRUSH map has. */
export function osdCount({ osds, crush }: OsdMap): number {
  let count = crush.maxDevices;
  for (const id of osds.keys()) count = Math.max(count, id + 1);
  return count;
}

function placementOsds(map: OsdMap): readonly PlacementOsd[] {
  const length = osdCount(map);
  const known = columns.get(map.osds);
  if (known?.shares === map.shares && known.osds.length === length) return known.osds;
  const osds = Array.from({ length }, (_, id) => placementOsd(map, osdId(id)));
  columns.set(map.osds, { shares: map.shares, osds });
  return osds;
}

function placementOsd({ osds, shares }: OsdMap, id: OsdId): PlacementOsd {
  const info = osds.get(id);
  const share = shares.get(id);
  return info === undefined || share === undefined
    ? ABSENT
    : { exists: true, up: info.up, ...share };
}

function mapperOf(crush: CrushMap): CrushMapper {
  const mapper = mappers.get(crush) ?? new CrushMapper(crush);
  mappers.set(crush, mapper);
  return mapper;
}
