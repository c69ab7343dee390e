/** `kelp osd`: looks at OSDs, marks them, and takes them through their lives. */
import { randomUUID } from "node:crypto";
import { Argument, type Command } from "commander";
import type { OsdId } from "../../cluster/base/ids.ts";
import type { Command as ControllerCommand } from "../../cluster/message/command.ts";
import { type ControllerFlags, ordered, takesController, withController } from "../controller.ts";
import { EXIT_CODE } from "../exit-code.ts";
import { CommandError } from "../failure.ts";
import { type MapFlags, takesMap, withMap } from "../newest-map.ts";
import { numberOperand, osdOperand, osdOperands } from "../operand.ts";
import { osdDfLines } from "../osd/osd-df.ts";
import { osdReport, osdReportLines } from "../osd/osd-report.ts";
import { isInStates, OSD_FILTERS, type OsdFilter, osdIds } from "../osd/osd-state.ts";
import { osdTree, TREE_COLUMNS, treeRows } from "../osd/osd-tree.ts";
import { print, screen } from "../output.ts";
import { type Confirmed, subcommand, takesConfirmation } from "../subcommand.ts";
import { fieldLines, tableLines } from "../table.ts";

const OSD = "an OSD, as 3 or osd.3";
const OSDS = "OSDs, as 3 or osd.3";

export function registerOsd(program: Command): void {
  const osd = program
    .command("osd")
    .summary("look at OSDs, mark them, replace them")
    .description("Looks at OSDs, marks them, and takes them through their lives.");
  registerListings(osd);
  registerMarks(osd);
  registerLife(osd);
  registerRatios(osd);
}

function filterArgument(): Argument {
  return new Argument("[states...]", "only OSDs that are all of this").choices(OSD_FILTERS);
}

function registerListings(osd: Command): void {
  takesMap(subcommand(osd, "tree", "draw the CRUSH hierarchy with the OSDs in it"))
    .addArgument(filterArgument())
    .action((states: readonly OsdFilter[], flags: MapFlags) =>
      withMap(flags, async (map) => {
        const tree = osdTree(map, states);
        const lines = (): string[] => tableLines(TREE_COLUMNS, treeRows(tree), screen());
        await print(flags, { value: () => tree, lines });
      }),
    );
  takesMap(subcommand(osd, "ls", "list the ids of OSDs"))
    .addArgument(filterArgument())
    .action((states: readonly OsdFilter[], flags: MapFlags) =>
      withMap(flags, async (map) => {
        const ids = osdIds(map).filter((id) => isInStates(map, id, states));
        await print(flags, { value: () => ids, lines: () => ids.map((id) => `${id}\n`) });
      }),
    );
  takesMap(subcommand(osd, "info", "print what the map knows of an OSD"))
    .argument("<osd>", OSD, osdOperand)
    .action((id: OsdId, flags: MapFlags) =>
      withMap(flags, async (map) => {
        const report = osdReport(map, id);
        if (report === undefined) {
          const hint = `there is no osd.${id}; kelp osd ls lists those that there are`;
          throw new CommandError(EXIT_CODE.refused, hint);
        }
        await print(flags, { value: () => report, lines: () => osdReportLines(report, screen()) });
      }),
    );
  takesController(subcommand(osd, "df", "show how full OSDs are")).action(
    (flags: ControllerFlags) =>
      withController(flags, async (asking) => {
        const { df } = await asking.ask({ type: "askOsdDf" }, "osdDf");
        await print(flags, { value: () => df, lines: () => osdDfLines(df, screen()) });
      }),
  );
}

function registerMarks(osd: Command): void {
  const onSeveral = (
    name: string,
    summary: string,
    order: (osds: readonly OsdId[]) => ControllerCommand,
  ): Command =>
    takesController(subcommand(osd, name, summary))
      .argument("<osds...>", OSDS, osdOperands)
      .action((osds: readonly OsdId[], flags: ControllerFlags) => ordered(flags, order(osds)));
  onSeveral("in", "let OSDs take data", (osds) => ({ type: "osdIn", osds }));
  onSeveral("out", "move the data of OSDs elsewhere", (osds) => ({ type: "osdOut", osds }));
  onSeveral("down", "mark OSDs down; one that runs comes back by itself", (osds) => ({
    type: "osdDown",
    osds,
  }));
  onSeveral("ok-to-stop", "say whether all data would still be served without OSDs", (osds) => ({
    type: "osdOkToStop",
    osds,
  }));
  onSeveral("safe-to-destroy", "say whether no data would be lost with OSDs", (osds) => ({
    type: "osdSafeToDestroy",
    osds,
  }));
  const onShare = (
    name: string,
    { summary, what }: { readonly summary: string; readonly what: string },
    order: (osd: OsdId, share: number) => ControllerCommand,
  ): Command =>
    takesController(subcommand(osd, name, summary))
      .argument("<osd>", OSD, osdOperand)
      .argument("<number>", what, numberOperand)
      .action((id: OsdId, share: number, flags: ControllerFlags) =>
        ordered(flags, order(id, share)),
      );
  onShare(
    "reweight",
    { summary: "let an OSD take a part of its data", what: "from 0 to 1" },
    (id, weight) => ({ type: "osdReweight", osd: id, weight }),
  );
  onShare(
    "primary-affinity",
    { summary: "let an OSD lead a part of its PGs", what: "from 0 to 1" },
    (id, affinity) => ({ type: "osdPrimaryAffinity", osd: id, affinity }),
  );
  onShare(
    "crush-reweight",
    { summary: "change an OSD's weight in the CRUSH map", what: "usually its size in TiB" },
    (id, weight) => ({ type: "crushReweight", item: `osd.${id}`, weight }),
  );
}

function registerLife(osd: Command): void {
  takesController(subcommand(osd, "new", "make an id for the store with a uuid"))
    .argument("[uuid]", "of the store; a new one if not given")
    .option("--id <osd>", "this id and no other", osdOperand)
    .action((uuid: string | undefined, flags: ControllerFlags & { readonly id?: OsdId }) =>
      ordered(flags, { type: "osdNew", uuid: uuid ?? randomUUID(), osd: flags.id }),
    );
  const ending = (
    name: string,
    summary: string,
    order: (osd: OsdId, confirm: boolean) => ControllerCommand,
  ): Command =>
    takesConfirmation(takesController(subcommand(osd, name, summary)))
      .argument("<osd>", OSD, osdOperand)
      .action((id: OsdId, flags: ControllerFlags & Confirmed) =>
        ordered(flags, order(id, flags.yesIReallyMeanIt === true)),
      );
  ending(
    "destroy",
    "give an OSD up, and keep its id and place for another disk",
    (id, confirm) => ({
      type: "osdDestroy",
      osd: id,
      confirm,
    }),
  );
  ending("purge", "forget an OSD, its id and its place", (id, confirm) => ({
    type: "osdPurge",
    osd: id,
    confirm,
  }));
  ending("lost", "give up what an OSD had that is down for good", (id, confirm) => ({
    type: "osdLost",
    osd: id,
    confirm,
  }));
}

interface RatioFlags extends ControllerFlags {
  readonly nearfull?: number;
  readonly backfillfull?: number;
  readonly full?: number;
}

function registerRatios(osd: Command): void {
  takesController(
    subcommand(osd, "set-ratios", "set from which share of its disk on an OSD counts as full"),
  )
    .option("--nearfull <ratio>", "warn from here on", numberOperand)
    .option("--backfillfull <ratio>", "move no data onto it from here on", numberOperand)
    .option("--full <ratio>", "refuse writes from here on", numberOperand)
    .addHelpText("after", "\nWithout any of them, prints those that are in force.")
    .action(async (flags: RatioFlags) => {
      const { nearfull, backfillfull, full } = flags;
      if ([nearfull, backfillfull, full].some((ratio) => ratio !== undefined)) {
        await ordered(flags, { type: "ratiosSet", nearfull, backfillfull, full });
        return;
      }
      await withMap(flags, async ({ ratios }) => {
        const fields = Object.entries(ratios).map(
          ([name, ratio]) => [name, String(ratio)] as const,
        );
        await print(flags, { value: () => ratios, lines: () => fieldLines(fields) });
      });
    });
}
