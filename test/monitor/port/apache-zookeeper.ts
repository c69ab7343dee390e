/** Apache ZooKeeper 3.8 as Debian packages it, as a single server on loopback. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { RawClient } from "./raw-client.ts";

const JARS = "/usr/share/java";
export const ZOOKEEPER_JAR = join(JARS, "zookeeper.jar");
const READY = "PrepRequestProcessor";

export interface ApacheZooKeeper {
  readonly address: string;
  stop(): Promise<void>;
}

export async function startApacheZooKeeper(): Promise<ApacheZooKeeper> {
  const folder = mkdtempSync(join(tmpdir(), "kelp-zookeeper-"));
  const port = await freePort();
  const cfg = [
    `dataDir=${folder}`,
    `clientPort=${port}`,
    "clientPortAddress=127.0.0.1",
    "tickTime=2000",
    "admin.enableServer=false",
    "4lw.commands.whitelist=*",
  ];
  writeFileSync(join(folder, "zoo.cfg"), cfg.join("\n"));
  const netty = readdirSync(JARS).filter((name) => /^netty-[a-z-]+\.jar$/.test(name));
  const classPath = ["zookeeper.jar", "slf4j-simple.jar", ...netty].map((jar) => join(JARS, jar));
  const server = spawn(
    "java",
    [
      "-Xmx128m",
      "-cp",
      classPath.join(":"),
      "org.apache.zookeeper.server.quorum.QuorumPeerMain",
      join(folder, "zoo.cfg"),
    ],
    { stdio: ["ignore", "ignore", "pipe"] },
  );
  const address = `127.0.0.1:${port}`;
  await ready(server);
  // Its port is there before it serves.
  for (let answer = ""; !answer.includes("Mode:"); ) answer = await askWord(address, "srvr");
  return {
    address,
    async stop() {
      server.kill("SIGKILL");
      if (server.exitCode === null && server.signalCode === null) await once(server, "exit");
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

export async function askWord(address: string, word: string): Promise<string> {
  const client = new RawClient(address);
  client.socket.write(word);
  await client.closed();
  client.socket.destroy();
  return client.text;
}

function ready(server: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    let log = "";
    server.stderr?.on("data", (chunk: Buffer) => {
      log += chunk.toString();
      if (log.includes(READY)) resolve();
    });
    server.once("error", reject);
    server.once("exit", () => reject(new Error(`Apache ZooKeeper ended:\n${log.slice(-2_000)}`)));
  });
}

async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("there is no port");
  return address.port;
}
