import { describe, expect, test } from "vitest";
import { type OsdId, osdId } from "../../../cluster/base/ids.ts";
import type { OsdMap } from "../../../cluster/map/osd-map.ts";
import {
  heartbeatPeers,
  NEIGHBOURS,
  PINGING_HOSTS,
  SHARING_MAX,
} from "../../../osd/heartbeat/peers.ts";
import { osdMapWorld } from "../../cluster/map/osd-map-world.ts";

const NOBODY: ReadonlySet<OsdId> = new Set();
const sharing = (...ids: number[]): ReadonlySet<OsdId> => new Set(ids.map(osdId));

/** By target, the hosts of those that ping it. */
function pingingHosts(map: OsdMap): Map<OsdId, string[]> {
  const hosts = new Map<OsdId, string[]>([...map.osds.keys()].map((id) => [id, []]));
  for (const [self, { host }] of map.osds) {
    for (const peer of heartbeatPeers(map, self, NOBODY)) hosts.get(peer)?.push(host);
  }
  return hosts;
}

describe("an OSD pings", () => {
  test("everybody in a small cluster, but not itself and nobody who is down", () => {
    const map = osdMapWorld(
      { racks: 1, hosts: 4, osds: 1 },
      { osd: (id) => (id === 3 ? { up: false } : {}) },
    );
    expect(heartbeatPeers(map, osdId(1), NOBODY)).toEqual([0, 2]);
  });

  test("those that it shares PGs with, if they are up", () => {
    const map = osdMapWorld(
      { racks: 1, hosts: 10, osds: 10 },
      { osd: (id) => (id === 99 ? { up: false } : {}) },
    );
    const peers = heartbeatPeers(map, osdId(50), sharing(7, 50, 98, 99));
    expect(peers).toEqual(expect.arrayContaining([7, 98]));
    expect(peers).not.toEqual(expect.arrayContaining([50]));
    expect(peers).not.toEqual(expect.arrayContaining([99]));
  });

  test("no more than a bound in a large cluster", () => {
    const map = osdMapWorld({ racks: 1, hosts: 100, osds: 10 });
    const all = new Set(map.osds.keys());
    const most = SHARING_MAX + PINGING_HOSTS + NEIGHBOURS;
    expect(heartbeatPeers(map, osdId(3), all).length).toBeLessThanOrEqual(most);
  });
});

describe("everybody is pinged", () => {
  test.each([
    ["hosts of one OSD", { racks: 1, hosts: 12, osds: 1 }],
    ["hosts of many", { racks: 1, hosts: 20, osds: 5 }],
  ])("from several other hosts: %s", (_, tree) => {
    const map = osdMapWorld(tree);
    for (const [id, hosts] of pingingHosts(map)) {
      const own = map.osds.get(id)?.host;
      const others = new Set(hosts.filter((host) => host !== own));
      expect(others.size).toBe(PINGING_HOSTS);
    }
  });

  test("also where hosts are of very different sizes", () => {
    const map = osdMapWorld(
      { racks: 1, hosts: 1, osds: 40 },
      { osd: (id) => ({ host: id < 30 ? "large" : `small${id % 5}` }) },
    );
    for (const [id, hosts] of pingingHosts(map)) {
      const own = map.osds.get(id)?.host;
      expect(new Set(hosts.filter((host) => host !== own)).size).toBeGreaterThan(1);
    }
  });

  test("by neighbours where there is one host only", () => {
    const map = osdMapWorld({ racks: 1, hosts: 1, osds: 8 });
    for (const hosts of pingingHosts(map).values()) expect(hosts).toHaveLength(NEIGHBOURS);
  });

  test("in a cluster of two", () => {
    const map = osdMapWorld({ racks: 1, hosts: 2, osds: 1 });
    expect([...pingingHosts(map).values()]).toEqual([["host1"], ["host0"]]);
  });
});
