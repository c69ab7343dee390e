/** Commands given to small maps: two racks of two hosts of two OSDs each, and two pools. */
import { epoch, osdId, poolId } from "../../../../cluster/base/ids.ts";
import { mapProblems } from "../../../../cluster/map/map-problems.ts";
import type { OsdMap } from "../../../../cluster/map/osd-map.ts";
import { placementOf } from "../../../../cluster/map/osd-map-placement.ts";
import { pgState } from "../../../../cluster/map/pg-state.ts";
import { isOsd } from "../../../../cluster/map/placement.ts";
import type { Command } from "../../../../cluster/message/command.ts";
import { applyCommand } from "../../../../monitor/controller/command/apply-command.ts";
import type {
  CommandContext,
  CommandResult,
  PgReport,
} from "../../../../monitor/controller/command/command-context.ts";
import type { Refusal } from "../../../../monitor/controller/edit.ts";
import { osdMapWorld } from "../../../cluster/map/osd-map-world.ts";
import type { Tree } from "../../../cluster/map/world.ts";

export const TREE: Tree = { racks: 2, hosts: 2, osds: 2 };

export const MAP: OsdMap = osdMapWorld(TREE, {
  pools: [
    { pgNum: 8, name: "rbd" },
    { pgNum: 4, name: "data", size: 2, minSize: 1 },
  ],
});

export const osds = (...ids: number[]) => ids.map(osdId);
export const pg = (pool: number, seed: number) => ({ pool: poolId(pool), seed });

export function contextOf(given: Partial<CommandContext> = {}): CommandContext {
  return {
    wallMs: 1_000_000,
    stats: { reports: () => [] },
    settings: { poolDefaultSize: 3, poolDeleteAllowed: false, pgsPerOsdMax: 250 },
    inverseOf: () => undefined,
    ...given,
  };
}

type Done = Exclude<CommandResult, Refusal>;

/** What came of a command that is to be carried out. */
export function done(draft: OsdMap, command: Command, context: Partial<CommandContext> = {}): Done {
  const result = applyCommand(draft, command, contextOf(context));
  if (result.type === "refused") throw new Error(`${result.code}: ${result.message}`);
  const problems = mapProblems(result.map);
  if (problems.length > 0) throw new Error(problems.join("; "));
  return result;
}

export function refusal(
  draft: OsdMap,
  command: Command,
  context: Partial<CommandContext> = {},
): Omit<Refusal, "type"> {
  const result = applyCommand(draft, command, contextOf(context));
  if (result.type === "edit") throw new Error(`carried out: ${result.what}`);
  const { code, message } = result;
  return { code, message };
}

/** That nothing was left to do, with the sentence that says so. */
export function already(
  draft: OsdMap,
  command: Command,
  context: Partial<CommandContext> = {},
): string {
  const { map, what } = done(draft, command, context);
  if (map !== draft) throw new Error(`changed something: ${what}`);
  return what;
}

/** Every PG where the map places it, and whatever is different about some. */
export function cleanReports(
  map: OsdMap,
  other: (report: PgReport) => Partial<PgReport> = () => ({}),
): PgReport[] {
  const placement = placementOf(map);
  return [...map.pools].flatMap(([pool, { pgNum }]) =>
    Array.from({ length: pgNum }, (_, seed) => {
      const report: PgReport = {
        pg: { pool, seed },
        state: pgState("active", "clean"),
        up: placement.pgToUp({ pool, seed }).osds.filter(isOsd),
        acting: placement.pgToActing({ pool, seed }).osds.filter(isOsd),
        epoch: epoch(map.epoch),
      };
      return { ...report, ...other(report) };
    }),
  );
}
