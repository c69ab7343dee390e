/**
 * Central configuration: `/kelp/config/<who>/<key>` holds a value as its text. `who` is everybody ("global"), a kind of
 * daemon ("osd") or one daemon ("osd.3"); for a daemon the narrowest counts. What a table refuses is refused before it is
 * written; what a daemon of another version refuses all the same is ignored there, and its log says so.
 */
import { lossyTextOf, utf8 } from "../base/bytes.ts";
import { ClusterError, isClusterError } from "../base/error.ts";
import { type PeerName, parsePeerName } from "../base/ids.ts";
import { loadConfig } from "../runtime/config.ts";
import { nameOfKey } from "../runtime/config-names.ts";
import type { ConfigTable } from "../runtime/config-value.ts";
import type { ZooKeeperClient } from "../zookeeper/client.ts";
import { childPath } from "../zookeeper/path.ts";
import { ensurePath } from "../zookeeper/recipe/ensure-path.ts";
import { persistently, unless } from "../zookeeper/recipe/retry.ts";
import { configPath, PATHS } from "./paths.ts";
import { readAny } from "./read-many.ts";

export const GLOBAL = "global";
/** What can be part of a path. */
const WHO = /^[a-z][a-z0-9._-]*$/;
const NAME = /^[a-z][a-z0-9-]*$/;

/** By kind of daemon: what daemons of that kind can be told. */
export type ConfigTables = Readonly<Record<string, ConfigTable>>;

export interface CentralEntry {
  readonly who: string;
  readonly name: string;
  readonly text: string;
}

/** From the widest to the narrowest. */
export function levelsOf(daemon: PeerName): string[] {
  return [GLOBAL, kindOf(daemon), daemon];
}

function kindOf(who: string): string {
  return who.split(".", 1)[0] ?? "";
}

/** What is wrong with an entry, in the words of the table; undefined if nothing is. */
export function entryProblem(
  table: ConfigTable,
  { name, text }: Pick<CentralEntry, "name" | "text">,
): string | undefined {
  try {
    const { warnings } = loadConfig(table, {}).updateCentral({ [name]: text });
    return warnings[0];
  } catch (error) {
    if (isClusterError(error, "CONFIG_INVALID")) return error.message;
    throw error;
  }
}

/** Throws CONFIG_INVALID. A global entry concerns every kind that has such a setting, and there must be one. */
export function checkEntry(tables: ConfigTables, entry: CentralEntry): void {
  const { who } = entry;
  checkWho(tables, who);
  const kinds = who === GLOBAL ? Object.keys(tables) : [kindOf(who)];
  const known = kinds.filter((kind) => hasSetting(tables[kind] ?? {}, entry.name));
  // Where nobody knows it, anybody's table says what may have been meant.
  for (const kind of known.length > 0 ? known : kinds.slice(0, 1)) {
    const problem = entryProblem(tables[kind] ?? {}, entry);
    if (problem !== undefined) throw new ClusterError("CONFIG_INVALID", `${who}: ${problem}`);
  }
}

export function hasSetting(table: ConfigTable, name: string): boolean {
  return Object.keys(table).some((key) => nameOfKey(key) === name);
}

function checkWho(tables: ConfigTables, who: string): void {
  if (who === GLOBAL || Object.hasOwn(tables, who)) return;
  if (parsePeerName(who) !== undefined && Object.hasOwn(tables, kindOf(who))) return;
  const kinds = Object.keys(tables);
  throw new ClusterError(
    "CONFIG_INVALID",
    `"${who}" is nobody who can be configured; write ${[GLOBAL, ...kinds].join(", ")} or a daemon, as ${kinds[0]}.0`,
  );
}

/** Throws CONFIG_INVALID if nobody could take it, and nothing is changed. */
export async function setCentral(
  client: ZooKeeperClient,
  tables: ConfigTables,
  entry: CentralEntry,
): Promise<void> {
  checkEntry(tables, entry);
  const path = childPath(configPath(entry.who), entry.name);
  const data = utf8(entry.text);
  await persistently(client, async () => {
    if ((await unless("NONODE", client.setData(path, data))) !== undefined) return;
    await ensurePath(client, configPath(entry.who));
    if ((await unless("NODEEXISTS", client.create(path, data))) !== undefined) return;
    await client.setData(path, data);
  });
}

/** Whether there was one. After a lost answer that is a guess. */
export async function removeCentral(
  client: ZooKeeperClient,
  { who, name }: Pick<CentralEntry, "who" | "name">,
): Promise<boolean> {
  if (!WHO.test(who) || !NAME.test(name)) return false;
  const path = childPath(configPath(who), name);
  return await persistently(client, async () => {
    if ((await client.exists(path)) === undefined) return false;
    await unless("NONODE", client.delete(path));
    return true;
  });
}

/** All there is, or what is set for one, in the order of names. */
export function listCentral(client: ZooKeeperClient, of?: string): Promise<CentralEntry[]> {
  return persistently(client, async () => {
    const everybody = (await unless("NONODE", client.getChildren(PATHS.config)))?.children ?? [];
    const found: CentralEntry[] = [];
    for (const who of everybody.filter((each) => of === undefined || each === of).toSorted()) {
      const names = (await unless("NONODE", client.getChildren(configPath(who))))?.children ?? [];
      const sorted = names.toSorted();
      const texts = await readAny(
        client,
        sorted.map((name) => childPath(configPath(who), name)),
      );
      for (const [index, name] of sorted.entries()) {
        const data = texts[index];
        if (data !== undefined) found.push({ who, name, text: lossyTextOf(data) });
      }
    }
    return found;
  });
}
