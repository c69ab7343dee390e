/**
 * Where everything stands in the tree. Nothing else knows a path below /kelp.
 *
 *   /kelp/cluster             who this cluster is; made last, so that where it is all others are
 *   /kelp/map/epoch           the newest epoch: the only node that subscribers watch (C1)
 *   /kelp/map/full/<e>/<n>    checkpoint of epoch e, in pieces
 *   /kelp/map/inc/<e>         what changed at epoch e
 *   /kelp/map/undo/<e>        the inverse of its intent
 *   /kelp/map/chunk/<name>    pieces of what is too large for one of those
 *   /kelp/osd/<id>, /kelp/gateway/<name>, /kelp/monitor/<name>, /kelp/agent/<host>    who is there
 *   /kelp/controller/...      candidates
 *   /kelp/config/<who>/<key>  central configuration
 *   /kelp/user/<name>         gateway users
 *   /kelp/event/<first>.<n>   the cluster log
 *   /kelp/mutes               health checks that nobody wants to hear of
 */
import { type Epoch, epoch } from "../base/ids.ts";

const KELP = "/kelp";
const MAP = `${KELP}/map`;

export const PATHS = {
  root: KELP,
  cluster: `${KELP}/cluster`,
  map: MAP,
  mapEpoch: `${MAP}/epoch`,
  mapFull: `${MAP}/full`,
  mapInc: `${MAP}/inc`,
  mapUndo: `${MAP}/undo`,
  mapChunk: `${MAP}/chunk`,
  osd: `${KELP}/osd`,
  gateway: `${KELP}/gateway`,
  monitor: `${KELP}/monitor`,
  agent: `${KELP}/agent`,
  controller: `${KELP}/controller`,
  config: `${KELP}/config`,
  user: `${KELP}/user`,
  event: `${KELP}/event`,
  mutes: `${KELP}/mutes`,
} as const;

/** Each after the one above it. */
export const DIRECTORIES: readonly string[] = [
  PATHS.root,
  PATHS.map,
  PATHS.mapFull,
  PATHS.mapInc,
  PATHS.mapUndo,
  PATHS.mapChunk,
  PATHS.osd,
  PATHS.gateway,
  PATHS.monitor,
  PATHS.agent,
  PATHS.controller,
  PATHS.config,
  PATHS.user,
  PATHS.event,
  PATHS.mutes,
];

export function incPath(of: Epoch): string {
  return `${PATHS.mapInc}/${of}`;
}

export function undoPath(of: Epoch): string {
  return `${PATHS.mapUndo}/${of}`;
}

export function checkpointPath(of: Epoch): string {
  return `${PATHS.mapFull}/${of}`;
}

export function checkpointPiecePath(of: Epoch, index: number): string {
  return `${checkpointPath(of)}/${index}`;
}

export function chunkPath(name: string): string {
  return `${PATHS.mapChunk}/${name}`;
}

export function configPath(who: string): string {
  return `${PATHS.config}/${who}`;
}

export function eventPath(name: string): string {
  return `${PATHS.event}/${name}`;
}

/** Of a node that is named by its epoch; undefined for a name that is none of this program's. */
export function epochOfName(name: string): Epoch | undefined {
  if (!/^(?:0|[1-9]\d{0,15})$/.test(name)) return undefined;
  const value = Number(name);
  return Number.isSafeInteger(value) ? epoch(value) : undefined;
}
