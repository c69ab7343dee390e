/** Asks four-letter words of a server world, as an operator does. */
import type { WordFacts } from "../../../monitor/zookeeper/word-facts.ts";
import { parseZooCfg } from "../../../monitor/zookeeper/zoo-cfg.ts";
import type { ServerWorld } from "./server-world.ts";

const CFG = ["dataDir=/data", "tickTime=2000", "clientPort=2181", "maxClientCnxns=0"];
export const ENSEMBLE = [
  "server.1=127.0.0.1:23982:24982:participant",
  "server.2=[::1]:23983:24983",
  "server.3=a:1:2|b:3:4;c:5",
];

export function facts(options: Partial<WordFacts> = {}, ...lines: string[]): WordFacts {
  return {
    version: "3.8.0-kelp-0.1.0, built on 2026-11-25 10:00 UTC",
    mode: "standalone",
    wallMs: 1_795_601_887_000,
    environment: [
      ["zookeeper.version", "3.8.0-kelp-0.1.0, built on 2026-11-25 10:00 UTC"],
      ["host.name", "localhost"],
    ],
    cfg: parseZooCfg({ path: "zoo.cfg", text: [...CFG, ...lines].join("\n") }),
    memberId: 0,
    client: { host: "0.0.0.0", port: 2181 },
    dataBytes: 10,
    logBytes: 20,
    openFileCount: 30,
    openFileCountMax: 40,
    rejectedCount: 2,
    ...options,
  };
}

export function askWord(world: ServerWorld, word: string, given: WordFacts = facts()): string {
  const client = world.open("127.0.0.1:4000");
  client.isWord = true;
  world.step({ type: "clientWord", client: client.id, word, facts: given });
  if (client.state !== "ended") throw new Error(`the connection is ${client.state}`);
  client.close();
  return client.text;
}
