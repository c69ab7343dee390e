/**
 * Everything that can be wrong with a map, its text, its bytes or an edit of it. Callers compare
 * codes; the message tells a person what is wrong and what would be right, and starts with the
 * place where there is one.
 */
export const CRUSH_ERRORS = {
  SYNTAX: "the text is not written as a map is",
  MALFORMED: "the bytes are not a map, or a part of one is missing",
  UNKNOWN: "something is named that the map does not have",
  DUPLICATE: "a name or number is given twice",
  LOOP: "a bucket would hold itself",
  WEIGHT: "a weight is negative, too large, or not one that the bucket can give to the item",
  LIMIT: "there is more of something than a map can hold",
  MISPLACED: "the item is of a kind that cannot stand there",
  IN_USE: "something still refers to what would go away",
} as const;

export type CrushErrorCode = keyof typeof CRUSH_ERRORS;

/** Lines and columns count from 1, offsets from 0. */
export type CrushErrorPlace =
  | { readonly line: number; readonly column: number }
  | { readonly offset: number };

export class CrushError extends Error {
  override readonly name = "CrushError";
  readonly code: CrushErrorCode;
  readonly place: CrushErrorPlace | undefined;

  constructor(code: CrushErrorCode, message: string, place?: CrushErrorPlace) {
    super(place === undefined ? message : `${placeName(place)}: ${message}`);
    this.code = code;
    this.place = place;
  }

  /** The same error, told by somebody who knows where it is. */
  at(place: CrushErrorPlace): CrushError {
    return new CrushError(this.code, this.message, place);
  }
}

function placeName(place: CrushErrorPlace): string {
  return "offset" in place
    ? `at byte ${place.offset}`
    : `line ${place.line}, column ${place.column}`;
}

/** Errors of code that knows no place get the place of whoever called it. */
export function locateErrors<T>(place: () => CrushErrorPlace, body: () => T): T {
  try {
    return body();
  } catch (error) {
    throw error instanceof CrushError && error.place === undefined ? error.at(place()) : error;
  }
}
