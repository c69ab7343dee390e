/**
 * What happened, in order: one line per happening, and a digest over all of them. Two runs of one
 * seed are the same run exactly if their digests are equal, on whatever machines they ran.
 *
 * A hunt makes millions of records and prints none, so a record is folded into the digest and put
 * into a ring of the latest as it is; it becomes text only when somebody reads it. Who asks for
 * every line gives a `sink`.
 */

export interface TraceSink {
  record(timeMs: number, who: string, kind: string, detail: string): void;
}

export interface TraceOptions {
  /** Gets every line as it happens. */
  readonly sink?: (line: string) => void;
  /** So many of the latest lines are kept for a failure's report. */
  readonly tailLines?: number;
}

interface TraceRecord {
  readonly timeMs: number;
  readonly who: string;
  readonly kind: string;
  readonly detail: string;
}

const TAIL_LINES = 60;
const TIME_WIDTH = 11;
const WHO_WIDTH = 9;
const KIND_WIDTH = 8;

export class Trace implements TraceSink {
  readonly #sink: ((line: string) => void) | undefined;
  readonly #tailLines: number;
  readonly #ring: TraceRecord[] = [];
  readonly #time = new DataView(new ArrayBuffer(8));
  #count = 0;
  /**
   * Two lanes of 32 bits, mixed with different factors: small enough to be cheap, wide enough to
   * trust.
   */
  #low = 0x811c9dc5;
  #high = 0x9e3779b9;

  constructor({ sink, tailLines = TAIL_LINES }: TraceOptions = {}) {
    this.#sink = sink;
    this.#tailLines = tailLines;
  }

  record(timeMs: number, who: string, kind: string, detail: string): void {
    this.#time.setFloat64(0, timeMs);
    this.#fold(this.#time.getInt32(0));
    this.#fold(this.#time.getInt32(4));
    this.#foldText(who);
    this.#foldText(kind);
    this.#foldText(detail);
    const record = { timeMs, who, kind, detail };
    this.#ring[this.#count % this.#tailLines] = record;
    this.#count += 1;
    if (this.#sink !== undefined) this.#sink(lineOf(record));
  }

  /** Of everything recorded so far: 16 hexadecimal digits. */
  digest(): string {
    return hex(this.#high) + hex(this.#low);
  }

  /** The latest lines, oldest first. */
  tail(): string[] {
    const start = this.#count <= this.#tailLines ? 0 : this.#count % this.#tailLines;
    return [...this.#ring.slice(start), ...this.#ring.slice(0, start)].map(lineOf);
  }

  #fold(word: number): void {
    const low = Math.imul(this.#low ^ word, 0x01000193);
    this.#low = low ^ (low >>> 15);
    const high = Math.imul(this.#high ^ word, 0x85ebca6b);
    this.#high = high ^ (high >>> 13);
  }

  /** Folds the length too: "ab" + "c" must differ from "a" + "bc". */
  #foldText(text: string): void {
    const size = text.length;
    let low = this.#low ^ size;
    let high = this.#high ^ size;
    for (let index = 0; index < size; index++) {
      const unit = text.charCodeAt(index);
      low = Math.imul(low ^ unit, 0x01000193);
      high = Math.imul(high ^ unit, 0x85ebca6b);
    }
    this.#low = low ^ (low >>> 15);
    this.#high = high ^ (high >>> 13);
  }
}

/** `   12.345678 osd.1     deliver  <- mon.0 accept slot=4`: seconds, who, what, and about what. */
function lineOf({ timeMs, who, kind, detail }: TraceRecord): string {
  const seconds = (timeMs / 1000).toFixed(6).padStart(TIME_WIDTH);
  return `${seconds} ${who.padEnd(WHO_WIDTH)} ${kind.padEnd(KIND_WIDTH)} ${detail}`.trimEnd();
}

function hex(word: number): string {
  return (word >>> 0).toString(16).padStart(8, "0");
}
