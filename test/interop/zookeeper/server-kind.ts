/** The servers that a test can be run against: how each is started with an ordinary zoo.cfg. */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export interface ServerKind {
  readonly name: string;
  command(configFile: string): { readonly file: string; readonly args: readonly string[] };
}

const JAVA = "/usr/bin/java";
const JARS = "/usr/share/java";
/** What Debian's zookeeper.jar does not name itself, and a server without a log framework needs. */
const CLASS_PATH = [
  "zookeeper.jar",
  "slf4j-simple.jar",
  "netty-all.jar",
  "netty-codec.jar",
  "netty-handler.jar",
  "netty-resolver.jar",
  "netty-transport-native-unix-common.jar",
].map((name) => join(JARS, name));

/** A small heap and the first compiler only: what counts in a test is how soon it serves. */
const QUICK_START = ["-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"];
/** What upstream starts a server with: what counts in a bench is how fast it gets. */
const AS_SHIPPED = ["-Xmx1000m"];

/** Nothing goes away by itself while a test runs: a removal would take a zxid at any moment. */
const PROPERTIES = [
  "-Djava.awt.headless=true",
  "-Dznode.container.checkIntervalMs=2000000000",
  "-Dzookeeper.jmx.log4j.disable=true",
];

export const APACHE: ServerKind = apache("Apache ZooKeeper", QUICK_START);
export const APACHE_AS_SHIPPED: ServerKind = apache("Apache ZooKeeper", AS_SHIPPED);

function apache(name: string, options: readonly string[]): ServerKind {
  const main = "org.apache.zookeeper.server.quorum.QuorumPeerMain";
  const before = [...options, ...PROPERTIES, "-cp", CLASS_PATH.join(":"), main];
  return { name, command: (configFile) => ({ file: JAVA, args: [...before, configFile] }) };
}

/** This file runs from the sources in a test, and compiled as a command. */
const KELP_MAIN = ["../../../cli/main.js", "../../../dist/cli/main.js"]
  .map((path) => fileURLToPath(new URL(path, import.meta.url)))
  .reduce((first, second) => (existsSync(first) ? first : second));

export const KELP: ServerKind = {
  name: "Kelp",
  command: (configFile) => ({
    file: process.execPath,
    args: [KELP_MAIN, "monitor", "--config", configFile],
  }),
};

/** Undefined if it can be started here, else what is missing. */
export function whyNot(kind: ServerKind): string | undefined {
  return kind === KELP ? whyNotKelp() : whyNotApache();
}

function whyNotApache(): string | undefined {
  const missing = [JAVA, ...CLASS_PATH].filter((file) => !existsSync(file));
  return missing.length === 0
    ? undefined
    : `${missing.join(", ")} is missing: apt-get install zookeeper libslf4j-java`;
}

let kelpReason: { readonly reason: string | undefined } | undefined;

function whyNotKelp(): string | undefined {
  kelpReason ??= { reason: lookForKelp() };
  return kelpReason.reason;
}

function lookForKelp(): string | undefined {
  if (!existsSync(KELP_MAIN)) return `${KELP_MAIN} is missing: npm run build`;
  const { stdout } = spawnSync(process.execPath, [KELP_MAIN, "--help"], { encoding: "utf8" });
  return /^\s+monitor\b/m.test(stdout) ? undefined : "kelp has no command monitor yet";
}
