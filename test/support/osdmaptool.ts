/** Ceph's osdmaptool, given maps of ours. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { epoch, osdId } from "../../cluster/base/ids.ts";
import { encodeCephOsdMap } from "../../cluster/map/ceph-osdmap.ts";
import { NEW_OSD } from "../../cluster/map/osd-info.ts";
import type { OsdMap } from "../../cluster/map/osd-map.ts";
import { EMPTY_MAP } from "../../cluster/map/osd-map-delta.ts";
import { type PgId, parsePgId } from "../../cluster/map/pg-id.ts";
import { type PgTable, pgTable } from "../../cluster/map/pg-table.ts";
import type { PlacementMap, UpmapPair } from "../../cluster/map/placement-map.ts";

const FSID = "6b1d1a0e-93a5-4f0c-8f0e-2d9c3c1b7a55";

const PLAIN = { minSize: 1, application: "", nodelete: false, quotaBytes: 0, quotaObjects: 0 };

export class Osdmaptool {
  readonly #folder = mkdtempSync(join(tmpdir(), "kelp-osdmaptool-"));

  close(): void {
    rmSync(this.#folder, { recursive: true });
  }

  /** What all further runs are about. */
  give(map: OsdMap, osdCount?: number): void {
    const options = osdCount === undefined ? { fsid: FSID } : { fsid: FSID, osdCount };
    writeFileSync(join(this.#folder, "osdmap"), encodeCephOsdMap(map, options));
  }

  /** The same of a map that knows only what placement needs. */
  givePlacement(map: PlacementMap): void {
    this.give(osdMapOf(map), map.osds.length);
  }

  /** The map as it is now: some runs write it again. */
  file(): Uint8Array {
    return readFileSync(join(this.#folder, "osdmap"));
  }

  run(...options: string[]): string {
    return execFileSync("osdmaptool", ["osdmap", ...options], {
      cwd: this.#folder,
      encoding: "utf8",
      // Its warnings about keyrings and devices that it does not need would fill the report.
      stdio: ["ignore", "pipe", "ignore"],
      maxBuffer: 2 ** 26,
    });
  }

  /** Runs its balancer; `commands` has what it would do. */
  balance(): { commands: string } {
    this.run("--upmap", "upmap", "--upmap-deviation", "1", "--upmap-max", "100000");
    return { commands: readFileSync(join(this.#folder, "upmap"), "utf8") };
  }
}

/** The upmap items of a map that had none before these commands. */
export function itemsOfCommands(commands: string): PgTable<readonly UpmapPair[]> {
  const lines = commands.split("\n");
  // It may set items that it takes back in the same run, and then the PG has none.
  const removed = new Set(lines.map((line) => /rm-pg-upmap-items (\S+)/.exec(line)?.[1]));
  const entries: [PgId, UpmapPair[]][] = [];
  for (const line of lines) {
    const [, name = "", ids = ""] = /pg-upmap-items (\S+) (.*)$/.exec(line) ?? [];
    const pg = parsePgId(name);
    if (pg === undefined || removed.has(name)) continue;
    const numbers = ids.trim().split(/\s+/).map(Number);
    const pairs: UpmapPair[] = [];
    for (let index = 0; index + 1 < numbers.length; index += 2) {
      pairs.push({ from: osdId(numbers[index] ?? -1), to: osdId(numbers[index + 1] ?? -1) });
    }
    entries.push([pg, pairs]);
  }
  return pgTable(entries);
}

/** OSDs that are not there keep the weights that they were given. */
function osdMapOf({ crush, osds, pools, ...tables }: PlacementMap): OsdMap {
  const all = [...osds.entries()].map(([id, osd]) => ({ ...osd, id: osdId(id) }));
  const there = all.filter(({ exists }) => exists);
  return {
    ...EMPTY_MAP,
    ...tables,
    epoch: epoch(1),
    crush: crush.map,
    osds: new Map(there.map(({ id, up }) => [id, { ...NEW_OSD, isNew: false, up }])),
    shares: new Map(all.map(({ id, ...share }) => [id, share])),
    pools: new Map(
      [...pools].map(([id, pool]) => [id, { ...pool, created: epoch(1), isQuotaFull: false }]),
    ),
    poolSettings: new Map(
      [...pools].map(([id, { size, rule }]) => [id, { ...PLAIN, name: `pool${id}`, size, rule }]),
    ),
    poolIdMax: Math.max(0, ...pools.keys()),
  };
}
