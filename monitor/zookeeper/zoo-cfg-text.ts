/**
 * The lines of a zoo.cfg. ZooKeeper reads it as a Java properties file, so this does too: "#" and
 * "!" begin a comment, "=", ":" or white space end a key, a backslash at the end of a line joins the
 * next one, and \t, \n, \r, \f and \uXXXX are escapes. Values are trimmed at both ends, as
 * ZooKeeper trims them.
 */

/** One setting as it was written, with the place an operator would look for it (from 1). */
export interface ZooCfgEntry {
  readonly key: string;
  readonly value: string;
  readonly place: Place;
  /** Where the value begins; behind the key if there is none. */
  readonly valuePlace: Place;
}

export interface Place {
  readonly path: string;
  readonly line: number;
  readonly column: number;
}

export interface ConfigText {
  readonly path: string;
  readonly text: string;
}

/** A letter of a logical line, and where it stood. */
interface Letter {
  readonly letter: string;
  readonly isEscaped: boolean;
  readonly line: number;
  readonly column: number;
}

const ESCAPES: Readonly<Record<string, string>> = { t: "\t", n: "\n", r: "\r", f: "\f" };

export function formatPlace({ path, line, column }: Place): string {
  return `${path}:${line}:${column}`;
}

export function readEntries({ path, text }: ConfigText): ZooCfgEntry[] {
  const lines = text.split(/\r\n|\r|\n/);
  const entries: ZooCfgEntry[] = [];
  for (let index = 0; index < lines.length; index++) {
    const start = (lines[index] ?? "").search(/[^ \t\f]/);
    const first = lines[index]?.[start];
    if (first === undefined || first === "#" || first === "!") continue;
    const letters: Letter[] = [];
    let isContinued = readLine(letters, { line: lines[index] ?? "", number: index + 1 });
    while (isContinued && index + 1 < lines.length) {
      index += 1;
      isContinued = readLine(letters, { line: lines[index] ?? "", number: index + 1 });
    }
    if (letters.length > 0) entries.push(entryOf(path, letters));
  }
  return entries;
}

/** Appends a physical line without its leading white space; true if the next one belongs to it. */
function readLine(letters: Letter[], { line, number }: { line: string; number: number }): boolean {
  const start = line.search(/[^ \t\f]/);
  for (let at = start < 0 ? line.length : start; at < line.length; at++) {
    const column = at + 1;
    const letter = line[at] as string;
    if (letter !== "\\") {
      letters.push({ letter, isEscaped: false, line: number, column });
      continue;
    }
    const next = line[at + 1];
    if (next === undefined) return true;
    const code = /^u([0-9a-fA-F]{4})/.exec(line.slice(at + 1))?.[1];
    const meant = code === undefined ? (ESCAPES[next] ?? next) : fromCode(code);
    letters.push({ letter: meant, isEscaped: true, line: number, column });
    at += code === undefined ? 1 : 5;
  }
  return false;
}

function fromCode(hexadecimal: string): string {
  return String.fromCharCode(Number.parseInt(hexadecimal, 16));
}

function entryOf(path: string, letters: readonly Letter[]): ZooCfgEntry {
  const isBlank = ({ letter, isEscaped }: Letter): boolean => !isEscaped && /[ \t\f]/.test(letter);
  const isSign = ({ letter, isEscaped }: Letter): boolean => !isEscaped && /[=:]/.test(letter);
  let keyEnd = letters.findIndex((letter) => isBlank(letter) || isSign(letter));
  if (keyEnd < 0) keyEnd = letters.length;
  let at = keyEnd;
  const skipBlanks = (): void => {
    while (at < letters.length && isBlank(letters[at] as Letter)) at += 1;
  };
  skipBlanks();
  if (at < letters.length && isSign(letters[at] as Letter)) at += 1;
  skipBlanks();
  const text = (part: readonly Letter[]): string => part.map(({ letter }) => letter).join("");
  const placeOf = (index: number): Place => {
    const letter = letters[Math.min(index, letters.length - 1)] as Letter;
    const beyond = index < letters.length ? 0 : 1;
    return { path, line: letter.line, column: letter.column + beyond };
  };
  return {
    key: text(letters.slice(0, keyEnd)).trim(),
    value: text(letters.slice(at)).trim(),
    place: placeOf(0),
    valuePlace: placeOf(at),
  };
}
