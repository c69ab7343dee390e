/** `kelp pool`: makes pools, changes them, and shows what is in them. */
import type { Command } from "commander";
import { type ControllerFlags, ordered, takesController, withController } from "../controller.ts";
import { EXIT_CODE } from "../exit-code.ts";
import { CommandError } from "../failure.ts";
import { type MapFlags, takesMap, withMap } from "../newest-map.ts";
import { countOperand, positiveOperand, sizeOperand } from "../operand.ts";
import { print, screen } from "../output.ts";
import { poolDfLines } from "../pool/pool-df.ts";
import { poolLines, poolList, poolNamed } from "../pool/pool-list.ts";
import { poolFields, poolSetting, settingHelp } from "../pool/pool-setting.ts";
import { type Confirmed, subcommand, takesConfirmation } from "../subcommand.ts";
import { fieldLines } from "../table.ts";

const POOL = "its name";

export function registerPool(program: Command): void {
  const pool = program
    .command("pool")
    .summary("make, change and look at pools")
    .description("Makes pools, changes them, and shows what is in them.");
  registerListings(pool);
  registerCreate(pool);
  registerEnd(pool);
  registerSettings(pool);
}

function registerListings(pool: Command): void {
  takesMap(subcommand(pool, "ls", "list pools"))
    .option("--detail", "with their settings")
    .action((flags: MapFlags & { readonly detail?: true }) =>
      withMap(flags, async (map) => {
        const pools = poolList(map);
        const names = pools.map(({ name }) => name);
        if (flags.detail === true) {
          await print(flags, { value: () => pools, lines: () => poolLines(pools, screen()) });
        } else {
          await print(flags, { value: () => names, lines: () => names.map((name) => `${name}\n`) });
        }
      }),
    );
  takesController(
    subcommand(pool, "df", "show what pools hold and how much more they could"),
  ).action((flags: ControllerFlags) =>
    withController(flags, async (asking) => {
      const { rows } = await asking.ask({ type: "askPoolDf" }, "poolDf");
      await print(flags, { value: () => rows, lines: () => poolDfLines(rows, screen()) });
    }),
  );
  takesMap(subcommand(pool, "get", "print a pool's settings, or one of them"))
    .argument("<pool>", POOL)
    .argument("[setting]", "as size")
    .action((name: string, setting: string | undefined, flags: MapFlags) =>
      withMap(flags, async (map) => {
        const found = poolNamed(map, name);
        const fields = poolFields(found, setting);
        await print(flags, {
          value: () =>
            setting === undefined ? found : { [setting]: poolSetting(setting).of(found) ?? null },
          lines: () => fieldLines(fields, screen()),
        });
      }),
    );
}

interface CreateFlags extends ControllerFlags, Confirmed {
  readonly size?: number;
  readonly minSize?: number;
  readonly rule?: string;
  readonly application?: string;
}

function registerCreate(pool: Command): void {
  takesConfirmation(takesController(subcommand(pool, "create", "make a pool")))
    .argument("<name>", "letters, digits, -, _ and .")
    .argument("[pg-num]", "how many PGs, best a power of two; it stays so (32)", positiveOperand)
    .option("--size <n>", "copies of each object (pool-default-size, which is 3)", positiveOperand)
    .option("--min-size <n>", "so many must be there for clients to be served", positiveOperand)
    .option("--rule <name>", "the CRUSH rule that places it (the first that fits)")
    .option("--application <name>", "what it is for, as s3")
    .action((name: string, pgNum: number | undefined, flags: CreateFlags) => {
      const { size, minSize, rule, application = "", yesIReallyMeanIt: confirm = false } = flags;
      const settings = { name, pgNum, size, minSize, rule, application, confirm };
      return ordered(flags, { type: "poolCreate", ...settings });
    });
}

function registerEnd(pool: Command): void {
  takesConfirmation(
    takesController(subcommand(pool, "delete", "delete a pool and all that is in it")),
  )
    .argument("<pool>", POOL)
    .argument("[again]", "its name once more")
    .action((name: string, nameAgain = "", flags: ControllerFlags & Confirmed) => {
      const confirm = flags.yesIReallyMeanIt === true;
      return ordered(flags, { type: "poolDelete", name, nameAgain, confirm });
    });
  takesController(subcommand(pool, "rename", "give a pool another name"))
    .argument("<pool>", POOL)
    .argument("<name>", "the new one")
    .action((from: string, to: string, flags: ControllerFlags) =>
      ordered(flags, { type: "poolRename", from, to }),
    );
}

interface QuotaFlags extends ControllerFlags {
  readonly bytes?: number;
  readonly objects?: number;
}

function registerSettings(pool: Command): void {
  takesConfirmation(takesController(subcommand(pool, "set", "change a setting of a pool")))
    .argument("<pool>", POOL)
    .argument("<setting>", "as size")
    .argument("<value>", "what it is to be")
    .addHelpText("after", settingHelp)
    .action((name: string, setting: string, text: string, flags: ControllerFlags & Confirmed) => {
      const change = poolSetting(setting).parse(text);
      const confirm = flags.yesIReallyMeanIt === true;
      return ordered(flags, { type: "poolSet", ...UNCHANGED, ...change, name, confirm });
    });
  takesController(subcommand(pool, "set-quota", "limit what a pool may hold"))
    .argument("<pool>", POOL)
    .option("--bytes <size>", "as 10GiB; 0 for no limit", sizeOperand)
    .option("--objects <n>", "0 for no limit", countOperand)
    .action((name: string, flags: QuotaFlags) => {
      const { bytes: quotaBytes, objects: quotaObjects } = flags;
      if (quotaBytes === undefined && quotaObjects === undefined) {
        throw new CommandError(EXIT_CODE.usage, "say how much: --bytes 10GiB or --objects 1000");
      }
      const change = { ...UNCHANGED, quotaBytes, quotaObjects, name, confirm: false };
      return ordered(flags, { type: "poolSet", ...change });
    });
  takesConfirmation(
    takesController(subcommand(pool, "application", "print or say what a pool is for")),
  )
    .argument("<pool>", POOL)
    .argument("[application]", "as s3")
    .action((name: string, application: string | undefined, flags: ControllerFlags & Confirmed) => {
      const confirm = flags.yesIReallyMeanIt === true;
      if (application !== undefined) {
        return ordered(flags, { type: "poolSet", ...UNCHANGED, application, name, confirm });
      }
      return withMap(flags, async (map) => {
        const found = poolNamed(map, name);
        const lines = (): string[] => [`${found.application === "" ? "-" : found.application}\n`];
        await print(flags, { value: () => ({ application: found.application }), lines });
      });
    });
}

const UNCHANGED = {
  size: undefined,
  minSize: undefined,
  rule: undefined,
  application: undefined,
  nodelete: undefined,
  quotaBytes: undefined,
  quotaObjects: undefined,
};
