/** The four-letter words that list connections, sessions and watches. */
import { OPCODES } from "../../cluster/zookeeper/op-codes.ts";
import { ephemeralsOf } from "../tree/ephemerals.ts";
import { splitAddress } from "./credentials.ts";
import { javaDate, javaHex } from "./java-text.ts";
import { averageMs } from "./latency.ts";
import type { Client, ServerState } from "./server-state.ts";
import type { WordFacts } from "./word-facts.ts";
import type { WordText } from "./word-text.ts";

/** What ZooKeeper calls the last operation of a connection. */
const OP_LABELS: ReadonlyMap<number, string> = new Map([
  [OPCODES.create, "CREA"],
  [OPCODES.create2, "CREA"],
  [OPCODES.createContainer, "CREA"],
  [OPCODES.createTTL, "CREA"],
  [OPCODES.delete, "DELE"],
  [OPCODES.exists, "EXIS"],
  [OPCODES.getData, "GETD"],
  [OPCODES.setData, "SETD"],
  [OPCODES.getACL, "GETA"],
  [OPCODES.setACL, "SETA"],
  [OPCODES.getChildren, "GETC"],
  [OPCODES.getChildren2, "GETC"],
  [OPCODES.sync, "SYNC"],
  [OPCODES.ping, "PING"],
  [OPCODES.check, "CHEC"],
  [OPCODES.multi, "MULT"],
  [OPCODES.multiRead, "MLTR"],
  [OPCODES.reconfig, "RECO"],
  [OPCODES.checkWatches, "CHKW"],
  [OPCODES.removeWatches, "REMW"],
  [OPCODES.setWatches, "SETW"],
  [OPCODES.setWatches2, "STW2"],
  [OPCODES.addWatch, "ADDW"],
  [OPCODES.whoAmI, "HOMI"],
  [OPCODES.getEphemerals, "GETE"],
  [OPCODES.getAllChildrenNumber, "GETACN"],
  [OPCODES.closeSession, "CLOS"],
]);

/** Added to a time of the core to have one since 1970. */
export interface Moment {
  readonly nowMs: number;
  readonly wallMs: number;
}

export function listConnections(
  text: WordText,
  state: ServerState,
  { isBrief, moment }: { readonly isBrief: boolean; readonly moment: Moment },
): void {
  for (const client of state.clients.values()) {
    if (text.isCut) return;
    text.line(`${briefly(state, client)}${isBrief ? "" : details(client, moment)})`);
  }
}

function briefly({ limits }: ServerState, client: Client): string {
  const { counts, requests, unsentBytes } = client;
  const reading = client.isPaused || client.phase === "new" ? 0 : 1;
  const interest = reading + (unsentBytes >= limits.outputBytesPaused ? 4 : 0);
  return (
    ` ${javaAddress(client.address)}[${interest}]` +
    `(queued=${requests.length},recved=${counts.received},sent=${counts.sent}`
  );
}

function details(client: Client, { nowMs, wallMs }: Moment): string {
  const { counts } = client;
  if (client.session === 0) return "";
  const established = Math.floor(wallMs - nowMs + client.openedMs);
  const lastXid = counts.lastXid >= 0 ? `,lcxid=0x${javaHex(counts.lastXid)}` : "";
  return (
    `,sid=0x${javaHex(client.session)},lop=${OP_LABELS.get(counts.lastOp) ?? "NA"}` +
    `,est=${established},to=${client.timeoutMs}${lastXid}` +
    `,lzxid=0x${javaHex(counts.lastZxid)},lresp=${Math.floor(counts.lastAnsweredMs)}` +
    `,llat=${Math.floor(counts.lastLatencyMs)},minlat=${Math.floor(counts.latency.minMs)}` +
    `,avglat=${Math.floor(averageMs(counts.latency))},maxlat=${Math.floor(counts.latency.maxMs)}`
  );
}

export function javaAddress(address: string): string {
  const { host, port } = splitAddress(address);
  return host.includes(":") ? `/[${host}]:${port}` : `/${host}:${port}`;
}

export function dumpSessions(
  text: WordText,
  state: ServerState,
  { facts, moment }: { readonly facts: WordFacts; readonly moment: Moment },
): void {
  text.line("SessionTracker dump:");
  if (facts.leader === undefined) listTimeouts(text, state);
  else {
    const prefix = facts.mode === "standalone" ? "" : "Global ";
    const members = facts.leader.deadlines.map(({ session, deadlineMs }) => ({
      label: `0x${javaHex(session)}`,
      deadlineMs,
    }));
    listDeadlines(text, { title: `${prefix}Session`, members, moment });
  }
  text.line("ephemeral nodes dump:");
  dumpEphemerals(text, state);
  text.line("Connections dump:");
  const members = [...state.clients.values()].map((client) => ({
    label: `ip: ${javaAddress(client.address)} sessionId: 0x${javaHex(client.session)}`,
    deadlineMs: client.lastHeardMs + Math.max(client.timeoutMs, 1),
  }));
  members.sort((left, right) => left.deadlineMs - right.deadlineMs);
  listDeadlines(text, { title: "Connections", members, moment });
}

/** Who only follows knows the sessions, but not until when the leader waits for them. */
function listTimeouts(text: WordText, { tree }: ServerState): void {
  text.line(`Global Sessions(${tree.sessions.count}):`);
  for (const { id, timeoutMs } of tree.sessions.all()) {
    if (text.isCut) return;
    text.line(`0x${javaHex(id)}\t${timeoutMs}ms`);
  }
}

/** Grouped by the second, as ZooKeeper groups them by its tick. */
function listDeadlines(
  text: WordText,
  {
    title,
    members,
    moment,
  }: {
    readonly title: string;
    readonly members: readonly { readonly label: string; readonly deadlineMs: number }[];
    readonly moment: Moment;
  },
): void {
  const sets = new Map<number, string[]>();
  for (const { label, deadlineMs } of members) {
    const second = Math.ceil((moment.wallMs - moment.nowMs + deadlineMs) / 1000);
    const set = sets.get(second);
    if (set === undefined) sets.set(second, [label]);
    else set.push(label);
  }
  text.line(`${title} Sets (${sets.size})/(${members.length}):`);
  for (const [second, labels] of sets) {
    text.line(`${labels.length} expire at ${javaDate(second * 1000)}:`);
    for (const label of labels) {
      if (text.isCut) return;
      text.line(`\t${label}`);
    }
  }
}

function dumpEphemerals(text: WordText, { tree }: ServerState): void {
  const owners = [...tree.sessions.all()].filter(({ ephemerals }) => ephemerals.size > 0);
  text.line(`Sessions with Ephemerals (${owners.length}):`);
  for (const session of owners) {
    text.line(`0x${javaHex(session.id)}:`);
    for (const id of ephemeralsOf(tree, session)) {
      if (text.isCut) return;
      text.line(`\t${tree.znodes.pathOf(id)}`);
    }
  }
}

/** Of the data watches, as in ZooKeeper, whose words do not know of the others. */
export function summarizeWatches(text: WordText, { watches }: ServerState): void {
  const { connectionCount, pathCount, size } = watches.data;
  text.line(`${connectionCount} connections watching ${pathCount} paths`);
  text.line(`Total watches:${size}`);
}

export function listWatchesByPath(text: WordText, state: ServerState): void {
  for (const path of state.watches.data.paths()) {
    if (text.isCut) return;
    text.line(path);
    for (const id of state.watches.data.connectionsOf(path)) {
      text.line(`\t0x${javaHex(state.clients.get(id)?.session ?? 0)}`);
    }
  }
}

export function listWatchesByConnection(text: WordText, state: ServerState): void {
  for (const id of state.watches.data.connections()) {
    text.line(`0x${javaHex(state.clients.get(id)?.session ?? 0)}`);
    for (const path of state.watches.data.pathsOf(id)) {
      if (text.isCut) return;
      text.line(`\t${path}`);
    }
  }
}
