/**
 * An ensemble of which every message and every sync is delivered by hand: for tests that say in which order things
 * happen. Messages wait in `wires` until they are delivered (once, twice) or lost; what a member persists waits until
 * `sync`. A crash takes back what was not synced, a wipe the disk too.
 *
 * Every life of a member has a clock of its own, as processes do. What any member holds to be chosen is compared with
 * what all others held, at every step.
 */
import { assert, present } from "../../../cluster/base/assert.ts";
import { textOf, toHex, utf8 } from "../../../cluster/base/bytes.ts";
import type { Write } from "../../../cluster/kv/store.ts";
import type { Persist, Tick } from "../../../cluster/runtime/core.ts";
import { decide, stepConsensus } from "../../../monitor/consensus/consensus.ts";
import {
  IDENTITY_KEY,
  PROMISE_KEY,
  readEntry,
  readIdentity,
  readPromise,
} from "../../../monitor/consensus/keys.ts";
import { propose, requestConfirmation, resign } from "../../../monitor/consensus/leader.ts";
import { installRows, trimLog } from "../../../monitor/consensus/learner.ts";
import {
  type ConsensusEffect,
  type ConsensusEvent,
  type ConsensusMessage,
  type ConsensusRules,
  type ConsensusState,
  createConsensus,
  type NodeId,
} from "../../../monitor/consensus/state.ts";

const LOG_PREFIX = "636c";
const SETTLE_STEPS_MAX = 100_000;

export interface Flight {
  readonly from: NodeId;
  readonly to: NodeId;
  readonly message: ConsensusMessage;
  readonly payload: Uint8Array;
}

/** What a test says of messages: their type, sender, receiver, as far as it matters. */
export interface Which {
  readonly type?: ConsensusMessage["type"];
  readonly from?: NodeId;
  readonly to?: NodeId;
}

interface Host {
  state: ConsensusState;
  isUp: boolean;
  /** What this life's clock shows more than the world's. */
  clockMs: number;
  disk: Map<string, Write & { type: "put" }>;
  rowsSlot: number;
  /** Not durable yet, oldest first. */
  persists: (Persist<ConsensusEffect> & { readonly rowsSlot?: number })[];
  /** Members that this one was told to send its rows to. */
  transfers: NodeId[];
  seen: number;
}

export class Script {
  readonly members: readonly NodeId[];
  readonly wires: Flight[] = [];
  /** Values that two members held to be chosen in one slot, and what else must never be. */
  readonly violations: string[] = [];
  readonly chosen = new Map<number, string>();
  nowMs = 10_000;
  #rules: Partial<ConsensusRules>;
  readonly #absent: readonly NodeId[];
  readonly #hosts = new Map<NodeId, Host>();
  readonly #cutOff = new Set<NodeId>();
  #lives = 0;

  /** `absent`: whom an operator tells the others to form an ensemble without. */
  constructor(
    members: readonly NodeId[],
    rules: Partial<ConsensusRules> = {},
    absent: readonly NodeId[] = [],
  ) {
    this.members = members;
    this.#absent = absent;
    this.#rules = rules;
    for (const node of members) this.#boot(node, undefined);
  }

  /** All are acceptors of one ensemble, and nobody leads. */
  static formed(members: readonly NodeId[], rules: Partial<ConsensusRules> = {}): Script {
    const script = new Script(members, rules);
    script.tickAll();
    script.settle();
    script.greet();
    const standings = members.map((node) => script.state(node).standing);
    assert(
      standings.every((standing) => standing === "acceptor"),
      `formed: ${standings.join(", ")}`,
    );
    return script;
  }

  state(node: NodeId): ConsensusState {
    return this.#host(node).state;
  }

  clockOf(node: NodeId): number {
    return this.nowMs + this.#host(node).clockMs;
  }

  isUp(node: NodeId): boolean {
    return this.#host(node).isUp;
  }

  step(node: NodeId, event: ConsensusEvent | Tick): void {
    const host = this.#host(node);
    if (!host.isUp) return;
    this.#take(node, stepConsensus(host.state, event, this.clockOf(node)));
  }

  tick(node: NodeId, lateMs = 0): void {
    this.step(node, { type: "tick", lateMs });
  }

  tickAll(): void {
    for (const node of this.members) this.tick(node);
  }

  passMs(ms: number): void {
    this.nowMs += ms;
  }

  /** Whatever matches, in the order in which it was sent; it stays where it is. */
  flights({ type, from, to }: Which = {}): Flight[] {
    return this.wires.filter(
      (flight) =>
        (type === undefined || flight.message.type === type) &&
        (from === undefined || flight.from === from) &&
        (to === undefined || flight.to === to),
    );
  }

  /** What it can match arrives now. How many were there is the answer. */
  deliver(which: Which = {}): number {
    const taken = this.lose(which);
    for (const flight of taken) this.arrive(flight);
    return taken.length;
  }

  /** A copy of a message arrives, whatever happened to the first. */
  arrive({ from, to, message, payload }: Flight): void {
    this.step(to, { type: "received", from, message, payload });
  }

  lose(which: Which = {}): Flight[] {
    const lost = this.flights(which);
    for (const flight of lost) this.wires.splice(this.wires.indexOf(flight), 1);
    return lost;
  }

  /** The oldest `count` persists become durable, in order, and what waited for them happens. */
  sync(node: NodeId, count = Number.POSITIVE_INFINITY): void {
    const host = this.#host(node);
    for (let done = 0; done < count && host.isUp; done++) {
      const persist = host.persists.shift();
      if (persist === undefined) return;
      for (const write of persist.writes) {
        if (write.type === "put") host.disk.set(toHex(write.key), write);
        else host.disk.delete(toHex(write.key));
      }
      host.rowsSlot = Math.max(host.rowsSlot, persist.rowsSlot ?? 0);
      this.#take(node, persist.then);
    }
  }

  isSynced(node: NodeId): boolean {
    return this.#host(node).persists.length === 0;
  }

  /** Everything is synced and delivered until nothing is left, except to and from those that are cut off. */
  settle(): void {
    for (let steps = 0; steps < SETTLE_STEPS_MAX; steps++) {
      for (const node of this.members) this.sync(node);
      const next = this.wires.find(
        ({ from, to }) => !this.#cutOff.has(from) && !this.#cutOff.has(to) && this.isUp(to),
      );
      if (next === undefined) return;
      this.wires.splice(this.wires.indexOf(next), 1);
      this.arrive(next);
    }
    throw new Error("the members do not come to rest");
  }

  /** Everybody hears from everybody. */
  greet(): void {
    for (const node of this.members) {
      for (const other of this.members) {
        if (other !== node) this.step(node, { type: "linkChanged", node: other, isUp: true });
      }
    }
    this.settle();
  }

  /** One message, the oldest, and all that was persisted before it. */
  settleOne(): void {
    for (const node of this.members) this.sync(node);
    const next = present(this.wires.shift(), "a message on its way");
    this.arrive(next);
  }

  /** From now on `settle` leaves what is to and from them where it is. */
  cutOff(...nodes: NodeId[]): void {
    for (const node of nodes) this.#cutOff.add(node);
  }

  /** What was held back meanwhile is lost, as with a connection. */
  reconnect(...nodes: NodeId[]): void {
    for (const node of nodes) {
      this.lose({ from: node });
      this.lose({ to: node });
      this.#cutOff.delete(node);
    }
  }

  crash(node: NodeId): void {
    const host = this.#host(node);
    host.isUp = false;
    host.persists = [];
  }

  restart(node: NodeId): void {
    const host = this.#host(node);
    this.crash(node);
    this.#boot(node, host);
  }

  /** For the lives that begin from now on. */
  setRules(rules: Partial<ConsensusRules>): void {
    this.#rules = rules;
  }

  /** Its disk is replaced by an empty one. */
  wipe(node: NodeId): void {
    this.crash(node);
    this.#boot(node, undefined);
  }

  /** Time passes until this one would lead, and everybody helps it. */
  elect(node: NodeId): void {
    for (let tries = 0; tries < 20 && this.state(node).role.type !== "leader"; tries++) {
      this.passMs(1_300);
      this.tick(node);
      this.settle();
    }
    assert(this.state(node).role.type === "leader", `member ${node} leads`);
    // As the replica does: when the first value of a leadership is chosen, so is everything before it.
    this.propose(node, `leader ${node}`);
    this.settle();
  }

  propose(node: NodeId, text: string): number {
    const host = this.#host(node);
    const out: (ConsensusEffect | Persist<ConsensusEffect>)[] = [];
    const slot = propose(host.state, utf8(text), out);
    decide(host.state, out);
    this.#take(node, out);
    return slot;
  }

  resign(node: NodeId): boolean {
    const out: (ConsensusEffect | Persist<ConsensusEffect>)[] = [];
    const isDone = resign(this.state(node), this.clockOf(node), out);
    this.#take(node, out);
    return isDone;
  }

  requestConfirmation(node: NodeId): number {
    const out: (ConsensusEffect | Persist<ConsensusEffect>)[] = [];
    const sequence = requestConfirmation(this.state(node), this.clockOf(node), out);
    this.#take(node, out);
    return sequence;
  }

  /** Heartbeats go round, as often as it takes to be heard by all. */
  heartbeats(rounds = 3): void {
    for (let round = 0; round < rounds; round++) {
      this.passMs(110);
      this.tickAll();
      this.settle();
    }
  }

  /** The rows as of what is chosen are written, and the log up to there is removed. */
  checkpoint(node: NodeId, slot = this.state(node).commit): void {
    const host = this.#host(node);
    const writes = trimLog(host.state, slot);
    host.state.rowsSlot = slot;
    host.persists.push({ type: "persist", writes, then: [], rowsSlot: slot });
  }

  transfersOf(node: NodeId): readonly NodeId[] {
    return this.#host(node).transfers;
  }

  /** The first transfer that this member was told to make ends: with rows as of `slot`, or in failure. */
  endTransfer(from: NodeId, slot: number | undefined): void {
    const source = this.#host(from);
    const to = present(source.transfers.shift(), `a transfer from ${from}`);
    const target = this.#host(to);
    if (slot !== undefined && target.isUp && slot > target.state.commit) {
      const writes = installRows(target.state, slot);
      target.seen = slot;
      target.persists.push({ type: "persist", writes, then: [], rowsSlot: slot });
    }
    this.step(from, { type: "transferEnded", node: to, slot });
  }

  /** Of the log, in order: what is accepted, `text@round`. */
  logOf(node: NodeId): string[] {
    const { log } = this.state(node);
    const entries = log.slice(log.first, log.last, Number.POSITIVE_INFINITY);
    return entries.map(({ round, value }) => `${textOf(value)}@${round}`);
  }

  #host(node: NodeId): Host {
    return present(this.#hosts.get(node), `member ${node}`);
  }

  #boot(node: NodeId, old: Host | undefined): void {
    this.#lives += 1;
    const life = this.#lives;
    // Later lives have clocks that show less: a process counts from its own start.
    const clockMs = 1_000_000 - life * 7_919;
    const state = createConsensus({
      self: node,
      members: this.members,
      life: 1_000 + life,
      seed: life,
      freshEnsemble: 70_000 + life,
      absent: this.#absent.includes(node) ? [] : this.#absent,
      recovered: recovered(old),
      nowMs: this.nowMs + clockMs,
      rules: this.#rules,
    });
    this.#hosts.set(node, {
      state,
      isUp: true,
      clockMs,
      disk: old?.disk ?? new Map(),
      rowsSlot: old?.rowsSlot ?? 0,
      persists: [],
      transfers: [],
      seen: state.commit,
    });
  }

  #take(node: NodeId, effects: readonly (ConsensusEffect | Persist<ConsensusEffect>)[]): void {
    const host = this.#host(node);
    for (const effect of effects) {
      switch (effect.type) {
        case "persist":
          host.persists.push(effect);
          break;
        case "send":
          this.#send(node, effect);
          break;
        case "durable":
          this.step(node, effect);
          break;
        case "transfer":
          host.transfers.push(effect.node);
          break;
        case "log":
          break;
      }
    }
    this.#check(node, host);
  }

  #send(from: NodeId, { to, message, payload = [] }: ConsensusEffect & { type: "send" }): void {
    this.wires.push({ from, to, message, payload: new Uint8Array(Buffer.concat([...payload])) });
  }

  #check(node: NodeId, host: Host): void {
    const { log, commit, backedAtMs } = host.state;
    for (; host.seen < commit; host.seen++) {
      const slot = host.seen + 1;
      const text = textOf(present(log.entry(slot), `slot ${slot} of member ${node}`).value);
      const known = this.chosen.get(slot);
      if (known === undefined) this.chosen.set(slot, text);
      else if (known !== text) {
        this.violations.push(`slot ${slot}: member ${node} has ${text}, where ${known} was chosen`);
      }
    }
    if (backedAtMs > this.clockOf(node)) {
      this.violations.push(`member ${node} believes that its leader will be backed in the future`);
    }
  }
}

function recovered(host: Host | undefined): Parameters<typeof createConsensus>[0]["recovered"] {
  const disk: Host["disk"] = host?.disk ?? new Map();
  const identity = disk.get(toHex(IDENTITY_KEY));
  const promise = disk.get(toHex(PROMISE_KEY));
  const keys = [...disk.keys()].filter((key) => key.startsWith(LOG_PREFIX)).sort();
  return {
    identity: identity && readIdentity(identity.value),
    promise: promise && readPromise(promise.value),
    entries: keys.map((key) => {
      const row = present(disk.get(key), "a row");
      return readEntry(row.key, row.value);
    }),
    applied: host?.rowsSlot ?? 0,
  };
}
