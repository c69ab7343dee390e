/** What bash needs to complete kelp. */
import type { Place } from "./completion-tree.ts";

export function bashCompletion(places: readonly Place[]): string {
  return `# Completion of kelp for bash, made by: kelp completion bash
_kelp() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}"
  local at="" words="" index
  for ((index = 1; index < COMP_CWORD; index++)); do
    case "$at \${COMP_WORDS[index]}" in
${places
  .filter(({ at }) => at !== "")
  .map(stepOf)
  .join("\n")}
    esac
  done
  case "$at $previous" in
${places.flatMap(valuesOf).join("\n")}
  esac
  if [[ $current == -* ]]; then
    case "$at" in
${places.map((place) => `      "${place.at}") words="${flagsOf(place)}" ;;`).join("\n")}
    esac
  else
    case "$at" in
${places.flatMap(wordsOf).join("\n")}
    esac
  fi
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -F _kelp kelp
`;
}

function stepOf({ at, spellings }: Place): string {
  return `      ${spellings.map((spelling) => `"${spelling}"`).join("|")}) at="${at}" ;;`;
}

/** After a flag that takes a value comes the value: one of its choices, or a file as far as bash knows. */
function valuesOf({ at, flags }: Place): string[] {
  return flags.flatMap(({ word, takesValue, choices }) => {
    if (!takesValue) return [];
    const values =
      choices.length === 0
        ? "COMPREPLY=()"
        : `COMPREPLY=($(compgen -W "${choices.join(" ")}" -- "$current"))`;
    return [`    "${at} ${word}") ${values}; return ;;`];
  });
}

function flagsOf({ flags }: Place): string {
  return flags.map(({ word }) => word).join(" ");
}

function wordsOf({ at, commands, choices, listings }: Place): string[] {
  const words = [
    ...commands.map(({ word }) => word),
    ...choices,
    ...listings.map((listing) => `$(${listing} 2>/dev/null)`),
  ];
  return words.length === 0 ? [] : [`      "${at}") words="${words.join(" ")}" ;;`];
}
