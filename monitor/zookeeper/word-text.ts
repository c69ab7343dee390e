/** The answer to a four-letter word while it is put together: lines, up to a bound. */
import { utf8 } from "../../cluster/base/bytes.ts";

/** A server of a million sessions has more to list than anybody reads. */
export const WORD_SIZE_MAX = 8 << 20;

export class WordText {
  readonly #parts: string[] = [];
  #length = 0;
  #isCut = false;

  print(text: string): void {
    if (this.#isCut) return;
    this.#parts.push(text);
    this.#length += text.length;
    if (this.#length < WORD_SIZE_MAX) return;
    this.#parts.push("\n(cut here: there is more)\n");
    this.#isCut = true;
  }

  line(text = ""): void {
    this.print(`${text}\n`);
  }

  /** Whoever makes many lines stops at this. */
  get isCut(): boolean {
    return this.#isCut;
  }

  toBytes(): Uint8Array {
    return utf8(this.#parts.join(""));
  }
}
