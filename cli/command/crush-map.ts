/** The part of `kelp crush` that is about the cluster's own map: shows it, edits it, takes it out and puts it back. */
import { readFileSync, writeFileSync } from "node:fs";
import type { Command } from "commander";
import type { OsdId } from "../../cluster/base/ids.ts";
import { encodeCephOsdMap } from "../../cluster/map/ceph-osdmap.ts";
import type { Command as ControllerCommand } from "../../cluster/message/command.ts";
import { MESSAGE_LIMITS } from "../../cluster/runtime/outgoing.ts";
import { encodeBinary } from "../../crush/binary.ts";
import { printText } from "../../crush/text-printer.ts";
import { TUNABLES_PROFILES } from "../../crush/tunables.ts";
import { formatBytes } from "../amount.ts";
import { type ControllerFlags, ordered, takesController } from "../controller.ts";
import {
  crushItems,
  crushRules,
  itemLines,
  profilesOf,
  ruleReportLines,
} from "../crush/crush-items.ts";
import { EXIT_CODE } from "../exit-code.ts";
import { CommandError } from "../failure.ts";
import { fileFailure } from "../map-file.ts";
import { type MapFlags, takesMap, withMap } from "../newest-map.ts";
import { numberOperand, osdOperand, osdOperands } from "../operand.ts";
import { print, screen } from "../output.ts";
import { subcommand } from "../subcommand.ts";
import { fieldLines } from "../table.ts";
import { writeOut } from "../write-out.ts";

const ITEM = "a bucket or a device, by name";
const PARENT = "the bucket to hold it, as host1 or host=host1";
const STANDARD_INPUT = 0;
/** It goes in one message, with a little beside it. */
const MAP_SIZE_MAX = MESSAGE_LIMITS.controlSizeMax - (4 << 10);

export function registerCrushMap(crush: Command): void {
  registerListing(crush);
  registerBuckets(crush);
  registerItems(crush);
  registerClasses(crush);
  registerRules(crush);
  registerTunables(crush);
  registerWhole(crush);
}

function registerListing(crush: Command): void {
  takesMap(subcommand(crush, "ls", "list the cluster's buckets, or what is in one"))
    .argument("[bucket]", "its name")
    .action((name: string | undefined, flags: MapFlags) =>
      withMap(flags, async (map) => {
        const items = crushItems(map.crush, name);
        await print(flags, { value: () => items, lines: () => itemLines(items, screen()) });
      }),
    );
}

function registerBuckets(crush: Command): void {
  takesController(subcommand(crush, "add-bucket", "make a bucket in the cluster's map"))
    .argument("<name>", "of the bucket")
    .argument("<type>", "as host or rack")
    .argument("[parent]", PARENT, parentOperand)
    .action(
      (name: string, bucketType: string, parent: string | undefined, flags: ControllerFlags) =>
        ordered(flags, { type: "crushAddBucket", name, bucketType, parent }),
    );
  onTwo(crush, "rename", {
    summary: "give a bucket another name",
    names: ["bucket", "name"],
    order: (from, to) => ({ type: "crushRename", from, to }),
  });
  onTwo(crush, "swap", {
    summary: "let two buckets take each other's places",
    names: ["first", "second"],
    order: (first, second) => ({ type: "crushSwap", first, second }),
  });
}

function registerItems(crush: Command): void {
  takesController(subcommand(crush, "add", "give an OSD a place in the cluster's map"))
    .argument("<osd>", "as 3 or osd.3", osdOperand)
    .argument("<weight>", "usually its size in TiB", numberOperand)
    .argument("<parent>", PARENT, parentOperand)
    .option("--class <name>", "its device class, as ssd")
    .action(
      (
        osd: OsdId,
        weight: number,
        parent: string,
        flags: ControllerFlags & { readonly class?: string },
      ) => ordered(flags, { type: "crushAdd", osd, weight, parent, deviceClass: flags.class }),
    );
  onTwo(crush, "move", {
    summary: "move an item with all below it to another bucket",
    names: ["item", "parent"],
    order: (item, parent) => ({ type: "crushMove", item, parent: parentOperand(parent) }),
  });
  onTwo(crush, "link", {
    summary: "let an item stand in a further bucket too",
    names: ["item", "parent"],
    order: (item, parent) => ({ type: "crushLink", item, parent: parentOperand(parent) }),
  });
  onTwo(crush, "unlink", {
    summary: "take an item out of a bucket",
    names: ["item", "parent"],
    order: (item, parent) => ({ type: "crushUnlink", item, parent: parentOperand(parent) }),
  });
  takesController(subcommand(crush, "remove", "take an item out of the cluster's map"))
    .alias("rm")
    .argument("<item>", ITEM)
    .action((item: string, flags: ControllerFlags) =>
      ordered(flags, { type: "crushRemove", item }),
    );
  takesController(
    subcommand(crush, "reweight", "change the weight of a device, or of all below a bucket"),
  )
    .argument("<item>", ITEM)
    .argument("<weight>", "of each device", numberOperand)
    .action((item: string, weight: number, flags: ControllerFlags) =>
      ordered(flags, { type: "crushReweight", item, weight }),
    );
}

function onTwo(
  crush: Command,
  name: string,
  {
    summary,
    names: [first, second],
    order,
  }: {
    readonly summary: string;
    readonly names: readonly [string, string];
    readonly order: (first: string, second: string) => ControllerCommand;
  },
): void {
  takesController(subcommand(crush, name, summary))
    .argument(`<${first}>`)
    .argument(`<${second}>`)
    .action((one: string, other: string, flags: ControllerFlags) =>
      ordered(flags, order(one, other)),
    );
}

function registerClasses(crush: Command): void {
  takesController(subcommand(crush, "set-device-class", "say of which class OSDs are"))
    .argument("<class>", "as ssd")
    .argument("<osds...>", "as 3 or osd.3", osdOperands)
    .action((deviceClass: string, osds: readonly OsdId[], flags: ControllerFlags) =>
      ordered(flags, { type: "crushSetDeviceClass", osds, deviceClass }),
    );
  takesController(subcommand(crush, "rm-device-class", "take the class of OSDs away"))
    .argument("<osds...>", "as 3 or osd.3", osdOperands)
    .action((osds: readonly OsdId[], flags: ControllerFlags) =>
      ordered(flags, { type: "crushRemoveDeviceClass", osds }),
    );
}

function registerRules(crush: Command): void {
  const rule = crush
    .command("rule")
    .summary("look at, make and remove rules of the cluster's map")
    .description("Looks at, makes and removes the rules by which pools are placed.");
  takesMap(subcommand(rule, "ls", "list rules")).action((flags: MapFlags) =>
    withMap(flags, async (map) => {
      const names = crushRules(map.crush).map(({ name }) => name);
      await print(flags, { value: () => names, lines: () => names.map((name) => `${name}\n`) });
    }),
  );
  takesMap(subcommand(rule, "dump", "print what rules do"))
    .argument("[rule]", "its name")
    .action((name: string | undefined, flags: MapFlags) =>
      withMap(flags, async (map) => {
        const rules = crushRules(map.crush, name);
        await print(flags, { value: () => rules, lines: () => ruleReportLines(rules) });
      }),
    );
  const creates = (name: string, ruleType: "replicated" | "erasure", whose: string): void => {
    takesController(subcommand(rule, name, `make a rule for ${whose}`))
      .argument("<name>", "of the rule")
      .argument("<root>", "the bucket below which it chooses, as default")
      .argument("<type>", "no two copies in one of these, as host")
      .argument("[class]", "only devices of this class, as ssd")
      .action(
        (
          made: string,
          root: string,
          failureDomain: string,
          deviceClass: string | undefined,
          flags: ControllerFlags,
        ) => {
          const settings = { name: made, ruleType, root, failureDomain, deviceClass };
          return ordered(flags, { type: "crushCreateRule", ...settings });
        },
      );
  };
  creates("create-replicated", "replicated", "replicated pools");
  creates("create-erasure", "erasure", "erasure-coded pools");
  takesController(subcommand(rule, "rm", "remove a rule that no pool uses"))
    .argument("<rule>", "its name")
    .action((name: string, flags: ControllerFlags) =>
      ordered(flags, { type: "crushRemoveRule", name }),
    );
}

function registerTunables(crush: Command): void {
  takesController(subcommand(crush, "tunables", "print or set how the cluster's map is walked"))
    .argument("[profile]", [...TUNABLES_PROFILES.keys()].join(", "))
    .action((profile: string | undefined, flags: ControllerFlags) => {
      if (profile !== undefined) return ordered(flags, { type: "crushTunables", profile });
      return withMap(flags, async ({ crush: { tunables } }) => {
        const profiles = profilesOf(tunables);
        const fields = Object.entries(tunables).map(([name, value]) => [name, `${value}`] as const);
        const lines = (): string[] =>
          fieldLines([["profile", profiles.join(", ") || "none"], ...fields]);
        await print(flags, { value: () => ({ profiles, ...tunables }), lines });
      });
    });
}

interface WholeFlags extends MapFlags {
  readonly outfn?: string;
  readonly text?: true;
}

function registerWhole(crush: Command): void {
  takesMap(subcommand(crush, "get-map", "take the cluster's map out, for crushtool or kelp crush"))
    .option("-o, --outfn <file>", "where it goes, instead of to standard output")
    .option("--text", "as text, not in its binary form")
    .action((flags: WholeFlags) =>
      withMap(flags, async ({ crush: map }) => {
        const isText = flags.text === true || (flags.outfn === undefined && process.stdout.isTTY);
        if (flags.outfn !== undefined) {
          writeFile(flags.outfn, isText ? Buffer.from(printText(map)) : encodeBinary(map));
        } else if (isText) await writeOut(process.stdout, [printText(map)]);
        else process.stdout.write(encodeBinary(map));
      }),
    );
  takesController(subcommand(crush, "set-map", "put another map in place of the cluster's"))
    .argument("<map>", "as text or binary; - for standard input")
    .action((file: string, flags: ControllerFlags) =>
      ordered(flags, { type: "crushSetMap", map: readFile(file) }),
    );
  takesMap(subcommand(crush, "export", "write the whole cluster map as a file of Ceph's"))
    .requiredOption("--osdmap <file>", "where it goes; osdmaptool of Ceph 16 reads it")
    .action((flags: MapFlags & { readonly osdmap: string }) =>
      withMap(flags, async (map, { cluster }) => {
        const bytes = encodeCephOsdMap(map, { fsid: cluster.id });
        writeFile(flags.osdmap, bytes);
        const { osdmap: file } = flags;
        const { epoch } = map;
        await print(flags, {
          value: () => ({ epoch, file, bytes: bytes.byteLength }),
          lines: () => [`epoch ${epoch}: ${bytes.byteLength} bytes in ${file}\n`],
        });
      }),
    );
}

/** Ceph names a place by its type too; the name alone says the same. */
function parentOperand(text: string): string {
  return text.slice(text.indexOf("=") + 1);
}

function readFile(file: string): Uint8Array {
  const bytes = readBytes(file);
  if (bytes.byteLength <= MAP_SIZE_MAX) return bytes;
  const size = `${formatBytes(bytes.byteLength)}, and ${formatBytes(MAP_SIZE_MAX)} can be sent`;
  const hint = "the binary form of a map is smaller than its text: kelp crush compile makes it";
  throw new CommandError(EXIT_CODE.failure, `${file}: it has ${size}; ${hint}`);
}

function readBytes(file: string): Uint8Array {
  try {
    return readFileSync(file === "-" ? STANDARD_INPUT : file);
  } catch (error) {
    throw fileFailure(file, error);
  }
}

function writeFile(file: string, bytes: Uint8Array): void {
  try {
    writeFileSync(file, bytes);
  } catch (error) {
    throw fileFailure(file, error);
  }
}
