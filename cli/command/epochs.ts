/** `kelp epochs`: who changed what in the map, and when. */
import type { Command } from "commander";
import { type Epoch, epoch } from "../../cluster/base/ids.ts";
import { readEpochNode, readHistory, readUndo } from "../../cluster/coordination/map-reader.ts";
import { PATHS } from "../../cluster/coordination/paths.ts";
import type { EpochRecord } from "../../cluster/map/epoch-record.ts";
import type { ZooKeeperClient } from "../../cluster/zookeeper/client.ts";
import { persistently } from "../../cluster/zookeeper/recipe/retry.ts";
import { withTree } from "../coordinator.ts";
import { epochJson, epochLines } from "../epochs/epoch-lines.ts";
import { epochReport, epochReportLines } from "../epochs/epoch-report.ts";
import { EXIT_CODE } from "../exit-code.ts";
import { CommandError } from "../failure.ts";
import { type MapFlags, takesMap } from "../newest-map.ts";
import { countOperand, positiveOperand } from "../operand.ts";
import { print, screen } from "../output.ts";
import { subcommand } from "../subcommand.ts";

const EPOCHS_SHOWN = 20;
const MARKS = `
A row begins with + if it is new, - if it went away, ~ if it became another, and
= if it is so now and what it was before is not kept.`;

interface ListFlags extends MapFlags {
  readonly lines?: number;
  readonly from?: number;
}

export function registerEpochs(program: Command): void {
  const epochs = takesMap(
    subcommand(program, "epochs", "list who changed what in the map, and when"),
  )
    .enablePositionalOptions()
    .option("-n, --lines <n>", `so many epochs (${EPOCHS_SHOWN})`, positiveOperand)
    .option("--from <epoch>", "from this one on, instead of the last", countOperand)
    .action(list);
  takesMap(subcommand(epochs, "show", "show row by row what an epoch changed"))
    .argument("<epoch>", "its number", countOperand)
    .option("--all", "also where there are very many rows")
    .addHelpText("after", MARKS)
    .action(show);
}

async function list(flags: ListFlags): Promise<void> {
  const { lines: count = EPOCHS_SHOWN, from } = flags;
  await withTree(flags, async ({ client }) => {
    const newest = await newestEpoch(client);
    const first = Math.max(1, from ?? newest - count + 1);
    const records: EpochRecord[] = [];
    // What was asked for may be older than what is kept.
    for await (const record of readHistory(client, { from: epoch(first), to: newest })) {
      records.push(record);
      if (records.length >= count) break;
    }
    await print(flags, {
      value: () => records.map(epochJson),
      lines: () => epochLines(records, screen()),
    });
  });
}

async function show(number: number, flags: MapFlags & { readonly all?: true }): Promise<void> {
  await withTree(flags, async ({ client }) => {
    const of = epoch(number);
    const newest = await newestEpoch(client);
    const record = await recordOf(client, of);
    if (record === undefined) throw unknownEpoch(number, newest);
    const report = epochReport(record, await readUndo(client, of));
    const options = { ...screen(), all: flags.all === true };
    await print(flags, { value: () => report, lines: () => epochReportLines(report, options) });
  });
}

async function newestEpoch(client: ZooKeeperClient): Promise<Epoch> {
  return await persistently(client, async () => {
    await client.sync(PATHS.mapEpoch);
    return (await readEpochNode(client)).epoch;
  });
}

async function recordOf(client: ZooKeeperClient, of: Epoch): Promise<EpochRecord | undefined> {
  for await (const record of readHistory(client, { from: of, to: of })) return record;
  return undefined;
}

function unknownEpoch(number: number, newest: Epoch): CommandError {
  const why =
    number > newest
      ? `the newest is ${newest}`
      : "its history is not kept any more; kelp epochs --from 1 begins with the oldest that is";
  return new CommandError(EXIT_CODE.refused, `there is no epoch ${number} to show: ${why}`);
}
