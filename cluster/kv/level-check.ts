/**
 * Reads the files of a LevelDB that is not open, to find damage before LevelDB acts on it: once open it compacts what it
 * finds, and what it passed over is then gone for good.
 */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { ClusterError } from "../base/error.ts";
import { liveTables } from "./level-manifest.ts";
import { tableFlaw } from "./level-table.ts";
import { sealedLogFlaw } from "./sealed-log.ts";

/** Throws STORE_CORRUPT. What cannot be found is left to LevelDB, which misses it or is about to make it. */
export async function checkFiles(directory: string): Promise<void> {
  await checkTables(directory);
  for (const name of await readdir(directory)) {
    const log = name.endsWith(".log") ? await readIfThere(join(directory, name)) : undefined;
    const flaw = log && sealedLogFlaw(log);
    if (flaw !== undefined) throw damaged(directory, `log ${name}`, flaw);
  }
}

async function checkTables(directory: string): Promise<void> {
  const current = await readIfThere(join(directory, "CURRENT"));
  const name = current === undefined ? "" : Buffer.from(current).toString("latin1").trim();
  if (!/^MANIFEST-\d+$/.test(name)) return;
  const manifest = await readIfThere(join(directory, name));
  for (const number of (manifest && liveTables(manifest)) ?? []) {
    const file = `${String(number).padStart(6, "0")}.ldb`;
    const table = await readIfThere(join(directory, file));
    const flaw = table && tableFlaw(table);
    if (flaw !== undefined) throw damaged(directory, `table ${file}`, flaw);
  }
}

function damaged(directory: string, what: string, flaw: string): ClusterError {
  return new ClusterError(
    "STORE_CORRUPT",
    `the store in ${directory}: the ${what} is damaged: ${flaw}`,
  );
}

async function readIfThere(path: string): Promise<Uint8Array | undefined> {
  try {
    return await readFile(path);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
}
