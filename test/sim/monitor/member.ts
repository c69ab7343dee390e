/** A whole monitor of a simulation: the production shell, client port and sealed store, in a simulated process. */
import { present } from "../../../cluster/base/assert.ts";
import { utf8 } from "../../../cluster/base/bytes.ts";
import type { Clock } from "../../../cluster/base/clock.ts";
import { randomBytes, randomInt } from "../../../cluster/base/prng.ts";
import { openSealedStore } from "../../../cluster/kv/sealed-store.ts";
import type { Transport } from "../../../cluster/runtime/transport.ts";
import type { NodeId, Recovered } from "../../../monitor/consensus/state.ts";
import type { MonitorMessage } from "../../../monitor/message/registry.ts";
import { Monitor, type MonitorOptions, nameOf, REJOIN } from "../../../monitor/monitor.ts";
import type { MonitorState } from "../../../monitor/monitor-state.ts";
import { ClientPort } from "../../../monitor/port/client-port.ts";
import type { ServerState } from "../../../monitor/zookeeper/server-state.ts";
import type { Testimony } from "../consensus/testimony.ts";
import type { SimEnv } from "../process.ts";
import type { Journal } from "./journal.ts";

export type Rules = NonNullable<MonitorOptions["rules"]>;

export const CLIENT_PORT = 2181;
/** Short, so that sessions end within a simulation; a third of it is longer than an election takes. */
export const MIN_SESSION_TIMEOUT_MS = 1_500;
export const MAX_SESSION_TIMEOUT_MS = 6_000;
const RANDOM_BOUND = 2 ** 52;

export interface Member {
  readonly monitor: Monitor;
  readonly state: MonitorState;
  readonly server: ServerState;
  readonly clock: Clock;
}

export interface MemberOptions {
  readonly self: NodeId;
  readonly members: readonly NodeId[];
  readonly journal: Journal;
  readonly rules: Rules;
  readonly logSlotsKept?: number;
  readonly minSessionTimeoutMs?: number;
  readonly testimony?: Testimony;
}

export async function bootMember(
  env: SimEnv<MonitorMessage>,
  { self, members, journal, rules, logSlotsKept, testimony, ...rest }: MemberOptions,
): Promise<Member> {
  const store = await openSealedStore(env.store, { name: `${env.name}'s store`, remedy: REJOIN });
  let transport: Transport<MonitorMessage> | undefined;
  let port: ClientPort | undefined;
  const monitor = await Monitor.start({
    self,
    members,
    store,
    clock: env.clock,
    log: env.log,
    randomNumber: () => 1 + randomInt(env.prng, RANDOM_BOUND),
    attach: (handler) => {
      transport = heardBy(testimony, env.attach(handler));
      return transport;
    },
    performClient: (effect) => port?.perform(effect),
    server: {
      minSessionTimeoutMs: rest.minSessionTimeoutMs ?? MIN_SESSION_TIMEOUT_MS,
      maxSessionTimeoutMs: MAX_SESSION_TIMEOUT_MS,
      wordsWhitelist: new Set(),
    },
    settings: {
      superDigest: "",
      skipAcl: false,
      extendedTypes: true,
      ipv6Acls: true,
      config: utf8("simulated"),
    },
    fail: env.exit,
    rules,
    ...(logSlotsKept !== undefined && { logSlotsKept }),
  });
  testimony?.recovered(recoveredOf(monitor.state));
  journal.follow(env.name, monitor.state);
  const others = members.filter((member) => member !== self);
  for (const other of others) {
    present(transport, "the transport").route(nameOf(other), nameOf(other));
  }
  port = new ClientPort({
    network: env.streams,
    clock: env.clock,
    log: env.log,
    juteMaxBuffer: 0xfffff,
    connectionsPerAddressMax: 0,
    connectionsMax: 0,
    submit: (event) => monitor.submit(event),
    room: () => monitor.room(),
    facts: () => {
      throw new Error("no client of a simulation asks in words");
    },
    randomBytes: (size) => randomBytes(env.prng, size),
  });
  await port.listen(addressOf(self));
  const { state } = monitor;
  return { monitor, state, server: state.server, clock: env.clock };
}

/** Before a first event is stepped, the state is what the disk held. */
function recoveredOf({ replica }: MonitorState): Recovered {
  const { log, promise } = replica.consensus;
  const last = log.entry(log.last);
  return {
    identity: undefined,
    promise,
    applied: replica.applied,
    entries: last === undefined ? [] : [{ slot: log.last, entry: last }],
  };
}

function heardBy(
  testimony: Testimony | undefined,
  transport: Transport<MonitorMessage>,
): Transport<MonitorMessage> {
  return {
    self: transport.self,
    route: (peer, address) => transport.route(peer, address),
    request: (peer, outgoing, options) => transport.request(peer, outgoing, options),
    close: (graceMs) => transport.close(graceMs),
    send(peer, outgoing) {
      const { message } = outgoing;
      if (message.type === "promised" || message.type === "accepted") testimony?.said(message);
      return transport.send(peer, outgoing);
    },
  };
}

export function addressOf(node: NodeId): string {
  return `${nameOf(node)}:${CLIENT_PORT}`;
}
