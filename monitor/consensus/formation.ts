/**
 * Who may be an acceptor (M1). Paxos rests on acceptors that remember, so a member whose disk says nothing is none:
 *
 *   empty ------ all members are empty: the lowest forms an ensemble -----> forming --- all are forming ---> acceptor
 *   empty ------ an ensemble exists: the disk was lost or replaced -------> rejoining -- heard and caught up --^
 *
 * Forming. The lowest member picks a random id when everybody has told it that they are empty, and sends it to that
 * life of each. Nobody is an acceptor before the lowest has heard that all hold the id durably; who hears of an
 * acceptor of its ensemble then becomes one too. So a member that loses its disk meanwhile was no acceptor yet. A member
 * that cannot be there is left out by an operator's word, and joins later as one that lost its disk.
 *
 * Rejoining. The lost disk may have promised a round and accepted values, and words of that may still be under way.
 * The member asks all others. Each, by answering, learns of its new life and from then on counts nothing of an earlier
 * one; and tells the highest round that it promised and the last slot that it holds. A majority that the lost disk
 * was part of has another member in it, and a candidate promised its round to itself first, so the greatest of each
 * bounds what was forgotten. The member learns what is chosen up to that slot, promises that round, and is an acceptor.
 * (A majority of others would do for slots, not for rounds: only the candidate itself may know of a round.) Another
 * that is rejoining has nothing to tell, and is not waited for as long as a majority of acceptors is left.
 *
 * Lives. What is counted depends on which life of a member is the present one, so no late word of a former life may
 * pass for it. A life that differs from the known one is asked for an answer; what answers a question that was asked
 * after the known life had been heard of is later than it.
 */

import type { Write } from "../../cluster/kv/store.ts";
import type { BallotPromise } from "../message/consensus.ts";
import { identityWrite, promiseWrite } from "./keys.ts";
import { restartFollower } from "./leader.ts";
import { fetchFrom } from "./learner.ts";
import type { ConsensusEffect } from "./state.ts";
import {
  type ConsensusMessage,
  type ConsensusState,
  type Effects,
  HELLO_MS,
  type Member,
  memberOf,
  type NodeId,
} from "./state.ts";

type MessageOf<Type extends ConsensusMessage["type"]> = ConsensusMessage & { readonly type: Type };

export function formationTick(state: ConsensusState, nowMs: number, out: Effects): void {
  advance(state, nowMs, out);
  if (nowMs < state.helloDueMs) return;
  state.helloDueMs = nowMs + HELLO_MS;
  const isSettled = state.standing === "acceptor";
  for (const node of state.others) {
    const member = memberOf(state, node);
    if (isSettled && member.knowsUs && member.standing === "acceptor") continue;
    sayHello(state, node, out);
  }
}

/** Our present state, once it is durable. It asks for an answer, unless it is one. */
export function sayHello(
  state: ConsensusState,
  to: NodeId,
  out: Effects,
  asked?: { readonly life: number; readonly ticket: number },
): void {
  const { life, standing, ensemble, promise, log, commit, role } = state;
  if (asked === undefined) state.tickets += 1;
  const hello: ConsensusEffect = {
    type: "send",
    to,
    message: {
      type: "hello",
      life,
      answers: asked?.life ?? 0,
      ticket: asked?.ticket ?? state.tickets,
      knows: memberOf(state, to).life,
      standing,
      ensemble,
      promise,
      last: log.last,
      commit,
      leads: role.type === "leader",
    },
  };
  out.push({ type: "persist", writes: [], then: [hello] });
}

export function onHello(
  state: ConsensusState,
  from: NodeId,
  message: MessageOf<"hello">,
  nowMs: number,
  out: Effects,
): void {
  const { life, answers, ticket, knows } = message;
  // An answer to an earlier life of ours is old news.
  if (answers !== 0 && answers !== state.life) return;
  const asks = answers === 0;
  const member = memberOf(state, from);
  if (member.life !== life) {
    // This may be a life that ended, and its word late: only what came after the life that we know of can answer now.
    const isNewest = member.life === 0 || (!asks && ticket > member.ticket);
    if (isNewest) startLife(state, from, message, nowMs);
    // It shall prove itself if it is new, and hear that we know it once we do; whoever asks hears that below.
    if (isNewest !== asks) sayHello(state, from, out);
  }
  if (asks) sayHello(state, from, out, { life, ticket });
  if (member.life !== life) return;
  update(member, message);
  if (knows === state.life) member.knowsUs = true;
  if (isForeign(state, member)) tellForeign(state, from, out);
  advance(state, nowMs, out);
}

export function onForm(
  state: ConsensusState,
  from: NodeId,
  message: MessageOf<"form">,
  nowMs: number,
  out: Effects,
): void {
  const mayForm = state.standing === "empty" || state.standing === "forming";
  if (!mayForm || message.life !== state.life || from !== firstPresent(state)) return;
  if (state.ensemble !== message.ensemble) {
    become(state, { standing: "forming", ensemble: message.ensemble }, out);
  }
  sayHello(state, from, out);
  advance(state, nowMs, out);
}

/** Only members of one ensemble listen to each other. */
export function isPeer(state: ConsensusState, node: NodeId): boolean {
  const { ensemble } = memberOf(state, node);
  return ensemble !== undefined && ensemble === state.ensemble;
}

function isForeign(state: ConsensusState, member: Member): boolean {
  if (member.ensemble === undefined || state.ensemble === undefined) return false;
  return member.ensemble !== state.ensemble && member.standing === "acceptor";
}

/** If the others alone are a majority of one ensemble, it is this member whose store is from elsewhere. */
function tellForeign(state: ConsensusState, from: NodeId, out: Effects): void {
  const { ensemble } = memberOf(state, from);
  const there = state.others.filter((node) => {
    const member = memberOf(state, node);
    return isForeign(state, member) && member.ensemble === ensemble;
  });
  if (there.length < state.majority) {
    const message = `member ${from} belongs to another ensemble; its directory, or this one, is from elsewhere`;
    out.push({ type: "log", level: "warn", message, fields: {} });
    return;
  }
  const reason =
    `this store belongs to another ensemble than members ${there.join(", ")}; ` +
    "correct dataDir or the server lines, or, if this member shall be one of them";
  out.push({ type: "fatal", code: "CONFIG_INVALID", reason });
}

/** Level-triggered: whatever has been heard, the next step on the way to being an acceptor. */
function advance(state: ConsensusState, nowMs: number, out: Effects): void {
  switch (state.standing) {
    case "empty":
      leaveEmptiness(state, out);
      break;
    case "forming":
      finishForming(state, out);
      break;
    case "rejoining":
      rejoin(state, nowMs, out);
      break;
    case "acceptor":
      break;
  }
}

function leaveEmptiness(state: ConsensusState, out: Effects): void {
  const heard = state.others.map((node) => memberOf(state, node));
  const ensemble = heard.find(({ standing }) => standing === "acceptor")?.ensemble;
  if (ensemble !== undefined) {
    out.push({
      type: "log",
      level: "warn",
      message:
        "this store is empty, the ensemble is not: rejoins it, and counts when it has caught up",
      fields: {},
    });
    become(state, { standing: "rejoining", ensemble }, out);
    return;
  }
  if (state.self !== firstPresent(state) || !mayForm(state, presentOnes(state))) return;
  become(state, { standing: "forming", ensemble: state.freshEnsemble }, out);
  finishForming(state, out);
}

/** Who forms the ensemble: the lowest of those that an operator has not left out. */
function firstPresent({ members, absent }: ConsensusState): NodeId | undefined {
  return members.find((node) => !absent.has(node));
}

function presentOnes(state: ConsensusState): Member[] {
  return state.others
    .filter((node) => !state.absent.has(node))
    .map((node) => memberOf(state, node));
}

function mayForm({ majority, rules }: ConsensusState, heard: readonly Member[]): boolean {
  const unborn = heard.filter(
    ({ knowsUs, standing }) => knowsUs && (standing === "empty" || standing === "forming"),
  );
  return unborn.length >= (rules.formsWithAll ? heard.length : majority - 1);
}

function finishForming(state: ConsensusState, out: Effects): void {
  const { ensemble, others, self, members } = state;
  if (ensemble === undefined) return;
  const heard = others.map((node) => ({ node, member: memberOf(state, node) }));
  const isBorn = heard.some(
    ({ member }) => member.standing === "acceptor" && member.ensemble === ensemble,
  );
  if (isBorn) {
    become(state, { standing: "acceptor", ensemble }, out);
    return;
  }
  if (self !== firstPresent(state)) return;
  const missing = heard.filter(
    ({ node, member }) =>
      !state.absent.has(node) && (member.standing !== "forming" || member.ensemble !== ensemble),
  );
  const haveEnough = !state.rules.formsWithAll && members.length - missing.length >= state.majority;
  if (missing.length === 0 || haveEnough) {
    become(state, { standing: "acceptor", ensemble }, out);
    for (const node of others) sayHello(state, node, out);
    return;
  }
  if (!mayForm(state, presentOnes(state))) return;
  const then: ConsensusEffect[] = missing.map(({ node, member }) => ({
    type: "send",
    to: node,
    message: { type: "form", ensemble, life: member.life },
  }));
  out.push({ type: "persist", writes: [], then });
}

function rejoin(state: ConsensusState, nowMs: number, out: Effects): void {
  const { ensemble, rules } = state;
  if (ensemble === undefined) return;
  const heard = state.others.map((node) => memberOf(state, node));
  if (!rules.rejoin) {
    become(state, { standing: "acceptor", ensemble }, out);
    return;
  }
  const witnesses = heard.filter((member) => isWitness(member, ensemble));
  if (witnesses.length < state.majority) return;
  const haveAll = heard.every((member) => isWitness(member, ensemble) || isLost(member, ensemble));
  if (rules.rejoinAsksAll && !haveAll) return;
  state.rejoinTarget ??= {
    slot: Math.max(...witnesses.map(({ last }) => last)),
    promise: highestPromise(witnesses),
  };
  const { slot, promise } = state.rejoinTarget;
  if (state.commit < slot) {
    const source =
      state.leader ?? state.others.find((node) => memberOf(state, node).commit > state.commit);
    if (source !== undefined) fetchFrom(state, source, nowMs, out, slot);
    return;
  }
  const writes: Write[] = [];
  if (promise.round > state.promise.round) {
    state.promise = promise;
    writes.push(promiseWrite(promise));
  }
  become(state, { standing: "acceptor", ensemble }, out, writes);
  for (const node of state.others) sayHello(state, node, out);
}

function isWitness(member: Member, ensemble: number): boolean {
  return member.knowsUs && member.standing === "acceptor" && member.ensemble === ensemble;
}

/** It lost its disk, too: what its former life promised or prepared is void as ours is, and it knows of no more. */
function isLost(member: Member, ensemble: number): boolean {
  return member.knowsUs && member.standing === "rejoining" && member.ensemble === ensemble;
}

function highestPromise(members: readonly Member[]): BallotPromise {
  let highest: BallotPromise = { round: 0, node: 0 };
  for (const { promise } of members) if (promise.round > highest.round) highest = promise;
  return highest;
}

function become(
  state: ConsensusState,
  { standing, ensemble }: { standing: "forming" | "rejoining" | "acceptor"; ensemble: number },
  out: Effects,
  writes: readonly Write[] = [],
): void {
  state.standing = standing;
  state.ensemble = ensemble;
  const identity = identityWrite({ ensemble, node: state.self, standing });
  out.push({ type: "persist", writes: [...writes, identity], then: [] });
  out.push({
    type: "log",
    level: "info",
    message: `is ${standing} in ensemble ${ensemble}`,
    fields: {},
  });
}

function startLife(
  state: ConsensusState,
  from: NodeId,
  { life, standing, ensemble, last, commit }: MessageOf<"hello">,
  nowMs: number,
): void {
  const member = memberOf(state, from);
  const { tickets: ticket } = state;
  Object.assign(member, { life, ticket, standing, ensemble, last, commit, knowsUs: false });
  restartFollower(state, from, { isNewLife: true, nowMs });
}

/** Hellos of one life overtake each other, but none of this ever goes back in a life. */
function update(member: Member, message: MessageOf<"hello">): void {
  if (member.standing !== "acceptor") {
    member.standing = message.standing;
    member.ensemble = message.ensemble;
  }
  member.last = Math.max(member.last, message.last);
  member.commit = Math.max(member.commit, message.commit);
  member.leads = message.leads;
  if (message.promise.round >= member.promise.round) member.promise = message.promise;
}
