/**
 * A line `server.N=host:peer:election[:role][;[host:]client]`, with several `host:peer:election`
 * separated by "|". IPv6 addresses stand in brackets. Kelp's consensus uses the peer port; the
 * election port is kept, because operators and tools compare the lines, and is not listened on.
 */

export interface ServerAddress {
  readonly host: string;
  readonly peerPort: number;
  readonly electionPort: number;
}

export type ServerRole = "participant" | "observer";

export interface ServerLine {
  readonly id: number;
  readonly addresses: readonly ServerAddress[];
  readonly role: ServerRole;
  /** What the line says about clients: `;[host:]port`. */
  readonly client: { readonly host: string; readonly port: number } | undefined;
  /** The value as it was written. */
  readonly text: string;
}

/** Why a line cannot be taken, and how far into the value the reason stands. */
export interface ServerProblem {
  readonly problem: string;
  readonly offset: number;
}

export const SERVER_ID_MAX = 2 ** 31 - 1;
const FORM = "write host:peer-port:election-port[:participant][;[host:]client-port]";

export function parseServerId(text: string): number | undefined {
  const id = /^\d{1,10}$/.test(text) ? Number(text) : -1;
  return id >= 0 && id <= SERVER_ID_MAX ? id : undefined;
}

export function parseServer(id: number, text: string): ServerLine | ServerProblem {
  const [servers = "", client, ...more] = text.split(";");
  if (more.length > 0) return { problem: `has more than one ";"; ${FORM}`, offset: 0 };
  const addresses: ServerAddress[] = [];
  let role: ServerRole | undefined;
  let offset = 0;
  for (const part of servers.split("|")) {
    const parsed = parseAddressPart(part);
    if ("problem" in parsed) return { problem: parsed.problem, offset: offset + parsed.offset };
    if (role !== undefined && parsed.role !== undefined && parsed.role !== role) {
      return { problem: "gives one server two roles; write the same one everywhere", offset };
    }
    role ??= parsed.role;
    addresses.push(parsed.address);
    offset += part.length + 1;
  }
  const clientAt = servers.length + 1;
  const clientAddress = client === undefined ? undefined : parseClient(client);
  if (clientAddress !== undefined && "problem" in clientAddress) {
    return { problem: clientAddress.problem, offset: clientAt };
  }
  return { id, addresses, role: role ?? "participant", client: clientAddress, text };
}

/** As ZooKeeper writes it, in `conf` and in /zookeeper/config: with the role, and a host for clients. */
export function formatServer({
  addresses,
  role,
  client,
}: Pick<ServerLine, "addresses" | "role" | "client">): string {
  const bracketed = (host: string): string => (host.includes(":") ? `[${host}]` : host);
  const servers = addresses.map(
    ({ host, peerPort, electionPort }) => `${bracketed(host)}:${peerPort}:${electionPort}`,
  );
  const clients = client === undefined ? "" : `;${bracketed(client.host)}:${client.port}`;
  return `${servers.join("|")}:${role}${clients}`;
}

function parseAddressPart(
  text: string,
): { address: ServerAddress; role: ServerRole | undefined } | ServerProblem {
  const split = splitHost(text.trim());
  if (split === undefined) return { problem: `has "[" without "]"; ${FORM}`, offset: 0 };
  const [peer, election, role, ...more] = split.rest;
  if (split.host === "") return { problem: `names no host; ${FORM}`, offset: 0 };
  if (peer === undefined || election === undefined || more.length > 0) {
    return { problem: `does not have two ports; ${FORM}`, offset: 0 };
  }
  const peerPort = parsePort(peer);
  const electionPort = parsePort(election);
  if (peerPort === undefined) return portProblem(peer, text);
  if (electionPort === undefined) return portProblem(election, text);
  if (peerPort === electionPort) {
    return { problem: "uses one port twice; peer and election port must differ", offset: 0 };
  }
  const meant = role?.trim().toLowerCase();
  if (meant !== undefined && meant !== "participant" && meant !== "observer") {
    const offset = text.length - (role?.length ?? 0);
    return { problem: `has the role "${role}"; write participant or observer`, offset };
  }
  return { address: { host: split.host, peerPort, electionPort }, role: meant };
}

function parseClient(text: string): { host: string; port: number } | { problem: string } {
  const split = splitHost(text.trim());
  if (split === undefined) return { problem: `has "[" without "]"; write ;[host:]port` };
  const [host, portText, ...more] =
    split.rest.length === 0 ? ["0.0.0.0", split.host] : [split.host, ...split.rest];
  const port = parsePort(portText ?? "");
  if (port === undefined || host === "" || host === undefined || more.length > 0) {
    return { problem: `has the client address "${text}"; write ;[host:]port` };
  }
  return { host, port };
}

/** The host, without its brackets, and what follows between colons. */
function splitHost(text: string): { host: string; rest: string[] } | undefined {
  if (!text.startsWith("[")) {
    const [host = "", ...rest] = text.split(":");
    return { host, rest };
  }
  const end = text.indexOf("]");
  if (end < 0) return undefined;
  const rest = text.slice(end + 1);
  return { host: text.slice(1, end), rest: rest === "" ? [] : rest.slice(1).split(":") };
}

export function parsePort(text: string): number | undefined {
  const port = /^\d{1,5}$/.test(text.trim()) ? Number(text) : 0;
  return port >= 1 && port <= 65_535 ? port : undefined;
}

function portProblem(port: string, text: string): ServerProblem {
  const problem = `has the port "${port}"; write a number from 1 to 65535`;
  return { problem, offset: Math.max(0, text.indexOf(port)) };
}
