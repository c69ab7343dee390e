/** What fish needs to complete kelp, with what each word is for. */
import type { Flag, Place } from "./completion-tree.ts";

export function fishCompletion(places: readonly Place[]): string {
  return `# Completion of kelp for fish, made by: kelp completion fish
function __kelp_is_at
  set -l at ""
  for word in (commandline -opc)[2..-1]
    switch "$at $word"
${places
  .filter(({ at }) => at !== "")
  .map(stepOf)
  .join("\n")}
    end
  end
  test "$at" = "$argv[1]"
end
complete -c kelp -f
${places.flatMap(linesOf).join("\n")}
`;
}

function stepOf({ at, spellings }: Place): string {
  return `      case ${spellings.map(quoted).join(" ")}\n        set at ${quoted(at)}`;
}

function linesOf({ at, commands, flags, choices, listings }: Place): string[] {
  const here = `complete -c kelp -n ${quoted(`__kelp_is_at "${at}"`)}`;
  return [
    ...commands.map(({ word, about }) => `${here} -a ${quoted(word)} -d ${quoted(about)}`),
    ...(choices.length > 0 ? [`${here} -a ${quoted(choices.join(" "))}`] : []),
    ...listings.map((listing) => `${here} -a ${quoted(`(${listing} 2>/dev/null)`)}`),
    ...flags.map((flag) => `${here} ${flagOf(flag)}`),
  ];
}

function flagOf({ word, about, takesValue, choices }: Flag): string {
  const name = `-l ${quoted(word.slice(2))} -d ${quoted(about)}`;
  if (!takesValue) return name;
  return choices.length === 0 ? `${name} -r -F` : `${name} -x -a ${quoted(choices.join(" "))}`;
}

function quoted(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}
