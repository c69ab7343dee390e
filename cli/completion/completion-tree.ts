/** The command line as a flat list of places, out of commander's own tree: what can come after which words. */
import type { Command } from "commander";

export interface Word {
  readonly word: string;
  readonly about: string;
}

export interface Flag extends Word {
  readonly takesValue: boolean;
  /** Of its value. */
  readonly choices: readonly string[];
}

/** What an argument names that only the cluster knows, and the command that lists it. */
export const LISTINGS = {
  pool: "kelp pool ls",
  osd: "kelp osd ls",
  rule: "kelp crush rule ls",
} as const;
export type Listing = (typeof LISTINGS)[keyof typeof LISTINGS];

export interface Place {
  /** The words that lead there, each with a space before it: " osd tree"; "" for kelp alone. */
  readonly at: string;
  /** Also under other names of its last word. */
  readonly spellings: readonly string[];
  readonly commands: readonly Word[];
  readonly flags: readonly Flag[];
  readonly choices: readonly string[];
  readonly listings: readonly Listing[];
}

const BY_ARGUMENT: Readonly<Record<string, Listing>> = {
  pool: LISTINGS.pool,
  osd: LISTINGS.osd,
  osds: LISTINGS.osd,
  rule: LISTINGS.rule,
};

/** Each place before those below it. */
export function completionTree(program: Command): Place[] {
  return placesOf(program, { at: "", spellings: [""] });
}

function placesOf(command: Command, { at, spellings }: Pick<Place, "at" | "spellings">): Place[] {
  const help = command.createHelp();
  const below = help.visibleCommands(command).filter((each) => each.name() !== "help");
  const args = command.registeredArguments;
  const place: Place = {
    at,
    spellings,
    commands: below.map((each) => ({ word: each.name(), about: each.summary() })),
    flags: help
      .visibleOptions(command)
      .flatMap(({ long, description, required, optional, argChoices }) =>
        long === undefined || long === null
          ? []
          : [
              {
                word: long,
                about: description,
                takesValue: required || optional,
                choices: argChoices ?? [],
              },
            ],
      ),
    choices: args.flatMap(({ argChoices }) => argChoices ?? []),
    listings: [...new Set(args.flatMap((arg) => BY_ARGUMENT[arg.name()] ?? []))],
  };
  return [
    place,
    ...below.flatMap((each) => {
      const names = [each.name(), ...each.aliases()];
      return placesOf(each, {
        at: `${at} ${each.name()}`,
        spellings: names.map((name) => `${at} ${name}`),
      });
    }),
  ];
}
