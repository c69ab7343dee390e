import { expect, test } from "vitest";
import type { Place } from "../../../cli/completion/completion-tree.ts";
import { zshCompletion } from "../../../cli/completion/zsh.ts";

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

test("the script for zsh has all words, quoted as zsh reads them", () => {
  expect(zshCompletion(PLACES)).toMatchInlineSnapshot(`
    "#compdef kelp
    # Completion of kelp for zsh, made by: kelp completion zsh
    _kelp() {
      local at="" word
      local -a commands flags values
      for word in "\${(@)words[2,CURRENT-1]}"; do
        case "$at $word" in
          (" pool"|" pools") at=" pool" ;;
        esac
      done
      case "$at \${words[CURRENT-1]}" in
        (" --form") values=('a' 'b'); _describe value values; return ;;
        (" pool --file") _files; return ;;
      esac
      case "$at" in
        ("")
          commands=('pool:it'\\''s\\: pools')
          flags=('--form:how')
          ;;
        (" pool")
          flags=('--file:which')
          values=('one' \${(f)"$(kelp pool ls 2>/dev/null)"})
          ;;
      esac
      if [[ "\${words[CURRENT]}" == -* ]]; then
        _describe flag flags
        return
      fi
      (( $#commands )) && _describe command commands
      (( $#values )) && _describe value values
      (( $#commands + $#values )) || _files
    }
    compdef _kelp kelp
    "
  `);
});
