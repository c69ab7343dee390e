/**
 * The words, numbers and marks of a map text. There is no list of tokens: whether `12` is a number
 * or a name, or where a keyword ends, depends on what may stand there, so the parser asks for one
 * thing after another.
 */
import type { CrushError } from "./error.ts";
import { TextErrors } from "./text-errors.ts";

/** A piece of the text and where it starts. */
export interface Word {
  readonly text: string;
  readonly at: number;
}

export interface Integer {
  readonly value: number;
  readonly at: number;
}

/** No name and no number needs more, and a token must not make the scanner read megabytes. */
const WORD_SIZE_MAX = 1024;
const FOUND_SIZE_MAX = 40;

const NAME = /^[A-Za-z0-9_.-]+/;
const DIGITS = /^[0-9]+/;
const INTEGER = /^-?[0-9]+/;
const REAL = /^[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?/;

export class TextScanner {
  readonly errors: TextErrors;
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.errors = new TextErrors(text);
    this.#text = text;
    this.#skipBlank();
  }

  /** Where the next token starts. */
  get at(): number {
    return this.#at;
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#text.length;
  }

  /** Whether the text goes on like this, word by word. Nothing is consumed. */
  looksLike(...patterns: readonly RegExp[]): boolean {
    const start = this.#at;
    const matches = patterns.every((pattern) => this.#take(pattern) !== undefined);
    this.#at = start;
    return matches;
  }

  /** Consumes the keyword if it stands here. A number or mark may follow it without a blank. */
  maybeKeyword(keyword: string): boolean {
    const end = this.#at + keyword.length;
    if (!this.#text.startsWith(keyword, this.#at) || /^[A-Za-z_]/.test(this.#text.charAt(end))) {
      return false;
    }
    this.#advanceTo(end);
    return true;
  }

  keyword(...choices: readonly string[]): string {
    const found = choices.find((choice) => this.maybeKeyword(choice));
    if (found === undefined)
      throw this.#unexpected(choices.map((word) => `"${word}"`).join(" or "));
    return found;
  }

  maybeMark(mark: string): boolean {
    if (this.#text[this.#at] !== mark) return false;
    this.#advanceTo(this.#at + 1);
    return true;
  }

  mark(mark: string): void {
    if (!this.maybeMark(mark)) throw this.#unexpected(`"${mark}"`);
  }

  maybeName(): Word | undefined {
    return this.#take(NAME);
  }

  name(what: string): Word {
    return this.maybeName() ?? this.fail(what);
  }

  maybeReal(): Word | undefined {
    return this.#take(REAL);
  }

  real(what: string): Word {
    return this.maybeReal() ?? this.fail(what);
  }

  /** A number as it is written, for what is not limited to the range of other numbers. */
  digits(what: string): Word {
    return this.#take(DIGITS) ?? this.fail(what);
  }

  maybeInteger(what: string, range: { min: number; max: number }): Integer | undefined {
    return this.looksLike(INTEGER) ? this.integer(what, range) : undefined;
  }

  integer(what: string, range: { min: number; max: number }): Integer {
    const { text, at } = this.#take(INTEGER) ?? this.fail(what);
    const value = Number(text);
    // Where no number below zero may stand, a minus sign may not stand before zero either.
    const isSigned = text.startsWith("-") && range.min >= 0;
    if (isSigned || value < range.min || value > range.max) {
      const found = text.slice(0, FOUND_SIZE_MAX);
      throw this.errors.at(
        at,
        "LIMIT",
        `${what} is from ${range.min} to ${range.max}, not ${found}`,
      );
    }
    // A minus sign before zero means nothing.
    return { value: value + 0, at };
  }

  /** What could have stood here, and what stands there instead. */
  fail(expected: string): never {
    throw this.#unexpected(expected);
  }

  #unexpected(expected: string): CrushError {
    return this.errors.at(this.#at, "SYNTAX", `expected ${expected}, found ${this.#found()}`);
  }

  #found(): string {
    if (this.isAtEnd) return "the end of the text";
    const rest = this.#text.slice(this.#at, this.#at + FOUND_SIZE_MAX);
    return JSON.stringify(NAME.exec(rest)?.[0] ?? String.fromCodePoint(rest.codePointAt(0) ?? 0));
  }

  #take(pattern: RegExp): Word | undefined {
    const at = this.#at;
    const text = pattern.exec(this.#text.slice(at, at + WORD_SIZE_MAX + 1))?.[0];
    if (text === undefined) return undefined;
    if (text.length > WORD_SIZE_MAX) {
      throw this.errors.at(at, "LIMIT", `a word has at most ${WORD_SIZE_MAX} characters`);
    }
    this.#advanceTo(at + text.length);
    return { text, at };
  }

  #advanceTo(at: number): void {
    this.#at = at;
    this.#skipBlank();
  }

  #skipBlank(): void {
    const text = this.#text;
    let at = this.#at;
    for (; at < text.length; at += 1) {
      const char = text.charCodeAt(at);
      if (char === 0x23) {
        const end = text.indexOf("\n", at);
        at = end < 0 ? text.length : end;
      } else if (char !== 0x20 && (char < 0x09 || char > 0x0d)) {
        break;
      }
    }
    this.#at = Math.min(at, text.length);
  }
}
