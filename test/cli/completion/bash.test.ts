import { expect, test } from "vitest";
import { bashCompletion } from "../../../cli/completion/bash.ts";
import type { Place } from "../../../cli/completion/completion-tree.ts";

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

test("the script for bash has all words, quoted as bash reads them", () => {
  expect(bashCompletion(PLACES)).toMatchInlineSnapshot(`
    "# Completion of kelp for bash, made by: kelp completion bash
    _kelp() {
      local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}"
      local at="" words="" index
      for ((index = 1; index < COMP_CWORD; index++)); do
        case "$at \${COMP_WORDS[index]}" in
          " pool"|" pools") at=" pool" ;;
        esac
      done
      case "$at $previous" in
        " --form") COMPREPLY=($(compgen -W "a b" -- "$current")); return ;;
        " pool --file") COMPREPLY=(); return ;;
      esac
      if [[ $current == -* ]]; then
        case "$at" in
          "") words="--form" ;;
          " pool") words="--file" ;;
        esac
      else
        case "$at" in
          "") words="pool" ;;
          " pool") words="one $(kelp pool ls 2>/dev/null)" ;;
        esac
      fi
      COMPREPLY=($(compgen -W "$words" -- "$current"))
    }
    complete -o default -F _kelp kelp
    "
  `);
});
