/** `kelp upmap`: says by hand on which OSDs a PG is to be. */
import { type Command, InvalidArgumentError } from "commander";
import type { OsdId } from "../../cluster/base/ids.ts";
import { POOL_SIZE_MAX } from "../../cluster/map/map-problems.ts";
import { formatPgId, type PgId } from "../../cluster/map/pg-id.ts";
import { pgEntries } from "../../cluster/map/pg-table.ts";
import type { UpmapPair } from "../../cluster/map/placement-map.ts";
import { type ControllerFlags, ordered, takesController } from "../controller.ts";
import { type MapFlags, takesMap, withMap } from "../newest-map.ts";
import { osdOperand, osdOperands, pgOperand } from "../operand.ts";
import { print, screen } from "../output.ts";
import { subcommand } from "../subcommand.ts";
import { tableLines } from "../table.ts";

const PG = "as 1.2f";
const NOTE =
  "\nThe balancer takes back what makes the PGs less even: turn it off, or set\nnorebalance, to keep them.";

export function registerUpmap(program: Command): void {
  const upmap = program
    .command("upmap")
    .summary("say on which OSDs a PG is to be")
    .description("Says by hand on which OSDs a PG is to be, against what CRUSH gives.");
  takesController(subcommand(upmap, "pg-upmap-items", "put a PG on other OSDs, in place of some"))
    .argument("<pg>", PG, pgOperand)
    .argument("<pairs...>", "from which OSD to which: 3:7 4:8, or 3 7 4 8")
    .addHelpText("after", NOTE)
    .action((pg: PgId, words: readonly string[], flags: ControllerFlags) =>
      ordered(flags, { type: "upmapItemsSet", pg, items: pairsOf(words) }),
    );
  takesController(subcommand(upmap, "pg-upmap", "put a PG on these OSDs, all of them given"))
    .argument("<pg>", PG, pgOperand)
    .argument("<osds...>", "the first leads", osdOperands)
    .addHelpText("after", NOTE)
    .action((pg: PgId, osds: readonly OsdId[], flags: ControllerFlags) =>
      ordered(flags, { type: "upmapSet", pg, osds: ofOnePg(osds) }),
    );
  takesController(subcommand(upmap, "rm", "put a PG back where CRUSH gives it"))
    .argument("<pg>", PG, pgOperand)
    .option("--row", "take back what pg-upmap gave, not the items")
    .action((pg: PgId, flags: ControllerFlags & { readonly row?: true }) =>
      ordered(flags, { type: flags.row === true ? "upmapRemove" : "upmapItemsRemove", pg }),
    );
  takesMap(subcommand(upmap, "ls", "list all upmaps, also the balancer's")).action(
    (flags: MapFlags) =>
      withMap(flags, async ({ pgUpmap, pgUpmapItems }) => {
        const rows = [...pgEntries(pgUpmap)].map(([pg, osds]) => ({ pg: formatPgId(pg), osds }));
        const items = [...pgEntries(pgUpmapItems)].map(([pg, pairs]) => ({
          pg: formatPgId(pg),
          items: pairs,
        }));
        const texts = [
          ...rows.map(({ pg, osds }) => [pg, `to ${osds.map((osd) => `osd.${osd}`).join(", ")}`]),
          ...items.map(({ pg, items: pairs }) => [pg, pairs.map(pairText).join(", ")]),
        ];
        const lines = (): string[] =>
          tableLines([{ title: "PG" }, { title: "UPMAP" }], texts, screen());
        await print(flags, { value: () => ({ rows, items }), lines });
      }),
  );
}

function pairText({ from, to }: UpmapPair): string {
  return `osd.${from} -> osd.${to}`;
}

/** Pairs as they are typed in Kelp, or flat as in Ceph. */
export function pairsOf(words: readonly string[]): readonly UpmapPair[] {
  const ids = words.flatMap((word) => {
    const ends = word.split(":");
    if (ends.length === (word.includes(":") ? 2 : 1)) return ends;
    throw pairProblem();
  });
  if (ids.length % 2 !== 0) throw pairProblem();
  const pairs: UpmapPair[] = [];
  for (let at = 0; at < ids.length; at += 2) {
    pairs.push({ from: osdOperand(ids[at] ?? ""), to: osdOperand(ids[at + 1] ?? "") });
  }
  return ofOnePg(pairs);
}

/** No PG has more, and no message takes more. */
function ofOnePg<T>(row: readonly T[]): readonly T[] {
  if (row.length <= POOL_SIZE_MAX) return row;
  throw new InvalidArgumentError(`A PG is on at most ${POOL_SIZE_MAX} OSDs.`);
}

function pairProblem(): InvalidArgumentError {
  return new InvalidArgumentError("A pair is from which OSD to which, as 3:7.");
}
