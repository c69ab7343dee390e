/** `kelp blocklist`: clients that must not be served any more. */
import type { Command } from "commander";
import { formatDuration } from "../amount.ts";
import { type ControllerFlags, ordered, takesController } from "../controller.ts";
import { type MapFlags, takesMap, withMap } from "../newest-map.ts";
import { parseDuration } from "../option.ts";
import { print, screen } from "../output.ts";
import { subcommand } from "../subcommand.ts";
import { tableLines } from "../table.ts";

export function registerBlocklist(program: Command): void {
  const blocklist = program
    .command("blocklist")
    .summary("shut clients out")
    .description("Shuts clients out that must not be served any more.");
  takesController(subcommand(blocklist, "add", "refuse a client from now on"))
    .argument("<address>", "of the client, as the OSDs see it")
    .option("--for <duration>", "as 10m (1h)", parseDuration)
    .action((address: string, flags: ControllerFlags & { readonly for?: number }) =>
      ordered(flags, { type: "blocklistAdd", address, durationMs: flags.for }),
    );
  takesController(subcommand(blocklist, "rm", "serve a client again"))
    .argument("<address>", "as blocklist ls shows it")
    .action((address: string, flags: ControllerFlags) =>
      ordered(flags, { type: "blocklistRemove", address }),
    );
  takesMap(subcommand(blocklist, "ls", "list the clients that are refused")).action(
    (flags: MapFlags) =>
      withMap(flags, async (map) => {
        const nowMs = Date.now();
        const entries = [...map.blocklist]
          .map(([address, untilMs]) => ({ address, untilMs, leftMs: untilMs - nowMs }))
          .filter(({ leftMs }) => leftMs > 0)
          .toSorted((left, right) => left.untilMs - right.untilMs);
        const rows = entries.map(({ address, leftMs }) => [address, formatDuration(leftMs)]);
        const lines = (): string[] =>
          tableLines([{ title: "ADDRESS" }, { title: "STILL FOR" }], rows, screen());
        await print(flags, { value: () => entries, lines });
      }),
  );
}
