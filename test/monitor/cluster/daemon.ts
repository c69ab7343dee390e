/** A process of a cluster, and what it prints, line by line. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";

/** Generous: it only decides how long a failure takes on a machine with much else to do. */
const DEADLINE_MS = 30_000;

const running = new Set<ChildProcess>();
process.once("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

export class Daemon {
  readonly #child: ChildProcess;
  readonly #lines: string[] = [];
  readonly #exited: Promise<unknown>;
  #errors = "";
  #wake: () => void = () => {};

  constructor(script: string, words: readonly string[], environment: NodeJS.ProcessEnv = {}) {
    this.#child = spawn(process.execPath, [script, ...words], {
      env: { ...process.env, ...environment },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const { stdout, stderr } = this.#child;
    if (stdout !== null) {
      createInterface({ input: stdout }).on("line", (line) => {
        this.#lines.push(line);
        this.#wake();
      });
    }
    stderr?.on("data", (chunk) => {
      this.#errors = (this.#errors + String(chunk)).slice(-4_000);
    });
    this.#exited = once(this.#child, "exit");
    void this.#exited.then(() => this.#wake());
    running.add(this.#child);
    void this.#exited.then(() => running.delete(this.#child));
  }

  get lines(): readonly string[] {
    return this.#lines;
  }

  get isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** The first line from `from` on that matches; fails with what the process printed instead. */
  async line(pattern: RegExp, from = 0): Promise<string> {
    const endMs = performance.now() + DEADLINE_MS;
    for (;;) {
      const found = this.#lines.slice(from).find((line) => pattern.test(line));
      if (found !== undefined) return found;
      const leftMs = endMs - performance.now();
      if (!this.isRunning || leftMs <= 0) {
        const tail = this.#lines.slice(-10).join("\n");
        throw new Error(`no line ${pattern}; the last were:\n${tail}\n${this.#errors}`);
      }
      const late = new AbortController();
      const woken = new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      const timeout = delay(leftMs, undefined, { signal: late.signal }).catch(() => {});
      await Promise.race([woken, timeout]);
      late.abort();
    }
  }

  async end(signal: NodeJS.Signals): Promise<void> {
    if (!this.isRunning) return;
    this.#child.kill(signal);
    await this.#exited;
  }
}
