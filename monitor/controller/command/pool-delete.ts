/** The end of a pool, for which its name is given twice: nothing brings its data back, and its id is never used again. */
import type { PoolId } from "../../../cluster/base/ids.ts";
import type { OsdMap } from "../../../cluster/map/osd-map.ts";
import type { CommandOf } from "../../../cluster/message/command.ts";
import { edit, refused } from "../edit.ts";
import type { CommandContext, CommandResult } from "./command-context.ts";
import { poolNamed } from "./pool-table.ts";
import { isRefusal, unconfirmed } from "./sentence.ts";

export function poolDelete(
  draft: OsdMap,
  { name, nameAgain, confirm }: CommandOf<"poolDelete">,
  { settings: central }: CommandContext,
): CommandResult {
  const pool = poolNamed(draft, name);
  if (isRefusal(pool)) return pool;
  if (!central.poolDeleteAllowed) {
    return refused(
      "FORBIDDEN",
      "pools cannot be deleted here; set pool-delete-allowed to true first",
    );
  }
  if (pool.settings.nodelete) {
    return refused("FORBIDDEN", `pool "${name}" has nodelete set; take that away first`);
  }
  if (nameAgain !== name) {
    const found = nameAgain === "" ? "missing" : `"${nameAgain}"`;
    return refused(
      "INVALID",
      `to delete pool "${name}", give its name twice; the second is ${found}`,
    );
  }
  if (!confirm) return unconfirmed(`all that is in pool "${name}" would be gone for ever`);
  return edit(withoutPool(draft, pool.id), `delete pool "${name}"`);
}

/** With all rows of its PGs. The last id that was given stays. */
function withoutPool(map: OsdMap, id: PoolId): OsdMap {
  return {
    ...map,
    pools: without(map.pools, id),
    poolSettings: without(map.poolSettings, id),
    pgUpmap: without(map.pgUpmap, id),
    pgUpmapItems: without(map.pgUpmapItems, id),
    pgTemp: without(map.pgTemp, id),
    primaryTemp: without(map.primaryTemp, id),
    creating: without(map.creating, id),
    crush: map.crush.chooseArgs.has(id)
      ? { ...map.crush, chooseArgs: without(map.crush.chooseArgs, id) }
      : map.crush,
  };
}

function without<K, V>(map: ReadonlyMap<K, V>, key: K): ReadonlyMap<K, V> {
  if (!map.has(key)) return map;
  const result = new Map(map);
  result.delete(key);
  return result;
}
