/** `kelp flag`: stops and starts parts of what the cluster does by itself. */
import { Argument, type Command } from "commander";
import { MAP_FLAGS, type MapFlag } from "../../cluster/map/osd-map.ts";
import { type ControllerFlags, ordered, takesController } from "../controller.ts";
import { type MapFlags, takesMap, withMap } from "../newest-map.ts";
import { print, screen } from "../output.ts";
import { subcommand } from "../subcommand.ts";
import { type Cell, tableLines } from "../table.ts";

const ABOUT: Readonly<Record<MapFlag, string>> = {
  pause: "no client reads or writes",
  noup: "no OSD that boots is marked up",
  nodown: "no OSD is marked down",
  noin: "no OSD that boots is marked in",
  noout: "no OSD that is down is marked out: its data waits for it",
  nobackfill: "no PG is copied as a whole",
  norebalance: "nothing is moved that has all its copies",
  norecover: "no missing copy is made again",
  noscrub: "no PG is scrubbed",
  "nodeep-scrub": "no PG is scrubbed deeply",
};

export function registerFlag(program: Command): void {
  const flag = program
    .command("flag")
    .summary("stop and start what the cluster does by itself")
    .description("Stops and starts parts of what the cluster does by itself.");
  const flagsArgument = (): Argument => new Argument("<flags...>", "as noout").choices(MAP_FLAGS);
  takesController(subcommand(flag, "set", "set flags"))
    .addArgument(flagsArgument())
    .action((flags: readonly MapFlag[], options: ControllerFlags) =>
      ordered(options, { type: "flagSet", flags: [...new Set(flags)] }),
    );
  takesController(subcommand(flag, "unset", "take flags back"))
    .addArgument(flagsArgument())
    .action((flags: readonly MapFlag[], options: ControllerFlags) =>
      ordered(options, { type: "flagUnset", flags: [...new Set(flags)] }),
    );
  takesMap(subcommand(flag, "ls", "show which flags there are, and which are set")).action(
    (options: MapFlags) =>
      withMap(options, async ({ flags }) => {
        const lines = (): string[] =>
          tableLines(
            [{ title: "FLAG" }, { title: "SET" }, { title: "WHILE IT IS" }],
            MAP_FLAGS.map((name) => [name, setCell(flags.has(name)), ABOUT[name]]),
            screen(),
          );
        await print(options, { value: () => [...flags], lines });
      }),
  );
}

function setCell(isSet: boolean): Cell {
  return isSet ? { text: "set", style: "warning" } : "-";
}
