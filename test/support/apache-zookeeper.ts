/**
 * A real Apache ZooKeeper on loopback, one server or an ensemble, from Debian's package and without
 * its service. Everything it writes is in a folder of its own, which goes with it.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect as connectSocket, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { present } from "../../cluster/base/assert.ts";

/** The package has no other command in the PATH; whoever has this one has the server. */
export const APACHE_ZOOKEEPER = { command: "zooinspector", debianPackage: "zookeeper" };

const CLASS_PATH = ["zookeeper", "slf4j-simple", "netty-all", "netty-resolver", "netty-codec"]
  .map((jar) => `/usr/share/java/${jar}.jar`)
  .join(":");
const START_MS_MAX = 40_000;
const START_ATTEMPTS_MAX = 2;
const ANSWER_MS_MAX = 1000;
const POLL_MS = 50;
const TICK_MS = 200;

interface Server {
  readonly port: number;
  readonly folder: string;
  process: ChildProcess | undefined;
}

export class ApacheZooKeeper {
  readonly #root = mkdtempSync(join(tmpdir(), "kelp-zookeeper-"));
  readonly #servers: Server[] = [];

  private constructor() {}

  /** Sessions may be as short as 400 ms, so that a test need not wait for one to expire. */
  static async start(size: 1 | 3): Promise<ApacheZooKeeper> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await ApacheZooKeeper.#attempt(size);
      } catch (error) {
        // Between choosing a port and taking it somebody else may have been faster.
        if (attempt === START_ATTEMPTS_MAX) throw error;
      }
    }
  }

  static async #attempt(size: 1 | 3): Promise<ApacheZooKeeper> {
    const ensemble = new ApacheZooKeeper();
    const ports = await freePorts(size * 3);
    const members = Array.from({ length: size }, (_, index) =>
      ports.slice(index * 3, index * 3 + 3),
    );
    for (const [index, [port]] of members.entries()) {
      const folder = join(ensemble.#root, `${index + 1}`);
      mkdirSync(join(folder, "data"), { recursive: true });
      writeFileSync(join(folder, "data", "myid"), `${index + 1}`);
      writeFileSync(join(folder, "zoo.cfg"), configuration(folder, index, members));
      ensemble.#servers.push({ port: present(port, "port"), folder, process: undefined });
    }
    for (const server of ensemble.#servers) launch(server);
    try {
      await Promise.all(ensemble.#servers.map(untilServing));
    } catch (error) {
      await ensemble.stop();
      throw error;
    }
    return ensemble;
  }

  get addresses(): string[] {
    return this.#servers.map(({ port }) => `127.0.0.1:${port}`);
  }

  get connectString(): string {
    return this.addresses.join(",");
  }

  /** With SIGKILL: nothing is said to anybody. */
  async kill(address: string): Promise<void> {
    await end(present(this.#servers[this.addresses.indexOf(address)], address));
  }

  async restart(address: string): Promise<void> {
    const server = present(this.#servers[this.addresses.indexOf(address)], address);
    launch(server);
    await untilServing(server);
  }

  async stop(): Promise<void> {
    await Promise.all(this.#servers.map(end));
    rmSync(this.#root, { recursive: true, force: true });
  }
}

function configuration(
  folder: string,
  index: number,
  members: readonly (readonly number[])[],
): string {
  const peers = members.map(
    ([, peer, election], peerIndex) => `server.${peerIndex + 1}=127.0.0.1:${peer}:${election}`,
  );
  return [
    `tickTime=${TICK_MS}`,
    "initLimit=100",
    "syncLimit=50",
    "maxSessionTimeout=20000",
    `dataDir=${folder}/data`,
    `clientPort=${members[index]?.[0]}`,
    "clientPortAddress=127.0.0.1",
    "4lw.commands.whitelist=srvr",
    "admin.enableServer=false",
    ...(members.length > 1 ? peers : []),
    "",
  ].join("\n");
}

/** Beside the server something waits for this process to end, however it does, and ends it too. */
const LAUNCH =
  'exec 3<&0; (cat <&3 >/dev/null; kill -9 $$) & exec java "$@" >>"$LOG" 2>&1 3<&- </dev/null';

function launch(server: Server): void {
  const { folder } = server;
  const options = ["-Xmx160m", "-XX:+UseSerialGC", "-Dzookeeper.extendedTypesEnabled=true"];
  const main = "org.apache.zookeeper.server.quorum.QuorumPeerMain";
  const words = [...options, "-cp", CLASS_PATH, main, join(folder, "zoo.cfg")];
  server.process = spawn("/bin/sh", ["-c", LAUNCH, "java", ...words], {
    env: { ...process.env, LOG: join(folder, "log") },
    stdio: ["pipe", "ignore", "ignore"],
  });
}

async function end(server: Server): Promise<void> {
  const { process: child } = server;
  server.process = undefined;
  if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, "exit");
  child.kill("SIGKILL");
  await gone;
  child.stdin?.destroy();
}

async function untilServing({ port, folder, process: child }: Server): Promise<void> {
  const giveUpMs = Date.now() + START_MS_MAX;
  while (!(await answers(port))) {
    if (child?.exitCode !== null || Date.now() > giveUpMs) {
      throw new Error(
        `ZooKeeper does not start:\n${readFileSync(join(folder, "log"), "utf8").slice(-2000)}`,
      );
    }
    await delay(POLL_MS);
  }
}

/** Whether it serves clients, as its four-letter word says. */
function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    let text = "";
    // From the server's own address the system could give this socket the very port that it connects
    // to; it would be connected to itself, and the server could not start.
    const target = { port, host: "127.0.0.1", localAddress: "127.0.0.2" };
    const socket = connectSocket(target, () => socket.write("srvr"));
    socket.setTimeout(ANSWER_MS_MAX, () => socket.destroy());
    socket.on("data", (chunk) => {
      text += chunk.toString();
    });
    socket.on("error", () => {});
    socket.on("close", () => resolve(text.includes("Mode:")));
  });
}

/** Ports that nobody has at this moment. */
async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, "127.0.0.1"));
  await Promise.all(servers.map((server) => once(server, "listening")));
  const ports = servers.map((server) => {
    const address = server.address();
    return typeof address === "object" ? (address?.port ?? 0) : 0;
  });
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}
