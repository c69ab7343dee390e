/** A monitor as a process of its own, started as an operator or somebody's test suite starts it. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import {
  appendFile,
  type FileHandle,
  mkdir,
  open,
  readdir,
  stat,
  truncate,
  writeFile,
} from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { present } from "../../../cluster/base/assert.ts";
import { serverMode } from "../../interop/zookeeper/four-letter-word.ts";

/** What the project promises to those who start and kill servers in their tests. */
const SERVING_MS = 5_000;
/** In which a quiet machine of a few years ago prints the version. */
const VERSION_MS = 500;

/** `npm test` compiles first. */
const KELP = fileURLToPath(new URL("../../../dist/cli/main.js", import.meta.url));
/** Generous: it only decides how long a failure takes on a machine with much else to do. */
export const DEADLINE_MS = 25_000;
export const POLL_MS = 15;

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface MemberOptions {
  readonly id: number;
  /** Of zoo.cfg and the data. */
  readonly directory: string;
  /** Where the data is instead. */
  readonly dataDir?: string;
  readonly ports: { readonly client: number; readonly peer: number };
  /** Lines of the zoo.cfg beside dataDir and clientPort. */
  readonly lines: readonly string[];
}

export class Member {
  readonly id: number;
  readonly address: string;
  readonly port: number;
  readonly peerPort: number;
  readonly configFile: string;
  readonly dataDir: string;
  #child: ChildProcess | undefined;
  #ended: Promise<Ended> | undefined;
  #output = { stdout: "", stderr: "" };

  private constructor(options: MemberOptions) {
    this.id = options.id;
    this.port = options.ports.client;
    this.address = `127.0.0.1:${this.port}`;
    this.peerPort = options.ports.peer;
    this.configFile = join(options.directory, "zoo.cfg");
    this.dataDir = options.dataDir ?? join(options.directory, "data");
  }

  static async layOut(options: MemberOptions): Promise<Member> {
    const member = new Member(options);
    await mkdir(options.directory, { recursive: true });
    await mkdir(member.dataDir, { recursive: true });
    await writeFile(join(member.dataDir, "myid"), `${options.id}\n`);
    await member.writeConfig(options.lines);
    return member;
  }

  get storeDir(): string {
    return join(this.dataDir, "kelp");
  }

  get isRunning(): boolean {
    return this.#child !== undefined;
  }

  /** Of this life. */
  get stderr(): string {
    return this.#output.stderr;
  }

  async writeConfig(lines: readonly string[]): Promise<void> {
    const own = [
      `dataDir=${this.dataDir}`,
      `clientPort=${this.port}`,
      "clientPortAddress=127.0.0.1",
    ];
    await writeFile(this.configFile, `${[...own, ...lines].join("\n")}\n`);
  }

  /** Of a key that is there already, the last line counts. */
  async addLine(line: string): Promise<void> {
    await appendFile(this.configFile, `${line}\n`);
  }

  /** Returns before it serves. */
  start({ openFilesMax }: { readonly openFilesMax?: number } = {}): void {
    const command = [process.execPath, KELP, "monitor", "--config", this.configFile];
    const limit = openFilesMax === undefined ? "" : `ulimit -n ${openFilesMax}; `;
    const child = spawn("sh", ["-c", `${limit}exec "$@"`, "sh", ...command], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    const output = { stdout: "", stderr: "" };
    child.stdout.setEncoding("utf8").on("data", (text) => {
      output.stdout += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text) => {
      output.stderr = unwrapped(output.stderr + text);
    });
    const killWithUs = (): void => void child.kill("SIGKILL");
    process.once("exit", killWithUs);
    this.#child = child;
    this.#output = output;
    this.#ended = once(child, "close").then(([code, signal]) => {
      process.off("exit", killWithUs);
      if (this.#child === child) this.#child = undefined;
      return { code, signal, ...output };
    });
  }

  /** With its place, once it serves clients. */
  async untilServing(deadlineMs = DEADLINE_MS): Promise<string> {
    let mode: string | undefined;
    await this.#until("it serves", deadlineMs, async () => {
      mode = await serverMode(this.port);
      return mode !== undefined;
    });
    return present(mode, "the mode of a server that serves");
  }

  /** Once it has written that. */
  async untilLogged(text: string | RegExp): Promise<void> {
    await this.#until(`it logs ${text}`, DEADLINE_MS, () =>
      Promise.resolve(this.#output.stderr.search(text) >= 0),
    );
  }

  async untilPrinted(text: string): Promise<void> {
    await this.#until(`it prints ${text}`, DEADLINE_MS, () =>
      Promise.resolve(this.#output.stdout.includes(text)),
    );
  }

  /** When it has ended by itself. */
  async untilEnded(): Promise<Ended> {
    const late = new AbortController();
    const ended = present(this.#ended, "a process that was started");
    const timeout = delay(DEADLINE_MS, undefined, { signal: late.signal }).catch(() => undefined);
    const outcome = await Promise.race([ended, timeout]);
    late.abort();
    if (outcome === undefined) throw new Error(`mon.${this.id} does not end:\n${this.stderr}`);
    return outcome;
  }

  /** Also of one that has ended already. */
  async end(signal: "SIGKILL" | "SIGTERM"): Promise<Ended | undefined> {
    this.#child?.kill(signal);
    return await this.#ended;
  }

  /** `kelp monitor rejoin`. */
  async rejoin(): Promise<Ended> {
    return await kelp("monitor", "rejoin", "--config", this.configFile);
  }

  /** Of the largest file of LevelDB with this ending. */
  async largestFile(ending: ".log" | ".ldb"): Promise<{ path: string; size: number } | undefined> {
    let largest: { path: string; size: number } | undefined;
    for (const name of await readdir(this.storeDir)) {
      const path = join(this.storeDir, name);
      const { size } = await stat(path);
      if (name.endsWith(ending) && size > (largest?.size ?? 0)) largest = { path, size };
    }
    return largest;
  }

  async #until(what: string, deadlineMs: number, isSo: () => Promise<boolean>): Promise<void> {
    const endMs = performance.now() + deadlineMs;
    while (!(await isSo())) {
      const why = this.#child === undefined ? "has ended" : "takes too long";
      if (this.#child === undefined || performance.now() > endMs) {
        throw new Error(`mon.${this.id} ${why} until ${what}:\n${this.stderr}`);
      }
      await delay(POLL_MS);
    }
  }
}

/** In which a monitor must serve after its start; longer by as much as this machine is busy with other things. */
export async function servingDeadlineMs(): Promise<number> {
  const fromMs = performance.now();
  await kelp("--version");
  return SERVING_MS * Math.max(1, (performance.now() - fromMs) / VERSION_MS);
}

/** A command that ends by itself. */
export async function kelp(...words: string[]): Promise<Ended> {
  const child = spawn(process.execPath, [KELP, ...words], { stdio: ["ignore", "pipe", "pipe"] });
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text) => {
    stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text) => {
    stderr += text;
  });
  const [code, signal] = await once(child, "close");
  return { code, signal, stdout, stderr: unwrapped(stderr) };
}

/** What a command wraps is one line again, so that a test can look for what it says. */
function unwrapped(stderr: string): string {
  return stderr.replaceAll(/\n {2}(?=\S)/g, " ");
}

/** The middle byte of a file becomes another one. */
export async function flipMiddleByte({
  path,
  size,
}: {
  path: string;
  size: number;
}): Promise<void> {
  const file: FileHandle = await open(path, "r+");
  try {
    const at = Math.floor(size / 2);
    const { buffer } = await file.read(Buffer.alloc(1), 0, 1, at);
    buffer[0] = (buffer[0] ?? 0) ^ 0x40;
    await file.write(buffer, 0, 1, at);
  } finally {
    await file.close();
  }
}

/** What a crash in the middle of a write leaves: the last record without its end. */
export async function tearTail({ path, size }: { path: string; size: number }): Promise<void> {
  await truncate(path, size - 5);
}
