/** Names of the map that somebody probably meant. */
import type { OsdMap } from "../cluster/map/osd-map.ts";
import type { Command } from "../cluster/message/command.ts";
import { closestName } from "../cluster/runtime/config-names.ts";
import { shadowIdsOf } from "../crush/classes.ts";
import { TUNABLES_PROFILES } from "../crush/tunables.ts";
import type { CrushMap } from "../crush/types.ts";

/** By field of a command: what the name in it is one of. Where new names are given, there is nothing to mean. */
const FIELDS: Readonly<Record<string, (map: OsdMap) => Iterable<string>>> = {
  name: (map) => [...poolNames(map), ...map.crush.ruleNames.values()],
  from: (map) => [...poolNames(map), ...itemNames(map.crush)],
  rule: ({ crush }) => crush.ruleNames.values(),
  root: ({ crush }) => itemNames(crush),
  parent: ({ crush }) => itemNames(crush),
  item: ({ crush }) => itemNames(crush),
  first: ({ crush }) => itemNames(crush),
  second: ({ crush }) => itemNames(crush),
  bucketType: ({ crush }) => crush.typeNames.values(),
  failureDomain: ({ crush }) => crush.typeNames.values(),
  deviceClass: ({ crush }) => crush.classNames.values(),
  profile: () => TUNABLES_PROFILES.keys(),
};

/** For a command that named something that is not there. */
export function meantNames(map: OsdMap, command: Command): string | undefined {
  const found: string[] = [];
  for (const [field, value] of Object.entries(command)) {
    const known = FIELDS[field]?.(map);
    if (known === undefined || typeof value !== "string") continue;
    const names = [...known];
    const meant = names.includes(value) ? undefined : meantName(value, names);
    if (meant !== undefined) found.push(meant);
  }
  return found.length === 0 ? undefined : found.join(", ");
}

/** "there is no pool "rbdd" (did you mean rbd?); pools: rbd, data", for what a command looks up itself. */
export function unknownName(
  { kind, plural = `${kind}s` }: { readonly kind: string; readonly plural?: string },
  name: string,
  known: readonly string[],
): string {
  const meant = meantName(name, known);
  const hint = meant === undefined ? "" : ` (did you mean ${meant}?)`;
  const shown = known.slice(0, LISTED_MAX).join(", ");
  const more = known.length > LISTED_MAX ? ` and ${known.length - LISTED_MAX} more` : "";
  const others = known.length === 0 ? `there are no ${plural}` : `${plural}: ${shown}${more}`;
  return `there is no ${kind} "${name}"${hint}; ${others}`;
}

const LISTED_MAX = 10;

/** Two letters that changed places are the commonest slip of all, and count as two edits. */
function meantName(name: string, known: readonly string[]): string | undefined {
  const letters = (text: string): string => [...text].sort().join("");
  return known.find((each) => letters(each) === letters(name)) ?? closestName(name, known);
}

function poolNames({ poolSettings }: OsdMap): string[] {
  return [...poolSettings.values()].map(({ name }) => name);
}

function itemNames(crush: CrushMap): string[] {
  const shadows = shadowIdsOf(crush);
  return [...crush.itemNames].flatMap(([id, name]) => (shadows.has(id) ? [] : [name]));
}
