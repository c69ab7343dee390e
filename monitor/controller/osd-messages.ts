/** What OSDs say. An OSD speaks for itself alone: whose name the connection does not have is not listened to. */

import type { PeerName } from "../../cluster/base/ids.ts";
import type { ControllerMessage } from "../../cluster/message/controller.ts";
import { bootRequested } from "./boot.ts";
import type { ControllerState, PendingBoot, Term } from "./controller-state.ts";
import { draftOf, hasRoom, propose } from "./drafting.ts";
import { edit, type Refusal, refused } from "./edit.ts";
import { answerRefusal, proposeEdit, taken, viewOf } from "./edits.ts";
import { aliveReported, failureReported, osdHeard } from "./membership.ts";
import { takeOsdStat } from "./osd-board.ts";
import { osdCreateRequested } from "./osd-create.ts";
import {
  fullnessReported,
  pgsCreated,
  pgTempRequested,
  stoppingAnnounced,
  upThruRequested,
} from "./osd-facts.ts";
import { takeStats } from "./pg-board.ts";
import { worked } from "./progress.ts";

/** Whoever asked has given up by then, and asks again if it is there. */
const BOOT_WAIT_MS = 30_000;
/** What a boot waits for may be no change of the map: that another process lets go of its session, say. */
const RETRY_MS = 100;

export interface Question {
  readonly from: PeerName;
  readonly message: ControllerMessage;
  readonly call: number;
}

type MessageOf<Type extends ControllerMessage["type"]> = Extract<
  ControllerMessage,
  { readonly type: Type }
>;

/** False if it is nothing that OSDs say. */
export function askedByOsd(
  state: ControllerState,
  term: Term,
  { from, message, call }: Question,
  nowMs: number,
): boolean {
  const asker = { author: from, call };
  switch (message.type) {
    case "osdCreate":
      proposeEdit(
        state,
        term,
        (draft) => osdCreateRequested(draft, message),
        asker,
        nowMs,
        (epoch, { osd }) => ({ type: "osdCreated", osd, epoch }),
      );
      return true;
    case "failure":
    case "alive":
      if (isOwn(state, from, message.reporter, call)) reported(state, term, message, call, nowMs);
      return true;
    case "boot":
      if (isOwn(state, from, message.osd, call)) boot(state, term, { from, message, call }, nowMs);
      return true;
    case "stats":
      if (isOwn(state, from, message.osd, call)) stats(state, term, { from, message, call }, nowMs);
      return true;
    case "upThru":
    case "pgTemp":
    case "pgsCreated":
    case "stopping":
      if (isOwn(state, from, message.osd, call)) {
        osdHeard(term.membership, nowMs);
        proposeEdit(state, term, () => factEdit(term, message), asker, nowMs);
      }
      return true;
    default:
      return false;
  }
}

/** When there is another base, or after a while; one that still has to wait stays. */
export function retryBoots(state: ControllerState, term: Term, nowMs: number): void {
  const { base } = viewOf(term);
  const isNewBase = base !== term.triedBase;
  term.triedBase = base;
  for (const [osd, pending] of term.boots) {
    if (nowMs - pending.sinceMs > BOOT_WAIT_MS) {
      term.boots.delete(osd);
      answerRefusal(state, pending.call, refused("LATER", `osd.${osd} cannot boot yet`));
      continue;
    }
    const isDue = isNewBase || nowMs - pending.triedMs >= RETRY_MS;
    if (isDue && nowMs >= pending.notBeforeMs) tryBoot(state, term, pending, nowMs);
  }
}

function isOwn(state: ControllerState, from: PeerName, osd: number, call: number): boolean {
  if (from === `osd.${osd}`) return true;
  answerRefusal(state, call, refused("MISMATCH", `${from} cannot speak for osd.${osd}`));
  return false;
}

function reported(
  state: ControllerState,
  term: Term,
  message: MessageOf<"failure" | "alive">,
  call: number,
  nowMs: number,
): void {
  const { base } = viewOf(term);
  const refusal =
    message.type === "failure"
      ? failureReported(term.membership, base, message, nowMs)
      : aliveReported(term.membership, base, message, nowMs);
  if (refusal !== undefined) answerRefusal(state, call, refusal);
  else state.out.push({ type: "answer", call, message: taken(term.drafting.published.epoch) });
}

function factEdit(term: Term, message: MessageOf<"upThru" | "pgTemp" | "pgsCreated" | "stopping">) {
  const { draft } = viewOf(term);
  switch (message.type) {
    case "upThru":
      return upThruRequested(draft, message);
    case "pgTemp":
      return pgTempRequested(viewOf(term), message);
    case "pgsCreated":
      return pgsCreated(draft, message);
    case "stopping": {
      const result = stoppingAnnounced(term.membership, viewOf(term), message);
      return result.type === "later" ? refused("LATER", result.why) : result;
    }
  }
}

function boot(
  state: ControllerState,
  term: Term,
  { from, message, call }: Question & { readonly message: MessageOf<"boot"> },
  nowMs: number,
): void {
  const ahead = aheadOf(term, message);
  if (ahead !== undefined) {
    answerRefusal(state, call, ahead);
    return;
  }
  const earlier = term.boots.get(message.osd);
  if (earlier !== undefined) {
    const why = `osd.${message.osd} has asked again since`;
    answerRefusal(state, earlier.call, refused("LATER", why));
  }
  const pending = { from, message, call, sinceMs: nowMs, notBeforeMs: nowMs, triedMs: nowMs };
  term.boots.set(message.osd, pending);
  tryBoot(state, term, pending, nowMs);
}

/** A map that the newest controller does not know; so this is not the newest, and must not judge by what it knows. */
function aheadOf(term: Term, { osd, epoch }: MessageOf<"boot">): Refusal | undefined {
  const { base } = viewOf(term);
  if (epoch <= base.epoch) return undefined;
  const what = `osd.${osd} has the map of epoch ${epoch}, and this controller that of ${base.epoch}`;
  return refused("LATER", `${what}; another has taken over, or the OSD is of another cluster`);
}

function tryBoot(state: ControllerState, term: Term, pending: PendingBoot, nowMs: number): void {
  const { from, message, call } = pending;
  // A full epoch is published at once, and then it is tried again.
  if (!hasRoom(term.drafting)) return;
  const result = bootRequested(term.membership, viewOf(term), message, nowMs);
  if (result.type !== "later") {
    term.boots.delete(message.osd);
    proposeEdit(state, term, () => result, { author: from, call }, nowMs);
    return;
  }
  pending.triedMs = nowMs;
  pending.notBeforeMs = result.retryMs ?? nowMs;
  if (result.first === undefined) return;
  const { map, what } = result.first;
  propose(term.drafting, edit(map, what), { author: from }, nowMs);
}

function stats(
  state: ControllerState,
  term: Term,
  { from, message, call }: Question & { readonly message: MessageOf<"stats"> },
  nowMs: number,
): void {
  const { published } = term.drafting;
  const { type, ...rest } = takeStats(term.pgs, published, message, nowMs);
  if (type !== "taken") {
    const why =
      type === "ahead" ? "its map is newer than the controller's" : "it is not up in the map";
    answerRefusal(
      state,
      call,
      refused(type === "ahead" ? "LATER" : "MISMATCH", `osd.${message.osd}: ${why}`),
    );
    return;
  }
  osdHeard(term.membership, nowMs);
  if ("work" in rest) worked(term.progress, rest.work, nowMs);
  takeOsdStat(term.osds, published, message, nowMs);
  const fullness = fullnessReported(draftOf(term.drafting), message);
  if (fullness.type === "edit") {
    proposeEdit(state, term, () => fullness, { author: from }, nowMs);
  }
  state.out.push({ type: "answer", call, message: taken(published.epoch) });
}
