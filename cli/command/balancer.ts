/** `kelp balancer`: whether the PGs of OSDs are evened out, and how even they are. A setting of the controller decides. */
import type { Command } from "commander";
import { listCentral, setCentral } from "../../cluster/coordination/central-config.ts";
import { poolSpreads, spreadLines } from "../balancer/pg-spread.ts";
import { CONFIG_TABLES } from "../config/config-tables.ts";
import { coveredBy, effectiveSettings } from "../config/effective.ts";
import { withTree } from "../coordinator.ts";
import { type MapFlags, takesMap, withMap } from "../newest-map.ts";
import { print, screen } from "../output.ts";
import { subcommand } from "../subcommand.ts";
import { fieldLines } from "../table.ts";

const KIND = "controller";
const SETTING = "balancer";
const SHOWN = [SETTING, "balancer-interval", "max-misplaced-ratio"];

export function registerBalancer(program: Command): void {
  const balancer = program
    .command("balancer")
    .summary("even out the PGs of OSDs, or leave them")
    .description("Evens out how many PGs each OSD has, by upmaps, or leaves them.");
  const switched = (state: "on" | "off", summary: string): Command =>
    takesMap(subcommand(balancer, state, summary)).action((flags: MapFlags) => turn(state, flags));
  switched("on", "even out the PGs from now on");
  switched("off", "leave the PGs as they are; upmaps stay");
  takesMap(
    subcommand(balancer, "status", "show whether it is on, and how even the PGs of each pool are"),
  )
    .addHelpText(
      "after",
      "\nBy CRUSH, and with upmaps: by how many PGs the OSDs at both\nends are off their share.",
    )
    .action((flags: MapFlags) =>
      withMap(flags, async (map, { client }) => {
        const entries = await listCentral(client);
        const all = effectiveSettings(CONFIG_TABLES.controller, entries, KIND);
        const settings = all.filter(({ name }) => SHOWN.includes(name));
        const stops = ["norebalance", "nobackfill"].filter((name) =>
          [...map.flags].some((flag) => flag === name),
        );
        const pools = poolSpreads(map);
        await print(flags, {
          value: () => ({ settings, flags: stops, pools }),
          lines: () => [
            ...fieldLines([
              ...settings.map(({ name, value, source }) => [name, `${value} (${source})`] as const),
              ...stops.map((name) => ["flag", `${name} is set: nothing is moved`] as const),
            ]),
            "\n",
            ...spreadLines(pools, screen()),
          ],
        });
      }),
    );
}

async function turn(state: "on" | "off", flags: MapFlags): Promise<void> {
  await withTree(flags, async ({ client }) => {
    const entry = { who: KIND, name: SETTING, text: state };
    await setCentral(client, CONFIG_TABLES, entry);
    const covered = coveredBy(await listCentral(client), entry);
    await print(flags, {
      value: () => ({ balancer: state, covered }),
      lines: () => [
        `the balancer is ${state}\n`,
        ...covered.map((one) => `but ${one.who} is told ${one.text}, which counts there\n`),
      ],
    });
  });
}
