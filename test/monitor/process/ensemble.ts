/** Monitors on loopback in a folder of their own, and a client of them. */
import { randomInt } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { present } from "../../../cluster/base/assert.ts";
import { realClock } from "../../../cluster/runtime/real-clock.ts";
import { tcpNetwork } from "../../../cluster/runtime/tcp.ts";
import { ZooKeeperClient, type ZooKeeperClientOptions } from "../../../cluster/zookeeper/client.ts";
import { serverMode } from "../../interop/zookeeper/four-letter-word.ts";
import { freePorts } from "../../support/free-ports.ts";
import { DEADLINE_MS, Member, POLL_MS } from "./member.ts";

/** Servers that are gone take no goodbye. */
const GOODBYE_MS_MAX = 2_000;

export interface EnsembleOptions {
  readonly size: 1 | 3;
  readonly settings?: Readonly<Record<string, string | number>>;
  /** By member; a folder of its own for each without an entry. */
  readonly dataDirs?: ReadonlyMap<number, string>;
}

export class Ensemble {
  readonly members: readonly Member[];
  readonly directory: string;
  readonly #clients: ZooKeeperClient[] = [];

  private constructor(directory: string, members: readonly Member[]) {
    this.directory = directory;
    this.members = members;
  }

  static async layOut({ size, settings = {}, dataDirs }: EnsembleOptions): Promise<Ensemble> {
    const directory = await mkdtemp(join(tmpdir(), "kelp-monitors-"));
    const ids = Array.from({ length: size }, (_, index) => index + 1);
    const ports = await freePorts(size * 3);
    const portOf = (index: number): number => present(ports[index], "a free port");
    const lines = [
      ...Object.entries({ tickTime: 2000, initLimit: 10, syncLimit: 5, ...settings }).map(
        ([key, value]) => `${key}=${value}`,
      ),
      ...(size === 1
        ? []
        : ids.map(
            (id) => `server.${id}=127.0.0.1:${portOf(size + id - 1)}:${portOf(2 * size + id - 1)}`,
          )),
    ];
    const members = ids.map((id) => {
      const dataDir = dataDirs?.get(id);
      return Member.layOut({
        id,
        directory: join(directory, String(id)),
        ...(dataDir === undefined ? {} : { dataDir }),
        ports: { client: portOf(id - 1), peer: portOf(size + id - 1) },
        lines,
      });
    });
    return new Ensemble(directory, await Promise.all(members));
  }

  member(id: number): Member {
    return present(
      this.members.find((member) => member.id === id),
      `member ${id}`,
    );
  }

  static async start(options: EnsembleOptions): Promise<Ensemble> {
    const ensemble = await Ensemble.layOut(options);
    await ensemble.start();
    return ensemble;
  }

  /** Whoever does not run already; resolves when all serve. */
  async start(): Promise<void> {
    for (const member of this.members) if (!member.isRunning) member.start();
    await Promise.all(this.members.map((member) => member.untilServing()));
  }

  /** Who leads, and the two that do not; waits for an election to end. */
  async roles(): Promise<{ leader: Member; followers: readonly [Member, Member] }> {
    const endMs = performance.now() + DEADLINE_MS;
    for (;;) {
      const modes = await Promise.all(this.members.map(({ port }) => serverMode(port)));
      const leader = this.members[modes.indexOf("leader")];
      const [first, second] = this.members.filter((member) => member !== leader);
      if (leader !== undefined && first !== undefined && second !== undefined) {
        return { leader, followers: [first, second] };
      }
      if (performance.now() > endMs) throw new Error(`no leader among ${modes}`);
      await delay(POLL_MS);
    }
  }

  /** Of these members, in one session; closed with the ensemble. */
  client(
    members: readonly Member[] = this.members,
    options: Partial<ZooKeeperClientOptions> = {},
  ): ZooKeeperClient {
    const client = new ZooKeeperClient({
      servers: members.map(({ address }) => address).join(","),
      network: tcpNetwork,
      clock: realClock,
      seed: randomInt(2 ** 32),
      ...options,
    });
    this.#clients.push(client);
    return client;
  }

  /** Ends all sessions, as far as there is somebody to end them at. */
  async closeClients(): Promise<void> {
    const closing = Promise.all(this.#clients.splice(0).map((client) => client.close()));
    if (this.members.some(({ isRunning }) => isRunning)) await atMost(GOODBYE_MS_MAX, closing);
  }

  async close(): Promise<void> {
    await this.closeClients();
    await Promise.all(this.members.map((member) => member.end("SIGKILL")));
    await rm(this.directory, { recursive: true, force: true });
  }
}

/** Whichever comes first. */
async function atMost(durationMs: number, work: Promise<unknown>): Promise<void> {
  const late = new AbortController();
  const timeout = delay(durationMs, undefined, { signal: late.signal }).catch(() => {});
  await Promise.race([work, timeout]);
  late.abort();
}
