/** Curator, the Java client library, and its recipes, on three servers. */
import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { Conversation } from "./conversation.ts";
import { eachServer } from "./each-server.ts";

const run = promisify(execFile);
const SOURCE = fileURLToPath(new URL("CuratorScenarios.java", import.meta.url));
const COMPILE_MS_MAX = 60_000;

const JARS = "/usr/share/java";
const CLASS_PATH = [
  "curator-client.jar",
  "curator-framework.jar",
  "curator-recipes.jar",
  "zookeeper.jar",
  "guava.jar",
  "slf4j-simple.jar",
  "netty-all.jar",
].map((name) => join(JARS, name));

const TOOLS = [
  { command: "javac", debianPackage: "default-jdk-headless" },
  { command: join(JARS, "curator-framework.jar"), debianPackage: "libcurator-framework-java" },
  { command: join(JARS, "curator-recipes.jar"), debianPackage: "libcurator-recipes-java" },
];

let program: Conversation | undefined;
afterEach(() => program?.stop());

eachServer({ name: "Curator", size: 3, tools: TOOLS }, (ensemble) => {
  let classes = "";
  beforeAll(async () => {
    classes = await mkdtemp(join(tmpdir(), "kelp-curator-"));
    await run("javac", ["-cp", CLASS_PATH.join(":"), "-d", classes, SOURCE]);
  }, COMPILE_MS_MAX);
  afterAll(() => rm(classes, { recursive: true }));

  const start = (scenario: string): Conversation => {
    const classPath = [classes, ...CLASS_PATH].join(":");
    const quiet = ["-Dorg.slf4j.simpleLogger.defaultLogLevel=warn", "-XX:TieredStopAtLevel=1"];
    program = new Conversation({
      file: "java",
      args: [...quiet, "-cp", classPath, "CuratorScenarios", scenario, ensemble().addresses],
    });
    return program;
  };

  const finish = async (running: Conversation): Promise<void> => {
    await running.hear(/^done$/m);
    expect(await running.ended()).toBe(0);
  };

  test("InterProcessMutex", () => finish(start("mutex")));
  test("LeaderLatch", () => finish(start("latch")));
  test("PersistentNode", () => finish(start("persistent-node")));

  test("CuratorCache goes on when the leader was killed and came back", async () => {
    const running = start("cache");
    await running.hear(/^filled$/m);
    const leader = await ensemble().leader();
    await leader.kill();
    leader.start();
    await leader.untilServing();
    running.say("restarted");
    await finish(running);
  });
});
