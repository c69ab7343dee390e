/** `kelp map`: the cluster map, for programs. */
import type { Command } from "commander";
import { mapJson } from "../map/map-json.ts";
import { type MapFlags, takesMap, withMap } from "../newest-map.ts";
import { print, printJson } from "../output.ts";
import { subcommand } from "../subcommand.ts";

export function registerMap(program: Command): void {
  const map = program
    .command("map")
    .summary("print the cluster map, for programs")
    .description("Prints the cluster map, for programs.");
  takesMap(subcommand(map, "epoch", "print the newest epoch")).action((flags: MapFlags) =>
    withMap(flags, async ({ epoch, digest }) => {
      const value = (): object => ({ epoch, digest: digest.toString(16).padStart(16, "0") });
      await print(flags, { value, lines: () => [`${epoch}\n`] });
    }),
  );
  takesMap(subcommand(map, "dump", "print all of the map as JSON")).action((flags: MapFlags) =>
    withMap(flags, async (whole) => {
      await printJson(mapJson(whole));
    }),
  );
}
