/** Maps from a description: racks of hosts of OSDs below one root, with one rule. */
import { createPrng, randomPick } from "../../cluster/base/prng.ts";
import { makeBucket } from "../../crush/make-bucket.ts";
import { MapDraft } from "../../crush/map-draft.ts";
import { addRule } from "../../crush/rule-builder.ts";
import { OPTIMAL_TUNABLES } from "../../crush/tunables.ts";
import type { CrushMap } from "../../crush/types.ts";
import { WEIGHT_ONE } from "../../crush/weight.ts";

export const WEIGHTS = ["equal", "uneven"] as const;
const TYPES = ["osd", "host", "rack", "root"] as const;
export const DOMAINS = ["osd", "host", "rack"] as const;

export interface Topology {
  readonly racks: number;
  /** In each rack. */
  readonly hosts: number;
  /** In each host. */
  readonly osds: number;
  readonly weights: (typeof WEIGHTS)[number];
  readonly domain: (typeof DOMAINS)[number];
  readonly seed: number;
}

export const RULE_ID = 0;

/** What an OSD weighs in an uneven cluster, in TB: the generations of drives that one lives with. */
const UNEVEN = [4, 8, 12, 16] as const;

export function buildMap({ racks, hosts, osds, weights, domain, seed }: Topology): CrushMap {
  const draft = new MapDraft();
  draft.tunables = OPTIMAL_TUNABLES;
  for (const [id, name] of TYPES.entries()) draft.typeNames.set(id, name);
  const prng = createPrng(seed);
  const addBucket = (name: string, type: number, items: readonly Item[]): Item => {
    const id = draft.freeBucketId();
    const content = { items: items.map((item) => item.id), weights: items.map(weightOf) };
    const bucket = makeBucket({ id, type, alg: "straw2", hash: 0, ...content }, 1);
    draft.addBucket(bucket);
    draft.itemNames.set(id, name);
    return bucket;
  };
  const addOsd = (id: number): Item => {
    draft.itemNames.set(id, `osd.${id}`);
    const weight = weights === "equal" ? 1 : randomPick(prng, UNEVEN);
    return { id, weight: weight * WEIGHT_ONE };
  };
  const addHost = (host: number): Item =>
    addBucket(
      `host${host}`,
      1,
      range(osds).map((osd) => addOsd(host * osds + osd)),
    );
  const addRack = (rack: number): Item =>
    addBucket(
      `rack${rack}`,
      2,
      range(hosts).map((host) => addHost(rack * hosts + host)),
    );
  addBucket("default", 3, range(racks).map(addRack));
  return addRule(draft.finish(), {
    name: "placement",
    root: "default",
    failureDomain: domain,
    type: "replicated",
  });
}

interface Item {
  readonly id: number;
  readonly weight: number;
}

function weightOf({ weight }: Item): number {
  return weight;
}

function range(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}
