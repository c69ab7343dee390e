/**
 * Paths of znodes, by exactly the rules of Apache ZooKeeper. A path is "/" or a row of "/name", and
 * no name is empty, "." or "..". Characters are judged as UTF-16 units, so that whatever takes two
 * of them is refused, as are control characters and the private use area.
 */
export const ROOT_PATH = "/";

/** Digits of the number at the end of a sequential node's name. */
export const SEQUENCE_DIGITS = 10;
const SEQUENCE_MAX = 2 ** 31 - 1;

const SLASH = 0x2f;
const DOT = 0x2e;

/**
 * What is wrong with the path, or undefined. A sequential node is named by what comes before its
 * number, which may be nothing or a dot.
 */
export function pathProblem(path: string, options?: { sequential: boolean }): string | undefined {
  return options?.sequential === true ? problemOf(`${path}1`) : problemOf(path);
}

function problemOf(path: string): string | undefined {
  if (path.length === 0) return "a path is at least /";
  if (path.charCodeAt(0) !== SLASH) return "a path starts with /";
  if (path.length === 1) return undefined;
  if (path.charCodeAt(path.length - 1) === SLASH) return "a path does not end with /";
  let nameStart = 1;
  for (let index = 1; index <= path.length; index++) {
    const unit = index === path.length ? SLASH : path.charCodeAt(index);
    if (unit === SLASH) {
      const problem = nameProblem(path, nameStart, index);
      if (problem !== undefined) return problem;
      nameStart = index + 1;
    } else if (isRefused(unit)) {
      const code = unit.toString(16).toUpperCase().padStart(4, "0");
      return `the character U+${code} at ${index} is not allowed`;
    }
  }
  return undefined;
}

function nameProblem(path: string, start: number, end: number): string | undefined {
  const size = end - start;
  if (size === 0) return `the name at ${start} is empty`;
  if (size > 2 || path.charCodeAt(start) !== DOT) return undefined;
  if (size === 2 && path.charCodeAt(start + 1) !== DOT) return undefined;
  return `the name at ${start} is relative`;
}

function isRefused(unit: number): boolean {
  if (unit < 0x7f) return unit <= 0x1f;
  return unit <= 0x9f || (unit >= 0xd800 && unit <= 0xf8ff) || unit >= 0xfff0;
}

/** Of a valid path other than the root. */
export function parentOf(path: string): string {
  const slash = path.lastIndexOf("/");
  return slash === 0 ? ROOT_PATH : path.slice(0, slash);
}

/** The last name; nothing for the root. */
export function nameOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

export function childPath(parent: string, name: string): string {
  return parent === ROOT_PATH ? `/${name}` : `${parent}/${name}`;
}

/**
 * What a sequential node is called. The number is the parent's count of child changes, a signed int
 * that starts over below zero, and then has one digit less for the sign.
 */
export function sequentialPath(prefix: string, sequence: number): string {
  const digits = String(Math.abs(sequence));
  return sequence < 0
    ? `${prefix}-${digits.padStart(SEQUENCE_DIGITS - 1, "0")}`
    : `${prefix}${digits.padStart(SEQUENCE_DIGITS, "0")}`;
}

/**
 * The number at the end of a sequential node's name or path, or undefined if there is none. A minus
 * before ten digits is taken for the prefix's, unless the number would be too large for an int.
 */
export function sequenceOf(name: string): number | undefined {
  const tail = name.slice(-SEQUENCE_DIGITS);
  if (!/^(?:\d{10}|-\d{9})$/.test(tail)) return undefined;
  const number = Number(tail);
  return number > SEQUENCE_MAX ? -number : number;
}
