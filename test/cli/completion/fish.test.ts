import { expect, test } from "vitest";
import type { Place } from "../../../cli/completion/completion-tree.ts";
import { fishCompletion } from "../../../cli/completion/fish.ts";

const PLACES: readonly Place[] = [
  {
    at: "",
    spellings: [""],
    commands: [{ word: "pool", about: "it's: pools" }],
    flags: [{ word: "--form", about: "how", takesValue: true, choices: ["a", "b"] }],
    choices: [],
    listings: [],
  },
  {
    at: " pool",
    spellings: [" pool", " pools"],
    commands: [],
    flags: [{ word: "--file", about: "which", takesValue: true, choices: [] }],
    choices: ["one"],
    listings: ["kelp pool ls"],
  },
];

test("the script for fish has all words, quoted as fish reads them", () => {
  expect(fishCompletion(PLACES)).toMatchInlineSnapshot(`
    "# Completion of kelp for fish, made by: kelp completion fish
    function __kelp_is_at
      set -l at ""
      for word in (commandline -opc)[2..-1]
        switch "$at $word"
          case ' pool' ' pools'
            set at ' pool'
        end
      end
      test "$at" = "$argv[1]"
    end
    complete -c kelp -f
    complete -c kelp -n '__kelp_is_at ""' -a 'pool' -d 'it\\'s: pools'
    complete -c kelp -n '__kelp_is_at ""' -l 'form' -d 'how' -x -a 'a b'
    complete -c kelp -n '__kelp_is_at " pool"' -a 'one'
    complete -c kelp -n '__kelp_is_at " pool"' -a '(kelp pool ls 2>/dev/null)'
    complete -c kelp -n '__kelp_is_at " pool"' -l 'file' -d 'which' -r -F
    "
  `);
});
