/** A member of the simulated ensemble: the production replica in the production loop, with a ledger as its machine. */
import { present, unreachable } from "../../../cluster/base/assert.ts";
import { ClusterError } from "../../../cluster/base/error.ts";
import { type PeerName, peerName } from "../../../cluster/base/ids.ts";
import { randomU32 } from "../../../cluster/base/prng.ts";
import type { Persist, Tick } from "../../../cluster/runtime/core.ts";
import { Loop } from "../../../cluster/runtime/loop.ts";
import type { Outgoing, Received } from "../../../cluster/runtime/transport.ts";
import {
  type ConsensusMessage,
  type ConsensusRules,
  createConsensus,
  type NodeId,
} from "../../../monitor/consensus/state.ts";
import { CONSENSUS_MESSAGES } from "../../../monitor/message/consensus.ts";
import { recoverReplica } from "../../../monitor/replica/recover.ts";
import {
  createReplica,
  isLeader,
  type ReplicaEffect,
  type ReplicaEvent,
  type ReplicaState,
  stepReplica,
  submitEntry,
} from "../../../monitor/replica/replica.ts";
import { rowsOf } from "../../../monitor/replica/rows.ts";
import { sendRows } from "../../../monitor/replica/transfer.ts";
import type { SimEnv } from "../process.ts";
import { Ledger, type LedgerRules, type LedgerWatch, READER } from "./ledger.ts";
import type { Entry, LedgerMessage } from "./messages.ts";
import type { Testimony } from "./testimony.ts";

const QUEUE_CAPACITY = 100_000;
const ENTRY_BYTES = 12;

export type Rules = Partial<ConsensusRules> & Partial<LedgerRules>;

export interface Member {
  readonly replica: ReplicaState<Entry>;
  readonly ledger: Ledger;
}

interface Call {
  readonly type: "call";
  readonly message: LedgerMessage;
  readonly resolve: (place: number | undefined) => void;
}

type Event = ReplicaEvent | Call;
type Effect = ReplicaEffect | { readonly type: "resolve"; readonly resolve: () => void };

export async function bootMember(
  env: SimEnv<LedgerMessage>,
  options: {
    readonly self: NodeId;
    readonly members: readonly NodeId[];
    readonly rules: Rules;
    readonly logSlotsKept: number;
    readonly testimony: Testimony;
    readonly watch: LedgerWatch;
  },
): Promise<Member> {
  const { store, clock, prng } = env;
  const ledger = new Ledger({ prefixOrder: true, ...options.rules }, options.watch);
  const recovered = await recoverReplica(store, ledger);
  options.testimony.recovered(recovered.consensus);
  for (const generation of recovered.staleGenerations) await drop(generation);
  const consensus = createConsensus({
    ...options,
    recovered: recovered.consensus,
    life: 1 + randomU32(prng),
    seed: randomU32(prng),
    freshEnsemble: 1 + randomU32(prng),
    nowMs: clock.nowMs(),
  });
  const wallOffsetMs = clock.wallMs() - clock.nowMs();
  const replica = createReplica({
    ...recovered,
    consensus,
    machine: ledger,
    wallOffsetMs,
    logSlotsKept: options.logSlotsKept,
    nowMs: clock.nowMs(),
  });
  /** Calls that wait until the state as of some moment is chosen. */
  let waiting: { isDone: () => number | undefined; resolve: Call["resolve"]; epoch: number }[] = [];
  /** By session the latest request that was taken in this leadership. */
  const taken = new Map<number, number>();
  let epochOfTaken = 0;
  const rowCalls = new Map<number, (ok: boolean) => void>();
  let lastCall = 0;

  async function drop(generation: number): Promise<void> {
    for await (const [key] of store.iterate(rowsOf(generation))) {
      await store.batch([{ type: "delete", key }], { durable: false });
    }
  }

  function step(_: undefined, event: Event | Tick, nowMs: number): (Effect | Persist<Effect>)[] {
    const out: (Effect | Persist<Effect>)[] = [];
    if (event.type === "call") called(event, out);
    else out.push(...stepReplica(replica, event, nowMs));
    answer(out);
    return out;
  }

  function called({ message, resolve }: Call, out: (Effect | Persist<Effect>)[]): void {
    if (!isLeader(replica)) {
      out.push({ type: "resolve", resolve: () => resolve(undefined) });
      return;
    }
    const { epoch } = replica;
    if (message.type === "enter") {
      if (!isNext(message)) {
        out.push({ type: "resolve", resolve: () => resolve(undefined) });
        return;
      }
      submitEntry(replica, { entry: message, bytes: ENTRY_BYTES }, out);
      const isDone = () => ledger.placeOf(message);
      waiting.push({ isDone, resolve, epoch });
      return;
    }
    // A read is an entry that changes nothing: when it is applied, so is all that was chosen before the call.
    submitEntry(replica, { entry: READER, bytes: ENTRY_BYTES }, out);
    const { last } = replica.consensus.log;
    const isDone = () => (replica.applied > last ? ledger.entries.length : undefined);
    waiting.push({ isDone, resolve, epoch });
  }

  /** A session's requests are taken in their order: one is refused that comes before the one that it follows. */
  function isNext({ session, request }: Entry): boolean {
    if (epochOfTaken !== replica.epoch) taken.clear();
    epochOfTaken = replica.epoch;
    const known = Math.max(ledger.latest.get(session) ?? 0, taken.get(session) ?? 0);
    if (request > known + 1) return false;
    taken.set(session, Math.max(known, request));
    return true;
  }

  /** What is applied may be told: a majority has it on disk. */
  function answer(out: (Effect | Persist<Effect>)[]): void {
    if (waiting.length === 0) return;
    waiting = waiting.filter(({ isDone, resolve, epoch }) => {
      const place = replica.epoch === epoch ? isDone() : undefined;
      if (place === undefined && replica.epoch === epoch) return true;
      out.push({ type: "resolve", resolve: () => resolve(place) });
      return false;
    });
  }

  function perform(effect: Effect): void {
    switch (effect.type) {
      case "send":
        options.testimony.said(effect.message);
        transport.send(nameOf(effect.to), effect);
        break;
      case "durable":
        submit(effect);
        break;
      case "flushSoon":
        submit({ type: "flush" });
        break;
      case "transfer":
        void transferTo(effect.node);
        break;
      case "rowsTaken":
        rowCalls.get(effect.call)?.(effect.ok);
        rowCalls.delete(effect.call);
        break;
      case "dropRows":
        drop(effect.generation).catch(env.exit);
        break;
      case "log":
        env.log[effect.level](effect.message, effect.fields);
        break;
      case "fatal":
        throw new Error(effect.reason);
      case "resolve":
        effect.resolve();
        break;
      default:
        unreachable(effect, "an effect");
    }
  }

  function submit(event: Event): void {
    if (!loop.submit(event)) env.log.warn("the queue is full, or the loop has ended");
  }

  async function transferTo(node: NodeId): Promise<void> {
    // The iterator is of now; what is checkpointed while it is read is not in it.
    const slot = replica.consensus.rowsSlot;
    try {
      const ok = await sendRows<LedgerMessage>({
        store,
        range: rowsOf(replica.generation),
        transport,
        peer: nameOf(node),
        transfer: 1 + randomU32(prng),
        message: (part) => part,
        isTaken: (message) => message.type === "rowsTaken" && message.ok,
        log: env.log,
      });
      submit({ type: "transferEnded", node, slot: ok ? slot : undefined });
    } catch (error) {
      env.exit(error);
    }
  }

  function place(message: LedgerMessage): Promise<Outgoing<LedgerMessage>> {
    return new Promise((resolve, reject) => {
      const refuse = (): void => reject(new ClusterError("REMOTE_FAILED", "not the leader"));
      const answered = (found: number | undefined): void => {
        if (found === undefined) refuse();
        else resolve({ message: { type: "place", place: found } });
      };
      if (!loop.submit({ type: "call", message, resolve: answered })) refuse();
    });
  }

  function takeRows(
    from: NodeId,
    message: LedgerMessage & { type: "rows" },
    payload: Uint8Array,
  ): Promise<Outgoing<LedgerMessage>> {
    return new Promise((resolve) => {
      lastCall += 1;
      const call = lastCall;
      rowCalls.set(call, (ok) => resolve({ message: { type: "rowsTaken", ok } }));
      submit({ ...message, type: "rowsReceived", from, payload, call });
    });
  }

  const transport = env.attach({
    receive({ from, message, payload }: Received<LedgerMessage>) {
      if (!isConsensus(message)) return;
      submit({ type: "received", from: nodeOf(from), message, payload });
    },
    answer: ({ from, message, payload }) =>
      message.type === "rows" ? takeRows(nodeOf(from), message, payload) : place(message),
    connectionChanged(peer, isUp) {
      if (peer.startsWith("mon.")) submit({ type: "linkChanged", node: nodeOf(peer), isUp });
    },
  });
  const loop = new Loop<undefined, Event, Effect>({
    state: undefined,
    step,
    perform,
    store,
    clock,
    fail: env.exit,
    queueCapacity: QUEUE_CAPACITY,
  });
  for (const node of consensus.others) transport.route(nameOf(node), nameOf(node));
  loop.start();
  return { replica, ledger };
}

export function nameOf(node: NodeId): PeerName {
  return peerName(`mon.${node}`);
}

function nodeOf(name: PeerName): NodeId {
  return Number(present(name.split(".")[1], "a member's number"));
}

function isConsensus(message: LedgerMessage): message is ConsensusMessage {
  return message.type in CONSENSUS_MESSAGES;
}
