/**
 * One setting, three spellings: `downOutInterval` in code, `down-out-interval` in flags, files and
 * the central configuration, `KELP_DOWN_OUT_INTERVAL` in the environment. And what an operator
 * meant who missed one of them.
 */

export const ENVIRONMENT_PREFIX = "KELP_";

export function nameOfKey(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

export function variableOfName(name: string): string {
  return ENVIRONMENT_PREFIX + name.replaceAll("-", "_").toUpperCase();
}

export function nameOfVariable(variable: string): string {
  return variable.slice(ENVIRONMENT_PREFIX.length).replaceAll("_", "-").toLowerCase();
}

/** A misspelling is at most so many edits away; further off it is another word. */
const EDITS_MAX = 2;
const SUGGESTED_LENGTH_MAX = 64;

/** The known name that was probably meant, if there is one. */
export function closestName(name: string, known: Iterable<string>): string | undefined {
  if (name.length > SUGGESTED_LENGTH_MAX) return undefined;
  let closest: string | undefined;
  let fewest = Math.min(EDITS_MAX, Math.floor(name.length / 3)) + 1;
  for (const candidate of known) {
    const edits = editDistance(name, candidate);
    if (edits < fewest) {
      closest = candidate;
      fewest = edits;
    }
  }
  return closest;
}

/**
 * How many letters must be inserted, removed or replaced (Levenshtein), one row of the table at a
 * time.
 */
export function editDistance(left: string, right: string): number {
  let row = Array.from({ length: right.length + 1 }, (_, index) => index);
  for (let i = 1; i <= left.length; i++) {
    const next = [i];
    for (let j = 1; j <= right.length; j++) {
      const replaced = (row[j - 1] as number) + (left[i - 1] === right[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] as number) + 1, (next[j - 1] as number) + 1));
    }
    row = next;
  }
  return row[right.length] as number;
}
