/**
 * Multi-Paxos, as one step function. Events only record what was heard; `lead` then decides from the whole state what
 * is chosen and what to send. Whoever applies what is chosen watches `commit` after each step.
 */
import { unreachable } from "../../cluster/base/assert.ts";
import type { Persist, Tick } from "../../cluster/runtime/core.ts";
import { onAccept, onHeartbeat, onPrepare } from "./acceptor.ts";
import {
  electionTick,
  lostLeader,
  onPreVote,
  onPreVoted,
  onPromised,
  onRefused,
  onTakeOver,
  ownPromise,
} from "./election.ts";
import { formationTick, isPeer, onForm, onHello, sayHello } from "./formation.ts";
import {
  excuseFollowers,
  lead,
  leaderTick,
  onAccepted,
  onHeartbeatAck,
  restartFollower,
} from "./leader.ts";
import { onChosen, onFetch } from "./learner.ts";
import { forgetTransfers, retryTransfer, transferEnded } from "./row-transfers.ts";
import { complain, nonsenseIn } from "./sense.ts";
import type {
  ConsensusEffect,
  ConsensusEvent,
  ConsensusMessage,
  ConsensusState,
  Effects,
  NodeId,
} from "./state.ts";

export function stepConsensus(
  state: ConsensusState,
  event: ConsensusEvent | Tick,
  nowMs: number,
): (ConsensusEffect | Persist<ConsensusEffect>)[] {
  const out: (ConsensusEffect | Persist<ConsensusEffect>)[] = [];
  switch (event.type) {
    case "received":
      received(state, event, nowMs, out);
      break;
    case "durable":
      becameDurable(state, event, nowMs, out);
      break;
    case "linkChanged":
      linkChanged(state, event, nowMs, out);
      break;
    case "transferEnded":
      transferEnded(state, event, nowMs);
      break;
    case "tick":
      // Lateness is ours, not that of those whom we would judge for it (R6). Our own lease ran out on time.
      state.electionDueMs += event.lateMs;
      if (event.lateMs > 0) excuseFollowers(state, event.lateMs);
      forgetTransfers(state, nowMs);
      leaderTick(state, nowMs, out);
      electionTick(state, nowMs, out);
      formationTick(state, nowMs, out);
      break;
  }
  decide(state, out);
  return out;
}

/** After a proposal, or whatever else changed the state outside an event. */
export function decide(state: ConsensusState, out: Effects): void {
  if (state.role.type === "leader") lead(state, state.role, out);
}

function received(
  state: ConsensusState,
  { from, message, payload }: ConsensusEvent & { type: "received" },
  nowMs: number,
  out: Effects,
): void {
  // Whoever else has the key and a name like ours has no vote.
  if (!state.others.includes(from)) return;
  const nonsense = nonsenseIn(state, { message, payload }, nowMs);
  if (nonsense !== undefined) {
    complain(state, { node: from, what: `${message.type}: ${nonsense}` }, nowMs, out);
    return;
  }
  if (message.type === "hello") {
    onHello(state, from, message, nowMs, out);
    return;
  }
  if (message.type === "form") {
    onForm(state, from, message, nowMs, out);
    return;
  }
  if (isPeer(state, from)) fromPeer(state, { from, message, payload }, nowMs, out);
  else sayHello(state, from, out);
}

type PeerMessage = Exclude<ConsensusMessage, { readonly type: "hello" | "form" }>;

function fromPeer(
  state: ConsensusState,
  { from, message, payload }: { from: NodeId; message: PeerMessage; payload: Uint8Array },
  nowMs: number,
  out: Effects,
): void {
  switch (message.type) {
    case "preVote":
      onPreVote(state, from, message, nowMs, out);
      break;
    case "preVoted":
      onPreVoted(state, from, message, nowMs, out);
      break;
    case "prepare":
      onPrepare(state, from, message, nowMs, out);
      break;
    case "promised":
      onPromised(state, from, { message, payload }, nowMs, out);
      break;
    case "refused":
      onRefused(state, from, message, nowMs, out);
      break;
    case "accept":
      onAccept(state, from, { message, payload }, nowMs, out);
      break;
    case "accepted":
      onAccepted(state, from, message, nowMs);
      break;
    case "heartbeat":
      if (message.life !== state.life) sayHello(state, from, out);
      onHeartbeat(state, from, message, nowMs, out);
      break;
    case "heartbeatAck":
      onHeartbeatAck(state, from, message);
      break;
    case "fetch":
      onFetch(state, from, message, out);
      break;
    case "chosen":
      onChosen(state, from, { message, payload }, nowMs, out);
      break;
    case "takeOver":
      onTakeOver(state, from, message, nowMs, out);
      break;
    default:
      unreachable(message, "a consensus message");
  }
}

function becameDurable(
  state: ConsensusState,
  { round, to }: ConsensusEvent & { type: "durable" },
  nowMs: number,
  out: Effects,
): void {
  const { role } = state;
  if (role.type === "candidate" && role.round === round) ownPromise(state, role, nowMs, out);
  else if (role.type === "leader" && role.round === round) {
    role.durableTo = Math.max(role.durableTo, to);
  }
}

function linkChanged(
  state: ConsensusState,
  { node, isUp }: ConsensusEvent & { type: "linkChanged" },
  nowMs: number,
  out: Effects,
): void {
  if (!state.others.includes(node)) return;
  if (!isUp) {
    if (state.leader === node) lostLeader(state, nowMs);
    return;
  }
  sayHello(state, node, out);
  retryTransfer(state, node);
  restartFollower(state, node, { isNewLife: false, nowMs });
}
