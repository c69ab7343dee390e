/** Talks with a program over its standard input and output, as a person at a terminal would. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";

export interface ProgramOptions {
  readonly file: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

const ANSWER_MS_MAX = 20_000;

export class Conversation {
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown>;
  #heard = "";
  #hasEnded = false;
  #wake: () => void = () => {};

  constructor({ file, args, env, cwd }: ProgramOptions) {
    const child = spawn(file, args, {
      stdio: ["pipe", "pipe", "pipe"],
      env: { ...process.env, ...env },
      ...(cwd !== undefined && { cwd }),
    });
    this.#child = child;
    for (const stream of [child.stdout, child.stderr]) {
      stream.on("data", (chunk: Buffer) => this.#hear(chunk.toString()));
    }
    // A program that is gone does not listen; what it said last tells why.
    child.stdin.on("error", () => {});
    const killWithUs = (): void => void child.kill("SIGKILL");
    process.once("exit", killWithUs);
    this.#ended = once(child, "close").then(() => {
      process.off("exit", killWithUs);
      this.#hasEnded = true;
      this.#wake();
    });
  }

  say(line: string): void {
    this.#child.stdin?.write(`${line}\n`);
  }

  /** What was heard since the last time, up to and with the pattern. */
  async hear(pattern: RegExp): Promise<string> {
    const endMs = performance.now() + ANSWER_MS_MAX;
    for (;;) {
      const found = pattern.exec(this.#heard);
      if (found !== null) {
        const end = found.index + found[0].length;
        const heard = this.#heard.slice(0, end);
        this.#heard = this.#heard.slice(end);
        return heard;
      }
      const leftMs = endMs - performance.now();
      if (this.#hasEnded || leftMs <= 0) {
        throw new Error(`never said ${pattern}; said: ${this.#heard}`);
      }
      await this.#more(leftMs);
    }
  }

  async ask(line: string, pattern: RegExp): Promise<string> {
    this.say(line);
    return this.hear(pattern);
  }

  /** The exit code; null if it was killed. */
  async ended(): Promise<number | null> {
    const timer = setTimeout(() => this.#child.kill("SIGKILL"), ANSWER_MS_MAX);
    await this.#ended;
    clearTimeout(timer);
    return this.#child.exitCode;
  }

  async stop(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#ended;
  }

  #hear(text: string): void {
    this.#heard += text;
    this.#wake();
  }

  #more(atMostMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, atMostMs);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
