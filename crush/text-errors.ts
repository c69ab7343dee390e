import { CrushError, type CrushErrorCode, type CrushErrorPlace, locateErrors } from "./error.ts";

/**
 * Errors in one text. Lines and columns are counted only when there is an error, so nothing is kept
 * for them.
 */
export class TextErrors {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  at(offset: number, code: CrushErrorCode, message: string): CrushError {
    return new CrushError(code, message, this.#placeOf(offset));
  }

  /** Runs what finds errors without knowing where in the text it is. */
  locate<T>(offset: number, body: () => T): T {
    return locateErrors(() => this.#placeOf(offset), body);
  }

  #placeOf(offset: number): CrushErrorPlace {
    const text = this.#text;
    let line = 1;
    let start = 0;
    for (let end = text.indexOf("\n"); end >= 0 && end < offset; end = text.indexOf("\n", start)) {
      line += 1;
      start = end + 1;
    }
    return { line, column: offset - start + 1 };
  }
}
