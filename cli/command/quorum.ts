/** `kelp quorum`: the members of an ensemble, as they see themselves. */
import type { Command } from "commander";
import { askWord } from "../../cluster/coordination/ask-word.ts";
import { realClock } from "../../cluster/runtime/real-clock.ts";
import { formatAddress, parseAddress, tcpNetwork } from "../../cluster/runtime/tcp.ts";
import { readZooCfg } from "../../monitor/monitor-process.ts";
import type { ZooCfg } from "../../monitor/zookeeper/zoo-cfg.ts";
import { EXIT_CODE } from "../exit-code.ts";
import { asWrongUsage, CommandError } from "../failure.ts";
import { type AskedMember, readReport } from "../quorum/member-report.ts";
import { quorumProblem, quorumTable } from "../quorum/quorum-report.ts";
import { writeOut } from "../write-out.ts";

const DEFAULT_SERVER = "127.0.0.1:2181";
const ANSWER_MS_MAX = 2_000;
const WILDCARDS = new Set(["0.0.0.0", "::"]);

interface Flags {
  readonly server?: string;
  readonly config?: string;
  readonly json?: true;
}

type Addressed = Pick<AskedMember, "name" | "address">;

export function registerQuorum(program: Command): void {
  const quorum = program
    .command("quorum")
    .summary("look at the members of an ensemble")
    .description("Looks at the members of an ensemble, of Kelp's monitors or of ZooKeeper.");
  quorum
    .command("status", { isDefault: true })
    .summary("who leads, who follows, who is down")
    .description(
      "Asks all members at once, on their client ports, with the four-letter word srvr. Exits with 0 if a leader " +
        "and a majority answer, else with 1 and what to do.",
    )
    .option("-s, --server <list>", `host:port,host:port; all members (${DEFAULT_SERVER})`)
    .option("-c, --config <file>", "a zoo.cfg that names the members")
    .option("--json", "print one JSON value")
    .action(status);
}

async function status(flags: Flags): Promise<void> {
  const members = await Promise.all((await membersOf(flags)).map(ask));
  const problem = quorumProblem(members);
  const output = flags.json === true ? [jsonOf(members, problem)] : quorumTable(members);
  await writeOut(process.stdout, output);
  if (problem !== undefined) throw new CommandError(EXIT_CODE.failure, problem);
}

async function membersOf({ server, config }: Flags): Promise<Addressed[]> {
  if (config === undefined) return (server ?? DEFAULT_SERVER).split(",").map(addressed);
  if (server !== undefined) {
    throw new CommandError(EXIT_CODE.usage, "write --server or --config, not both");
  }
  return membersOfConfig(await readZooCfg(config), config);
}

function addressed(text: string): Addressed {
  const address = text.trim();
  try {
    parseAddress(address);
  } catch (error) {
    throw asWrongUsage(error);
  }
  return { name: address, address };
}

/** A line without a client port stands for the port that the file gives, which all members then share. */
export function membersOfConfig(cfg: ZooCfg, path: string): Addressed[] {
  const own = cfg.client;
  if (cfg.servers.length === 0) {
    if (own === undefined) throw unnamed(path);
    const host = WILDCARDS.has(own.host) ? "127.0.0.1" : own.host;
    return [addressed(formatAddress(host, own.port))];
  }
  const members = cfg.servers.map(({ id, addresses, client }) => {
    const port = client?.port ?? own?.port;
    const peerHost = addresses[0]?.host;
    if (port === undefined || peerHost === undefined) throw unnamed(path);
    const host = client === undefined || WILDCARDS.has(client.host) ? peerHost : client.host;
    return { name: `mon.${id}`, address: formatAddress(host, port) };
  });
  if (new Set(members.map(({ address }) => address)).size < members.length) throw unnamed(path);
  return members;
}

function unnamed(path: string): CommandError {
  return new CommandError(
    EXIT_CODE.usage,
    `${path} does not tell the members' client ports apart; name them with --server host:port,host:port, ` +
      "or write ;port at the end of the server lines",
  );
}

async function ask(member: Addressed): Promise<AskedMember> {
  const answer = await askWord(member.address, "srvr", {
    network: tcpNetwork,
    clock: realClock,
    timeoutMs: ANSWER_MS_MAX,
  });
  const report = "text" in answer ? readReport(answer.text) : answer.problem;
  return typeof report === "string" ? { ...member, problem: report } : { ...member, report };
}

function jsonOf(members: readonly AskedMember[], problem: string | undefined): string {
  const leader = members.find(({ report }) => report?.mode === "leader")?.name;
  return `${JSON.stringify({ isHealthy: problem === undefined, problem, leader, members }, null, 2)}\n`;
}
