/**
 * Whom an OSD pings: those that it shares PGs with, because they stop working when it does, and others in such a way that
 * everybody is pinged from several hosts, even who shares nothing: the i'th OSD of a host is pinged by one OSD of each of
 * the next hosts, the i'th there, counted around.
 */
import type { OsdId } from "../../cluster/base/ids.ts";
import type { OsdMap } from "../../cluster/map/osd-map.ts";

/** An OSD is pinged from so many other hosts, if there are as many. */
export const PINGING_HOSTS = 5;
/** And by so many on its own. */
export const NEIGHBOURS = 2;
/** So many peers that share PGs are pinged at most: in a large cluster there are hundreds. */
export const SHARING_MAX = 64;

export function heartbeatPeers(map: OsdMap, self: OsdId, sharing: ReadonlySet<OsdId>): OsdId[] {
  const byHost = upByHost(map, self);
  const hosts = [...byHost.keys()].sort();
  const ownHost = map.osds.get(self)?.host ?? "";
  const own = byHost.get(ownHost) ?? [];
  const place = own.indexOf(self);
  const peers = new Set<OsdId>();
  for (let distance = 1; distance <= Math.min(PINGING_HOSTS, hosts.length - 1); distance++) {
    const host = hosts[(hosts.indexOf(ownHost) - distance + hosts.length) % hosts.length] ?? "";
    for (const [index, id] of (byHost.get(host) ?? []).entries()) {
      if (index % own.length === place) peers.add(id);
    }
  }
  for (let step = 1; step <= Math.min(NEIGHBOURS, own.length - 1); step++) {
    peers.add(own[(place + step) % own.length] as OsdId);
  }
  const shared = [...sharing].filter((id) => id !== self && map.osds.get(id)?.up === true);
  for (const id of shared.slice(0, SHARING_MAX)) peers.add(id);
  return [...peers].sort((left, right) => left - right);
}

/** With this one among them, whatever the map says of it. */
function upByHost({ osds }: OsdMap, self: OsdId): Map<string, OsdId[]> {
  const byHost = new Map<string, OsdId[]>();
  for (const [id, { up, host }] of osds) {
    if (!up && id !== self) continue;
    byHost.set(host, [...(byHost.get(host) ?? []), id]);
  }
  for (const ids of byHost.values()) ids.sort((left, right) => left - right);
  return byHost;
}
