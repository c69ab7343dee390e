/** Ceph's osdmaptool, given maps of ours. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { osdId } from "../../cluster/base/ids.ts";
import { type PgId, parsePgId } from "../../cluster/map/pg-id.ts";
import { type PgTable, pgTable } from "../../cluster/map/pg-table.ts";
import type { PlacementMap, UpmapPair } from "../../cluster/map/placement-map.ts";
import { osdmapFile } from "./osdmap-file.ts";

export class Osdmaptool {
  readonly #folder = mkdtempSync(join(tmpdir(), "kelp-osdmaptool-"));

  close(): void {
    rmSync(this.#folder, { recursive: true });
  }

  /** What all further runs are about. */
  give(map: PlacementMap): void {
    const count = String(map.osds.length);
    this.run("--createsimple", count, "--with-default-pool", "--pg-bits", "1", "--clobber");
    const file = join(this.#folder, "osdmap");
    writeFileSync(file, osdmapFile(readFileSync(file), map));
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
