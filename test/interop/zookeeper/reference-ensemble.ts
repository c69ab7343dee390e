/**
 * Servers as processes of their own, on loopback, in a temporary directory: one alone or three that
 * form an ensemble. Any of them can be killed and started again. Whatever the server is, it is
 * started with the same zoo.cfg.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { present } from "../../../cluster/base/assert.ts";
import { fourLetterWord, serverMode } from "./four-letter-word.ts";
import type { ServerKind } from "./server-kind.ts";

export interface EnsembleOptions {
  readonly kind: ServerKind;
  readonly size: 1 | 3;
  /**
   * Whether writes wait for the disk; off by default, because a test that pulls no plug learns
   * nothing from it.
   */
  readonly fsync?: boolean;
  /** Further lines of the zoo.cfg. */
  readonly settings?: Readonly<Record<string, string | number>>;
  /** Of the directories and logs; where temporary files go by default. */
  readonly parent?: string;
}

/** Credentials of the superuser: whoever adds them as a digest may do everything. */
export const SUPER_CREDENTIALS = "super:test";
const SUPER_DIGEST = "super:D/InIHSb7yEEbrWz8b9l71RjZJU=";

const START_MS_MAX = 30_000;
const POLL_MS = 25;
const STOP_MS_MAX = 5_000;
const LOG_TAIL_SIZE = 6_000;
const START_ATTEMPTS_MAX = 3;

/** A server that dies because somebody took its port meanwhile is worth another try. */
class PortTaken extends Error {}

export class Member {
  readonly clientPort: number;
  readonly #kind: ServerKind;
  readonly #directory: string;
  #process: ChildProcess | undefined;

  constructor(kind: ServerKind, directory: string, clientPort: number) {
    this.#kind = kind;
    this.#directory = directory;
    this.clientPort = clientPort;
  }

  get pid(): number {
    return present(this.#process?.pid, "the process");
  }

  get address(): string {
    return `127.0.0.1:${this.clientPort}`;
  }

  /** Returns before it serves. */
  start(): void {
    if (this.#process !== undefined) return;
    const { file, args } = this.#kind.command(join(this.#directory, "zoo.cfg"));
    const log = openSync(this.#logFile, "a");
    const child = spawn(file, args, { stdio: ["ignore", log, log], cwd: this.#directory });
    closeSync(log);
    this.#process = child;
    const killWithUs = (): void => void child.kill("SIGKILL");
    process.once("exit", killWithUs);
    child.once("exit", () => {
      process.off("exit", killWithUs);
      if (this.#process === child) this.#process = undefined;
    });
  }

  async untilServing(): Promise<void> {
    const endMs = performance.now() + START_MS_MAX;
    for (;;) {
      if (this.#process === undefined) throw await this.#died();
      if ((await fourLetterWord(this.clientPort, "ruok")) === "imok") {
        if ((await serverMode(this.clientPort)) !== undefined) return;
      }
      if (performance.now() > endMs) {
        throw new Error(`${this.#kind.name} does not serve: ${await this.logTail()}`);
      }
      await delay(POLL_MS);
    }
  }

  async kill(): Promise<void> {
    await this.#end("SIGKILL");
  }

  /** Asks it to end, and insists if it does not. */
  async stop(): Promise<void> {
    const insist = setTimeout(() => this.#process?.kill("SIGKILL"), STOP_MS_MAX);
    try {
      await this.#end("SIGTERM");
    } finally {
      clearTimeout(insist);
    }
  }

  /** As if the machine stood still: it says nothing and keeps its connections. */
  pause(): void {
    this.#process?.kill("SIGSTOP");
  }

  resume(): void {
    this.#process?.kill("SIGCONT");
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#process;
    if (child === undefined) return;
    const ended = once(child, "exit");
    child.kill(signal);
    await ended;
  }

  async #died(): Promise<Error> {
    const tail = await this.logTail();
    const text = `${this.#kind.name} died: ${tail}`;
    return /Address already in use|EADDRINUSE/.test(tail) ? new PortTaken(text) : new Error(text);
  }

  get #logFile(): string {
    return join(this.#directory, "log");
  }

  async logTail(): Promise<string> {
    return (await readFile(this.#logFile, "utf8")).slice(-LOG_TAIL_SIZE);
  }
}

export class Ensemble {
  readonly kind: ServerKind;
  readonly members: readonly Member[];
  readonly #directory: string;

  constructor(kind: ServerKind, members: readonly Member[], directory: string) {
    this.kind = kind;
    this.members = members;
    this.#directory = directory;
  }

  /** As clients write it: host:port,host:port. */
  get addresses(): string {
    return this.members.map(({ address }) => address).join(",");
  }

  async start(): Promise<void> {
    for (const member of this.members) member.start();
    await Promise.all(this.members.map((member) => member.untilServing()));
  }

  async leader(): Promise<Member> {
    for (const member of this.members) {
      if (/^(?:leader|standalone)$/.test((await serverMode(member.clientPort)) ?? ""))
        return member;
    }
    throw new Error(`none of ${this.addresses} is the leader`);
  }

  /** The ends of the servers' logs, for a person who wonders what they did. */
  async logTails(): Promise<string> {
    return (await Promise.all(this.members.map((member) => member.logTail()))).join("\n");
  }

  async stop(): Promise<void> {
    await Promise.all(this.members.map((member) => member.kill()));
    await rm(this.#directory, { recursive: true });
  }
}

/** Resolves when every member serves. */
export async function startEnsemble(options: EnsembleOptions): Promise<Ensemble> {
  for (let attempt = 1; ; attempt++) {
    const ensemble = await layOut(options);
    try {
      await ensemble.start();
      return ensemble;
    } catch (error) {
      await ensemble.stop();
      if (!(error instanceof PortTaken) || attempt === START_ATTEMPTS_MAX) throw error;
    }
  }
}

async function layOut(options: EnsembleOptions): Promise<Ensemble> {
  const { kind, size, parent = tmpdir() } = options;
  const root = await mkdtemp(join(parent, "kelp-ensemble-"));
  const ports = await freePorts(size * 3);
  const numbers = Array.from({ length: size }, (_, index) => index + 1);
  const serverLines = numbers.map(
    (number) =>
      `server.${number}=127.0.0.1:${portOf(ports, size + number)}:${portOf(ports, 2 * size + number)}`,
  );
  const members = numbers.map(async (number) => {
    const directory = join(root, String(number));
    const clientPort = portOf(ports, number);
    await mkdir(join(directory, "data"), { recursive: true });
    await writeFile(join(directory, "data", "myid"), `${number}\n`);
    const lines = [
      ...baseLines(options, directory, clientPort),
      ...(size === 1 ? [] : serverLines),
    ];
    await writeFile(join(directory, "zoo.cfg"), `${lines.join("\n")}\n`);
    return new Member(kind, directory, clientPort);
  });
  return new Ensemble(kind, await Promise.all(members), root);
}

function baseLines(options: EnsembleOptions, directory: string, clientPort: number): string[] {
  const settings = {
    tickTime: 2000,
    initLimit: 10,
    syncLimit: 5,
    dataDir: join(directory, "data"),
    clientPort,
    clientPortAddress: "127.0.0.1",
    maxClientCnxns: 0,
    "4lw.commands.whitelist": "*",
    "admin.enableServer": "false",
    extendedTypesEnabled: "true",
    "DigestAuthenticationProvider.superDigest": SUPER_DIGEST,
    ...(options.fsync !== true && { forceSync: "no" }),
    ...options.settings,
  };
  return Object.entries(settings).map(([name, value]) => `${name}=${value}`);
}

function portOf(ports: readonly number[], number: number): number {
  return present(ports[number - 1], "a free port");
}

/** Held all at once, so that they differ, and given back. */
async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer());
  const ports: number[] = [];
  for (const server of servers) {
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    if (address !== null && typeof address === "object") ports.push(address.port);
  }
  for (const server of servers) {
    server.close();
    await once(server, "close");
  }
  return ports;
}
