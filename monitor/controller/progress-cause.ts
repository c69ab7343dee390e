/** What of an epoch can move data, in a title for what follows from it. */
import type { OsdId } from "../../cluster/base/ids.ts";
import type { OsdMap } from "../../cluster/map/osd-map.ts";

const NAMES_MAX = 3;

export interface Cause {
  /** Undefined where work has to wait, so that nothing goes on that one could watch. */
  readonly title: string | undefined;
}

/**
 * Undefined if the epoch gives nobody any work. While an OSD is down its PGs wait for it, until it comes back or is marked
 * out.
 */
export function causeOf(before: OsdMap, after: OsdMap): Cause | undefined {
  if (before === after) return undefined;
  const changes = [...shareChanges(before, after), ...poolChanges(before, after)];
  // The first CRUSH map places nothing differently than before.
  if (before.crush !== after.crush && before.crush.buckets.length > 0) {
    changes.push("the CRUSH map changed");
  }
  if (changes.length > 0) return { title: `Rebalancing after ${changes.join(", ")}` };
  if (before.pgUpmap !== after.pgUpmap || before.pgUpmapItems !== after.pgUpmapItems) {
    return { title: "Balancing by upmaps" };
  }
  return goesDown(before, after) ? { title: undefined } : undefined;
}

function goesDown(before: OsdMap, after: OsdMap): boolean {
  if (before.osds === after.osds) return false;
  for (const [osd, { up }] of before.osds) if (up && after.osds.get(osd)?.up !== true) return true;
  return false;
}

function* shareChanges(before: OsdMap, after: OsdMap): Generator<string> {
  if (before.shares === after.shares) return;
  const out: OsdId[] = [];
  const isIn: OsdId[] = [];
  const reweighted: OsdId[] = [];
  for (const [osd, { weight }] of after.shares) {
    const known = before.shares.get(osd)?.weight ?? 0;
    if (known === weight) continue;
    if (weight === 0) out.push(osd);
    else if (known === 0) isIn.push(osd);
    else reweighted.push(osd);
  }
  for (const [osd, { weight }] of before.shares) {
    if (weight > 0 && !after.shares.has(osd)) out.push(osd);
  }
  if (out.length > 0) yield `${namesOf(out)} marked out`;
  if (isIn.length > 0) yield `${namesOf(isIn)} marked in`;
  if (reweighted.length > 0) yield `${namesOf(reweighted)} reweighted`;
}

function* poolChanges(before: OsdMap, after: OsdMap): Generator<string> {
  if (before.poolSettings === after.poolSettings && before.pools === after.pools) return;
  for (const [id, settings] of after.poolSettings) {
    const known = before.poolSettings.get(id);
    const { name, size, rule } = settings;
    if (known === undefined) continue;
    if (known.size !== size) yield `pool '${name}' got size ${size}`;
    else if (known.rule !== rule) yield `pool '${name}' got another rule`;
    else if (before.pools.get(id)?.pgpNum !== after.pools.get(id)?.pgpNum) {
      yield `pool '${name}' got another number of PGs`;
    }
  }
}

function namesOf(osds: readonly OsdId[]): string {
  const names = osds.slice(0, NAMES_MAX).map((osd) => `osd.${osd}`);
  const more = osds.length - names.length;
  return more > 0 ? `${names.join(", ")} and ${more} more` : names.join(", ");
}
