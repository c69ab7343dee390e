/** The map of epoch 0, but for its digest. */
import { OPTIMAL_TUNABLES } from "../../crush/tunables.ts";
import type { CrushMap } from "../../crush/types.ts";
import { epoch } from "../base/ids.ts";
import type { OsdMap } from "./osd-map.ts";

const NOTHING = new Map();

export const EMPTY_CRUSH: CrushMap = {
  buckets: [],
  rules: [],
  maxDevices: 0,
  tunables: OPTIMAL_TUNABLES,
  typeNames: NOTHING,
  itemNames: NOTHING,
  ruleNames: NOTHING,
  classNames: NOTHING,
  itemClasses: NOTHING,
  classBuckets: NOTHING,
  chooseArgs: NOTHING,
};

export const BLANK_MAP: OsdMap = {
  epoch: epoch(0),
  digest: 0n,
  crush: EMPTY_CRUSH,
  shares: NOTHING,
  poolSettings: NOTHING,
  pgUpmap: NOTHING,
  pgUpmapItems: NOTHING,
  flags: new Set(),
  ratios: { nearfull: 0.85, backfillfull: 0.9, full: 0.95 },
  osds: NOTHING,
  pools: NOTHING,
  poolIdMax: 0,
  pgTemp: NOTHING,
  primaryTemp: NOTHING,
  creating: NOTHING,
  blocklist: NOTHING,
};
