/**
 * ZooKeeper's four-letter words: an operator's questions, sent where a packet's size would stand.
 * Outputs have the format of 3.8, because scripts and monitoring systems read them. A word answers
 * only if the configuration lists it; `srvr` always does.
 */
import { EMPTY_BYTES } from "../../cluster/base/bytes.ts";
import { lastZxid } from "../tree/state.ts";
import { javaDouble, javaHex } from "./java-text.ts";
import { averageMs, resetLatency } from "./latency.ts";
import type { ServerState } from "./server-state.ts";
import type { WordFacts } from "./word-facts.ts";
import {
  dumpSessions,
  listConnections,
  listWatchesByConnection,
  listWatchesByPath,
  type Moment,
  summarizeWatches,
} from "./word-listings.ts";
import { monitorValues, nodeCount } from "./word-monitor.ts";
import { WordText } from "./word-text.ts";
import { formatServer } from "./zoo-cfg-server.ts";

const NOT_SERVING = "This ZooKeeper instance is not currently serving requests";

interface Question {
  readonly text: WordText;
  readonly state: ServerState;
  readonly facts: WordFacts;
  readonly moment: Moment;
}

/** What serves only with a quorum says so without one. */
const WHILE_SERVING: Readonly<Record<string, (question: Question) => void>> = {
  conf: printConf,
  cons: ({ text, state, moment }) => {
    listConnections(text, state, { isBrief: false, moment });
    text.line();
  },
  crst: ({ text, state }) => {
    for (const { counts } of state.clients.values()) {
      counts.received = 0;
      counts.sent = 0;
      counts.lastOp = 0;
      counts.lastXid = -1;
      counts.lastZxid = -1;
      counts.lastAnsweredMs = 0;
      counts.lastLatencyMs = 0;
      resetLatency(counts.latency);
    }
    text.line("Connection stats reset.");
  },
  dirs: ({ text, facts }) => {
    text.line(`datadir_size: ${facts.dataBytes}`);
    text.line(`logdir_size: ${facts.logBytes}`);
  },
  dump: ({ text, state, facts, moment }) => dumpSessions(text, state, { facts, moment }),
  mntr: ({ text, state, facts, moment }) => {
    for (const [name, value] of monitorValues(state, { facts, nowMs: moment.nowMs })) {
      text.line(`zk_${name}\t${value}`);
    }
  },
  srst: ({ text, state: { counts } }) => {
    for (const latency of [counts.latency, counts.readLatency, counts.writeLatency]) {
      resetLatency(latency);
    }
    counts.received = 0;
    counts.sent = 0;
    text.line("Server stats reset.");
  },
  srvr: (question) => printServer(question, false),
  stat: (question) => printServer(question, true),
  wchc: ({ text, state }) => {
    listWatchesByConnection(text, state);
    text.line();
  },
  wchp: ({ text, state }) => {
    listWatchesByPath(text, state);
    text.line();
  },
  wchs: ({ text, state }) => summarizeWatches(text, state),
};

const ALWAYS: Readonly<Record<string, (question: Question) => void>> = {
  envi: ({ text, facts }) => {
    text.line("Environment:");
    for (const [name, value] of facts.environment) text.line(`${name}=${value}`);
  },
  ruok: ({ text }) => text.print("imok"),
  isro: ({ text, state }) => text.print(state.isServing ? "rw" : "null"),
  /** Of ZooKeeper's tracing, which there is not. */
  gtmk: ({ text }) => text.print("0"),
  stmk: () => {},
  hash: () => {},
};

/** What telnet sends when it is closed; its connection ends without an answer. */
const TELNET_CLOSE = 0xfff4fffd | 0;

const WORDS: ReadonlyMap<number, string> = new Map([
  ...[...Object.keys(WHILE_SERVING), ...Object.keys(ALWAYS)].map((word): [number, string] => [
    codeOf(word),
    word,
  ]),
  [TELNET_CLOSE, "telnet close"],
]);

/** The word that stands where the size of a first packet would, if one does. */
export function wordOfSize(size: number): string | undefined {
  return WORDS.get(size);
}

export function answerWord(
  state: ServerState,
  {
    word,
    facts,
    nowMs,
  }: { readonly word: string; readonly facts: WordFacts; readonly nowMs: number },
): Uint8Array {
  if (word === WORDS.get(TELNET_CLOSE)) return EMPTY_BYTES;
  const text = new WordText();
  const question = { text, state, facts, moment: { nowMs, wallMs: facts.wallMs } };
  const whileServing = WHILE_SERVING[word];
  if (!isListed(state, word)) {
    text.line(`${word} is not executed because it is not in the whitelist.`);
  } else if (whileServing === undefined) ALWAYS[word]?.(question);
  else if (state.isServing) whileServing(question);
  else text.line(NOT_SERVING);
  return text.toBytes();
}

function isListed({ options: { wordsWhitelist } }: ServerState, word: string): boolean {
  return word === "srvr" || wordsWhitelist.has(word) || wordsWhitelist.has("*");
}

function printServer({ text, state, facts, moment }: Question, withClients: boolean): void {
  const { counts } = state;
  const { minMs, maxMs } = counts.latency;
  text.line(`Zookeeper version: ${facts.version}`);
  if (withClients) {
    text.line("Clients:");
    listConnections(text, state, { isBrief: true, moment });
    text.line();
  }
  const average = javaDouble(averageMs(counts.latency));
  text.line(`Latency min/avg/max: ${Math.floor(minMs)}/${average}/${Math.floor(maxMs)}`);
  text.line(`Received: ${counts.received}`);
  text.line(`Sent: ${counts.sent}`);
  text.line(`Connections: ${state.clients.size}`);
  text.line(`Outstanding: ${state.outstanding}`);
  text.line(`Zxid: 0x${javaHex(lastZxid(state.tree))}`);
  text.line(`Mode: ${facts.mode}`);
  text.line(`Node count: ${nodeCount(state)}`);
  if (facts.mode !== "leader" || facts.leader === undefined) return;
  const { last, min, max } = facts.leader.proposalSizes;
  text.line(`Proposal sizes last/min/max: ${last}/${min}/${max}`);
}

function printConf({ text, facts }: Question): void {
  const { cfg, client, memberId } = facts;
  text.line(`clientPort=${client.port}`);
  text.line("secureClientPort=-1");
  text.line(`dataDir=${cfg.storeDir}`);
  text.line(`dataDirSize=${facts.dataBytes}`);
  text.line(`dataLogDir=${cfg.storeDir}`);
  text.line(`dataLogSize=${facts.logBytes}`);
  text.line(`tickTime=${cfg.tickTimeMs}`);
  text.line(`maxClientCnxns=${cfg.maxClientCnxns}`);
  text.line(`minSessionTimeout=${cfg.minSessionTimeoutMs}`);
  text.line(`maxSessionTimeout=${cfg.maxSessionTimeoutMs}`);
  text.line("clientPortListenBacklog=-1");
  text.line(`serverId=${memberId}`);
  const own = cfg.servers.find(({ id }) => id === memberId);
  if (cfg.servers.length < 2 || own === undefined) return;
  text.line(`initLimit=${cfg.initLimit}`);
  text.line(`syncLimit=${cfg.syncLimit}`);
  text.line("electionAlg=3");
  text.line(`electionPort=${own.addresses.map(({ electionPort }) => electionPort).join("|")}`);
  text.line(`quorumPort=${own.addresses.map(({ peerPort }) => peerPort).join("|")}`);
  text.line("peerType=0");
  text.line("membership: ");
  for (const server of cfg.servers) text.line(`server.${server.id}=${formatServer(server)}`);
  text.print("version=0");
}

function codeOf(word: string): number {
  return [...word].reduce((code, letter) => (code << 8) | letter.charCodeAt(0), 0);
}
