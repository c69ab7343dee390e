/**
 * Carries out a script on a server and writes down what is seen. After each step every session
 * pings until its server has made the last change that any of them was told of: whatever that made
 * the server tell them has arrived before that answer, so it always stands in the same step. The
 * answers to these pings are left out. (A sync would say the same in one request, but an ensemble of
 * Apache's leaves one in some thousands unanswered.)
 */
import { present } from "../../../cluster/base/assert.ts";
import { utf8 } from "../../../cluster/base/bytes.ts";
import { decode, encode } from "../../../cluster/wire/codec.ts";
import { OPEN_ACL } from "../../../cluster/zookeeper/acl.ts";
import {
  createRequest,
  getChildrenResponse,
  getDataRequest,
} from "../../../cluster/zookeeper/node-records.ts";
import { OPCODES } from "../../../cluster/zookeeper/op-codes.ts";
import { childPath } from "../../../cluster/zookeeper/path.ts";
import { authPacket, type ConnectResponse } from "../../../cluster/zookeeper/session-records.ts";
import {
  type Arrival,
  type ConnectOptions,
  connectRaw,
  OWN_PING,
  type RawReply,
  type RawRequest,
  type RawSession,
  type SessionTicket,
} from "./raw-session.ts";
import { type Ensemble, SUPER_CREDENTIALS } from "./reference-ensemble.ts";
import { type Script, type Step, toRaw } from "./script.ts";
import { KELP } from "./server-kind.ts";
import { Normaliser, type Transcript } from "./transcript.ts";

export interface Target {
  readonly name: string;
  /** Client ports of the servers, which sessions are spread over. */
  readonly ports: readonly number[];
  /** See ConnectOptions. Never of Kelp: what it keeps waiting is a disagreement. */
  readonly nudgeMs?: number;
}

const NUDGE_MS = 500;

export function targetOf({ kind, members }: Ensemble): Target {
  const ports = members.map(({ clientPort }) => clientPort);
  return { name: kind.name, ports, ...(kind !== KELP && { nudgeMs: NUDGE_MS }) };
}

interface Slot {
  readonly number: number;
  readonly ticket: SessionTicket;
  readonly port: number;
  raw: RawSession;
}

/** How far behind another a server may be. */
const CATCH_UP_MS_MAX = 15_000;

const CLOSE: RawRequest = { type: OPCODES.closeSession, body: new Uint8Array(0) };
/** Also in the tree that is compared at the end. */
const SERVERS_NODES = ["/", "/zookeeper", "/zookeeper/quota"];

/** Runs with the same number see the same names; one number is used once on each server. */
export async function runScript(
  target: Target,
  script: Script,
  runNumber: number,
): Promise<Transcript> {
  const root = `/run${runNumber}`;
  const keeper = await connectTo(target, { port: present(target.ports[0], "a port") });
  const body = encode(createRequest, { path: root, data: utf8(""), acl: OPEN_ACL, flags: 0 });
  const created = await ask(keeper, { type: OPCODES.create, body });
  if (created.err !== 0) throw new Error(`${target.name} did not create ${root}: ${created.err}`);
  const run = new Run(target, { keeper, root, baseZxid: created.zxid });
  const transcript: string[][] = [];
  try {
    for (const step of script) transcript.push(await run.step(step));
    transcript.push(await run.tree());
    return transcript;
  } finally {
    await run.end();
  }
}

class Run {
  readonly #target: Target;
  readonly #keeper: RawSession;
  readonly #root: string;
  readonly #normaliser: Normaliser;
  readonly #slots = new Map<number, Slot>();
  #sessionCount = 0;
  /** The last change that any session was told of, also one that has ended. */
  #newestZxid = 0;
  #lines: string[] = [];

  constructor(
    target: Target,
    options: { readonly keeper: RawSession; readonly root: string; readonly baseZxid: number },
  ) {
    this.#target = target;
    this.#keeper = options.keeper;
    this.#root = options.root;
    this.#normaliser = new Normaliser(options);
  }

  async step(step: Step): Promise<string[]> {
    this.#lines = [];
    const slot = await this.#ready(step.session);
    if (step.act === "send") {
      slot.raw.send(this.#requestsOf(step, slot));
      await slot.raw.answered();
      if (slot.raw.isRefused) await slot.raw.closed();
    } else if (step.act === "reconnect") {
      await this.#reconnect(slot);
      if (step.requests.length > 0) slot.raw.send(this.#requestsOf(step, slot));
      await slot.raw.answered();
    } else if (step.act === "intrude") {
      await this.#intrude(slot);
    } else {
      await this.#close(step.session, slot);
    }
    await this.#gather(step.act === "close");
    return this.#lines;
  }

  /** All nodes, as somebody sees them who may see everything. */
  async tree(): Promise<string[]> {
    this.#lines = [];
    const secret = encode(authPacket, { type: 0, scheme: "digest", auth: utf8(SUPER_CREDENTIALS) });
    await ask(this.#keeper, { type: OPCODES.auth, body: secret });
    for (const path of SERVERS_NODES) await this.#node(path);
    const paths = [this.#root];
    for (let path = paths.pop(); path !== undefined; path = paths.pop()) {
      const parent = path;
      const children = await this.#node(parent);
      paths.push(...children.toSorted().map((name) => childPath(parent, name)));
    }
    return this.#lines;
  }

  async end(): Promise<void> {
    // A session whose connection is gone would expire in the middle of a later run.
    for (const slot of this.#slots.values()) if (slot.raw.isClosed) await this.#reconnect(slot);
    for (const raw of [...[...this.#slots.values()].map((slot) => slot.raw), this.#keeper]) {
      if (raw.isClosed) continue;
      raw.send([CLOSE]);
      await raw.closed();
    }
  }

  #requestsOf(step: Step & { act: "send" | "reconnect" }, slot: Slot): RawRequest[] {
    return step.requests.map((request) => toRaw(request, this.#root, slot.raw.lastZxid));
  }

  async #ready(session: number): Promise<Slot> {
    const slot = this.#slots.get(session);
    if (slot === undefined) return this.#open(session);
    if (!slot.raw.isClosed) return slot;
    await this.#reconnect(slot);
    return slot.raw.isClosed ? this.#open(session) : slot;
  }

  async #open(session: number): Promise<Slot> {
    const { ports } = this.#target;
    const port = present(ports[session % ports.length], "a port");
    const raw = await connectTo(this.#target, { port });
    if (raw.answer === undefined) throw new Error(`${this.#target.name} gave no session`);
    this.#sessionCount += 1;
    this.#normaliser.nameSession(raw.ticket.id, `session ${session + 1} (${this.#sessionCount})`);
    const slot = { number: session, ticket: raw.ticket, port, raw };
    this.#slots.set(session, slot);
    this.#note(session, `began: ${describeAnswer(raw.answer)}`);
    return slot;
  }

  async #reconnect(slot: Slot): Promise<void> {
    const { port, ticket, raw } = slot;
    await raw.drop();
    slot.raw = await connectTo(this.#target, {
      port,
      ticket,
      lastZxidSeen: raw.lastZxid,
    });
    this.#note(slot.number, `came back: ${describeAnswer(slot.raw.answer, ticket)}`);
  }

  /**
   * Whether the session's own connection outlives the attempt is not compared: Apache ZooKeeper
   * ends it before it looks at the password, which helps nobody but the intruder.
   */
  async #intrude(slot: Slot): Promise<void> {
    const { port, ticket, raw } = slot;
    const intruder = await connectTo(this.#target, {
      port,
      ticket: { id: ticket.id, password: ticket.password.map((byte) => byte ^ 1) },
    });
    this.#note(slot.number, `intruder: ${describeAnswer(intruder.answer, ticket)}`);
    await intruder.closed();
    await raw.drop();
    slot.raw = await connectTo(this.#target, {
      port,
      ticket,
      lastZxidSeen: raw.lastZxid,
    });
    this.#note(slot.number, `came back: ${describeAnswer(slot.raw.answer, ticket)}`);
  }

  async #close(session: number, slot: Slot): Promise<void> {
    slot.raw.send([CLOSE]);
    await slot.raw.closed();
    this.#newestZxid = Math.max(this.#newestZxid, slot.raw.lastZxid);
    this.#noteArrivals(session, slot.raw.takeArrivals(), true);
    this.#slots.delete(session);
  }

  /** What every session has been told by now. */
  async #gather(endsSession: boolean): Promise<void> {
    const slots = [...this.#slots].toSorted(([left], [right]) => left - right);
    const sessions = [this.#keeper, ...slots.map(([, { raw }]) => raw)];
    this.#newestZxid = Math.max(this.#newestZxid, ...sessions.map(({ lastZxid }) => lastZxid));
    await Promise.all(sessions.map((raw) => pingUntil(raw, this.#newestZxid)));
    this.#keeper.takeArrivals();
    for (const [session, { raw }] of slots) {
      const arrivals = raw.takeArrivals().filter((arrival) => !isOwnPing(arrival));
      this.#noteArrivals(session, arrivals, endsSession);
    }
  }

  /**
   * In what order the nodes of a session go that ends is the server's business, and so is the order
   * of the events about it.
   */
  #noteArrivals(session: number, arrivals: readonly Arrival[], endsSession: boolean): void {
    const isBurst = arrivals.filter(({ kind }) => kind === "reply").length > 1;
    const events: string[] = [];
    const flush = (): void => {
      for (const line of events.splice(0).toSorted()) this.#note(session, line);
    };
    for (const arrival of arrivals) {
      const line = this.#normaliser.line(arrival, isBurst);
      if (endsSession && arrival.kind === "event") {
        events.push(line);
      } else {
        flush();
        this.#note(session, line);
      }
    }
    flush();
  }

  #note(session: number, line: string): void {
    this.#lines.push(`session ${session + 1}: ${line}`);
  }

  async #node(path: string): Promise<string[]> {
    const body = encode(getDataRequest, { path, watch: false });
    const requests = [
      OPCODES.getData,
      OPCODES.getACL,
      OPCODES.getChildren2,
      OPCODES.getChildren,
    ].map((type) => ({ type, body: type === OPCODES.getACL ? body.subarray(0, -1) : body }));
    this.#keeper.takeArrivals();
    this.#keeper.send(requests);
    await this.#keeper.answered();
    const arrivals = this.#keeper.takeArrivals().filter((arrival) => !isOwnPing(arrival));
    const names = arrivals.at(-1);
    const shown = this.#normaliser.path(path);
    for (const arrival of arrivals.slice(0, -1)) {
      this.#lines.push(`${shown}: ${this.#normaliser.line(arrival)}`);
    }
    if (names?.kind !== "reply" || names.err !== 0) return [];
    return [...decode(getChildrenResponse, names.body).children];
  }
}

async function pingUntil(raw: RawSession, zxid: number): Promise<void> {
  const endMs = performance.now() + CATCH_UP_MS_MAX;
  do {
    if (raw.isClosed) return;
    if (performance.now() > endMs) {
      throw new Error(`a server stays at zxid ${raw.lastZxid} while another is at ${zxid}`);
    }
    raw.send([OWN_PING]);
    await raw.answered();
  } while (raw.lastZxid < zxid);
}

function isOwnPing(arrival: Arrival): boolean {
  return arrival.kind === "reply" && arrival.request === OWN_PING;
}

function connectTo({ nudgeMs }: Target, options: ConnectOptions): Promise<RawSession> {
  return connectRaw({ ...options, ...(nudgeMs !== undefined && { nudgeMs }) });
}

async function ask(session: RawSession, request: RawRequest): Promise<RawReply> {
  session.takeArrivals();
  session.send([request]);
  await session.answered();
  const isAnswer = (arrival: Arrival): arrival is RawReply =>
    arrival.kind === "reply" && arrival.request === request;
  const reply = session.takeArrivals().find(isAnswer);
  if (reply === undefined) throw new Error("the connection ended in place of an answer");
  return reply;
}

function describeAnswer(answer: ConnectResponse | undefined, ticket?: SessionTicket): string {
  if (answer === undefined) return "closed without an answer";
  const { protocolVersion, timeOut, sessionId, passwd, readOnly } = answer;
  const id = sessionId === 0n ? "none" : sessionId === ticket?.id ? "the same" : "a new one";
  const password = passwd?.every((byte) => byte === 0) === true ? "zeros" : "given";
  return [
    `version ${protocolVersion}, timeout ${timeOut} ms, session ${id}`,
    `password ${password} of ${passwd?.byteLength} bytes, read-only ${readOnly}`,
  ].join(", ");
}
