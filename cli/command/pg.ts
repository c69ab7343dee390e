/** `kelp pg`: where PGs are and why there, and how they are. */
import { type Command, Option } from "commander";
import type { PgId } from "../../cluster/map/pg-id.ts";
import {
  PG_PAGE_MAX,
  PG_TROUBLES,
  type PgFilter,
  type PgRow,
  type PgTrouble,
} from "../../cluster/message/query.ts";
import {
  type Asking,
  type ControllerFlags,
  ordered,
  takesController,
  withController,
} from "../controller.ts";
import { EXIT_CODE } from "../exit-code.ts";
import { CommandError } from "../failure.ts";
import { type MapFlags, takesMap, withMap } from "../newest-map.ts";
import { osdOperand, pgOperand } from "../operand.ts";
import { parseDuration } from "../option.ts";
import { print, screen } from "../output.ts";
import { pageOut } from "../pager.ts";
import { type PgChoice, pgFilter } from "../pg/pg-filter.ts";
import { findObject, mappingLines, pgMapping } from "../pg/pg-mapping.ts";
import { pgJson, pgLines } from "../pg/pg-table.ts";
import { subcommand } from "../subcommand.ts";
import { writeOutSlowly } from "../write-out.ts";

const PG = "as 1.2f";

export function registerPg(program: Command): void {
  const pg = program
    .command("pg")
    .summary("look at PGs: where they are and how")
    .description("Shows where PGs are and why there, and how they are.");
  registerMap(pg);
  registerListings(pg);
  takesController(subcommand(pg, "clear-temp", "take a PG's temporary acting set away"))
    .argument("<pg>", PG, pgOperand)
    .addHelpText("after", "\nFor repair. Its primary asks for another one where it needs it.")
    .action((id: PgId, flags: ControllerFlags) => ordered(flags, { type: "pgTempClear", pg: id }));
}

interface MapPgFlags extends MapFlags {
  readonly pool?: string;
  readonly object?: string;
  readonly key?: string;
  readonly namespace?: string;
}

function registerMap(pg: Command): void {
  takesMap(subcommand(pg, "map", "explain on which OSDs a PG or an object is, by the map alone"))
    .argument("[pg]", PG, pgOperand)
    .option("--pool <name>", "with --object: its pool")
    .option("--object <name>", "instead of a PG: where the object would be")
    .option("--key <text>", "places the object instead of its name")
    .option("--namespace <name>", "of the object")
    .action((id: PgId | undefined, flags: MapPgFlags) => {
      const { pool, object, key, namespace } = flags;
      if (
        (id === undefined) === (object === undefined) ||
        (object !== undefined && pool === undefined)
      ) {
        throw new CommandError(EXIT_CODE.usage, "name a PG, or --pool POOL --object NAME");
      }
      return withMap(flags, async (map) => {
        const found =
          id === undefined
            ? findObject(map, {
                pool: pool ?? "",
                name: object ?? "",
                ...(key !== undefined && { key }),
                ...(namespace !== undefined && { namespace }),
              })
            : { pg: id };
        const mapping = pgMapping(map, found.pg, found);
        const lines = (): string[] => mappingLines(mapping, screen());
        await print(flags, { value: () => mapping, lines });
      });
    });
}

interface ListFlags extends ControllerFlags, PgChoice {}

function registerListings(pg: Command): void {
  takesController(subcommand(pg, "ls", "list PGs, all or those that are chosen"))
    .option("--pool <name>", "of this pool")
    .option("--osd <osd>", "on this OSD", osdOperand)
    .option("--state <states...>", "in all of these, as active+degraded")
    .addOption(new Option("--stuck <trouble>", "in this trouble").choices(PG_TROUBLES))
    .option("--for <duration>", "with --stuck: for so long, as 5m", parseDuration)
    .action((flags: ListFlags) =>
      withController(flags, async (asking) => {
        const filter = await pgFilter(flags, () => asking.map());
        await streamOut(listing(asking, filter, flags), flags);
      }),
    );
  takesController(subcommand(pg, "dump", "print all that is known of PGs")).action(
    (flags: ControllerFlags) =>
      withController(flags, (asking) =>
        streamOut(flags.json === true ? dump(asking) : listing(asking, EVERYTHING, flags), flags),
      ),
  );
}

/** A pager is for people. */
async function streamOut(pieces: AsyncIterable<string>, { json }: ListFlags): Promise<void> {
  if (json === true) await writeOutSlowly(process.stdout, pieces);
  else await pageOut(pieces);
}

const EVERYTHING: PgFilter = {
  pool: undefined,
  osd: undefined,
  states: 0,
  unknown: false,
  stuck: undefined,
};

/** No more than a page of it is ever in memory, also of a JSON document. */
async function* listing(
  asking: Asking,
  filter: PgFilter,
  { json, stuck }: { readonly json?: true; readonly stuck?: PgTrouble },
): AsyncGenerator<string> {
  if (json === true) {
    yield* jsonRows(asking, filter);
    yield "\n";
    return;
  }
  let isFirst = true;
  for await (const rows of pages(asking, filter)) {
    const options = { ...screen(), trouble: stuck, withoutTitles: !isFirst };
    yield pgLines(rows, options).join("");
    isFirst = false;
  }
}

async function* dump(asking: Asking): AsyncGenerator<string> {
  const { status } = await asking.ask({ type: "askStatus" }, "status");
  const { df } = await asking.ask({ type: "askOsdDf" }, "osdDf");
  const { rows } = await asking.ask({ type: "askPoolDf" }, "poolDf");
  yield `{"epoch":${status.epoch},"pools":${JSON.stringify(rows)},"osds":${JSON.stringify(df)},"pgs":`;
  yield* jsonRows(asking, EVERYTHING);
  yield "}\n";
}

async function* jsonRows(asking: Asking, filter: PgFilter): AsyncGenerator<string> {
  let separator = "[";
  for await (const rows of pages(asking, filter)) {
    if (rows.length === 0) continue;
    yield separator + rows.map((row) => JSON.stringify(pgJson(row))).join(",");
    separator = ",";
  }
  yield separator === "[" ? "[]" : "]";
}

async function* pages(asking: Asking, filter: PgFilter): AsyncGenerator<readonly PgRow[]> {
  let after: PgId | undefined;
  do {
    const question = { type: "askPgs", filter, after, limit: PG_PAGE_MAX } as const;
    const { rows, next } = await asking.ask(question, "pgs");
    yield rows;
    after = next;
  } while (after !== undefined);
}
