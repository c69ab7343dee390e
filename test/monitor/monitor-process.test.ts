/** A process's parts in this process: one monitor. As processes they are tested in process/. */
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createConnection } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Log, SILENT_LOG } from "../../cluster/base/log.ts";
import { realClock } from "../../cluster/runtime/real-clock.ts";
import { Shutdown } from "../../cluster/runtime/shutdown.ts";
import { tcpNetwork } from "../../cluster/runtime/tcp.ts";
import { ZooKeeperClient } from "../../cluster/zookeeper/client.ts";
import {
  type RunningMonitor,
  randomNumber,
  readMonitorConfig,
  readZooCfg,
  runMonitor,
  settingsOf,
} from "../../monitor/monitor-process.ts";
import { fourLetterWord } from "../interop/zookeeper/four-letter-word.ts";
import { freePorts } from "../support/free-ports.ts";

let directory: string;
let path: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "kelp-monitor-process-"));
  path = join(directory, "zoo.cfg");
  await mkdir(join(directory, "data"));
});
afterEach(() => rm(directory, { recursive: true }));

const inDirectory = (...lines: string[]): string =>
  [`dataDir=${join(directory, "data")}`, ...lines].join("\n");

describe("the configuration of a monitor", () => {
  test("tells who it is by myid", async () => {
    await writeFile(path, inDirectory("server.1=a:1:2;2181", "server.2=b:1:2;2182"));
    await writeFile(join(directory, "data", "myid"), "2\n");
    const { member, cfg } = await readMonitorConfig(path);
    expect(member).toEqual({ id: 2, client: { host: "0.0.0.0", port: 2182 } });
    expect(cfg.servers).toHaveLength(2);
  });

  test("lacks a myid where there are servers", async () => {
    await writeFile(path, inDirectory("clientPort=2181", "server.1=a:1:2", "server.2=b:1:2"));
    await expect(readMonitorConfig(path)).rejects.toMatchObject({
      code: "CONFIG_INVALID",
      message: expect.stringContaining(`${join(directory, "data", "myid")} is missing`),
    });
    expect((await readZooCfg(path)).servers).toHaveLength(2);
  });

  test("is what clients read at /zookeeper/config, as ZooKeeper spells it", async () => {
    await writeFile(path, inDirectory("server.2=b:1:2;2182", "server.1=a:1:2;2181"));
    const { config } = settingsOf(await readZooCfg(path));
    expect(Buffer.from(config).toString()).toBe(
      "server.1=a:1:2:participant;0.0.0.0:2181\nserver.2=b:1:2:participant;0.0.0.0:2182\nversion=0",
    );
  });

  test("may have its servers in a file beside it", async () => {
    await writeFile(path, inDirectory("dynamicConfigFile=members.cfg"));
    await writeFile(join(directory, "members.cfg"), "server.1=a:1:2;2181\nserver.2=b:1:2;2181");
    expect((await readZooCfg(path)).servers.map(({ id }) => id)).toEqual([1, 2]);
  });

  test.each([
    ["the file", "zoo.cfg", ""],
    ["the file of its servers", "members.cfg", "dynamicConfigFile=members.cfg"],
  ])("is refused if %s cannot be read", async (_, missing, line) => {
    if (line !== "") await writeFile(path, inDirectory(line));
    await expect(readZooCfg(path)).rejects.toMatchObject({
      code: "CONFIG_INVALID",
      message: expect.stringContaining(join(directory, missing)),
    });
  });
});

test("random numbers are whole, above zero and exact", () => {
  for (let count = 0; count < 1_000; count++) {
    const number = randomNumber();
    expect(Number.isSafeInteger(number) && number > 0).toBe(true);
  }
});

describe("a monitor that runs", () => {
  let shutdown: Shutdown;
  const lines: string[] = [];
  const log: Log = {
    ...SILENT_LOG,
    info: (message) => lines.push(message),
    warn: (message) => lines.push(message),
  };
  beforeEach(() => {
    shutdown = new Shutdown(log);
    lines.length = 0;
  });
  afterEach(() => shutdown.close());

  async function run(...more: string[]): Promise<{ running: RunningMonitor; port: number }> {
    const [port = 0] = await freePorts(1);
    await writeFile(
      path,
      inDirectory(`clientPort=${port}`, "clientPortAddress=127.0.0.1", ...more),
    );
    const running = await runMonitor({
      config: await readMonitorConfig(path),
      version: "1.2.3",
      log,
      shutdown,
      fail: (error) => {
        throw error;
      },
    });
    return { running, port };
  }

  test("serves clients, words and HTTP where its file says", async () => {
    const [http = 0] = await freePorts(1);
    const { running, port } = await run(
      `kelp.httpPort=${http}`,
      "kelp.httpAddress=127.0.0.1",
      "4lw.commands.whitelist=*",
    );
    expect(running.clientAddress).toBe(`127.0.0.1:${port}`);
    expect(running.httpAddress).toBe(`127.0.0.1:${http}`);
    const servers = running.clientAddress;
    const client = new ZooKeeperClient({ servers, network: tcpNetwork, clock: realClock, seed: 1 });
    await client.create("/node");
    const srvr = (await fourLetterWord(port, "srvr")).split("\n");
    expect(srvr[0]).toMatch(/^Zookeeper version: 3\.8\.0-kelp-1\.2\.3, /);
    expect(srvr).toEqual(expect.arrayContaining(["Mode: standalone", "Node count: 6"]));
    const [ready, metrics] = await Promise.all(
      ["readyz", "metrics"].map((page) => fetch(`http://127.0.0.1:${http}/${page}`)),
    );
    expect(ready?.status).toBe(200);
    expect(await metrics?.text()).toMatch(/^kelp_monitor_sessions 1$/m);
    await client.close();
  });

  test("says who it is, what it ignores, and when it serves", async () => {
    await run("autopurge.purgeInterval=1");
    expect(lines[0]).toBe("starts as mon.0 of a single monitor");
    expect(lines[1]).toMatch(/zoo\.cfg:4:1: autopurge\.purgeInterval is ignored/);
    await expect.poll(() => lines).toContain("serves clients");
  });

  test("leaves nothing open when it has closed", async () => {
    const { port } = await run();
    await shutdown.close();
    expect(shutdown.open).toEqual([]);
    const refused = new Promise((resolve) => {
      createConnection(port, "127.0.0.1").once("error", resolve);
    });
    expect(await refused).toMatchObject({ code: "ECONNREFUSED" });
    // Another one may have the directory now.
    shutdown = new Shutdown(log);
    await run();
  });

  test("does not take a directory that one has", async () => {
    await run();
    const first = shutdown;
    shutdown = new Shutdown(log);
    await expect(run()).rejects.toMatchObject({ code: "STORE_LOCKED" });
    await first.close();
  });

  test("names the way out where LevelDB finds damage", async () => {
    await run();
    await shutdown.close();
    shutdown = new Shutdown(log);
    const store = join(directory, "data", "kelp");
    const manifest = join(store, (await readFile(join(store, "CURRENT"), "utf8")).trim());
    const bytes = await readFile(manifest);
    bytes[10] = (bytes[10] ?? 0) ^ 0x40;
    await writeFile(manifest, bytes);
    await expect(run()).rejects.toMatchObject({
      code: "STORE_CORRUPT",
      message: expect.stringContaining("run `kelp monitor rejoin`"),
    });
  });
});
