/** What zsh needs to complete kelp, with what each word is for. */
import type { Place, Word } from "./completion-tree.ts";

export function zshCompletion(places: readonly Place[]): string {
  return `#compdef kelp
# Completion of kelp for zsh, made by: kelp completion zsh
_kelp() {
  local at="" word
  local -a commands flags values
  for word in "\${(@)words[2,CURRENT-1]}"; do
    case "$at $word" in
${places
  .filter(({ at }) => at !== "")
  .map(stepOf)
  .join("\n")}
    esac
  done
  case "$at \${words[CURRENT-1]}" in
${places.flatMap(valuesOf).join("\n")}
  esac
  case "$at" in
${places.map(placeOf).join("\n")}
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
`;
}

function stepOf({ at, spellings }: Place): string {
  const patterns = spellings.map((spelling) => `"${spelling}"`).join("|");
  return `      (${patterns}) at="${at}" ;;`;
}

function valuesOf({ at, flags }: Place): string[] {
  return flags.flatMap(({ word, takesValue, choices }) => {
    if (!takesValue) return [];
    const values =
      choices.length === 0
        ? "_files"
        : `values=(${choices.map(quoted).join(" ")}); _describe value values`;
    return [`    ("${at} ${word}") ${values}; return ;;`];
  });
}

function placeOf({ at, commands, flags, choices, listings }: Place): string {
  const listed = listings.map((listing) => `\${(f)"$(${listing} 2>/dev/null)"}`);
  const values = [...choices.map(quoted), ...listed];
  return [
    `    ("${at}")`,
    ...(commands.length > 0 ? [`      commands=(${commands.map(described).join(" ")})`] : []),
    `      flags=(${flags.map(described).join(" ")})`,
    ...(values.length > 0 ? [`      values=(${values.join(" ")})`] : []),
    "      ;;",
  ].join("\n");
}

function described({ word, about }: Word): string {
  return quoted(`${word}:${about.replaceAll(":", "\\:")}`);
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
