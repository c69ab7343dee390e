/**
 * How far a long command is, on stderr: one line that is written over again on a terminal, and one
 * plain line for each tenth of the work elsewhere, so that a log file stays short.
 */

export interface ProgressOutput {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

const BAR_WIDTH = 24;
const TENTHS = 10;

export class Progress {
  readonly #output: ProgressOutput;
  readonly #title: string;
  #tenth = -1;

  constructor(title: string, output: ProgressOutput) {
    this.#title = title;
    this.#output = output;
  }

  show({ done, total, what }: { done: number; total: number; what: string }): void {
    const part = total === 0 ? 1 : done / total;
    const percent = `${Math.floor(part * 100)} %`.padStart(5);
    if (this.#output.isTTY) {
      const filled = Math.floor(part * BAR_WIDTH);
      const bar = `[${"#".repeat(filled)}${"-".repeat(BAR_WIDTH - filled)}]`;
      const line = `${this.#title} ${bar} ${percent}  ${what}`;
      // A line that reaches the last column would wrap, and the next one could not overwrite it.
      this.#output.write(`\r\x1b[2K${line.slice(0, (this.#output.columns ?? 80) - 1)}`);
      return;
    }
    const tenth = Math.floor(part * TENTHS);
    if (tenth === this.#tenth) return;
    this.#tenth = tenth;
    this.#output.write(`${this.#title} ${percent}  ${what}\n`);
  }

  /** Leaves the terminal as if nothing had been shown. */
  clear(): void {
    if (this.#output.isTTY) this.#output.write("\r\x1b[2K");
  }
}
