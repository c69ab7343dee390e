/** What operators ask for: commands, which change the map or not at all, and questions, which are answered at once. */
import type { PeerName } from "../../cluster/base/ids.ts";
import type { ControllerMessage } from "../../cluster/message/controller.ts";
import { PG_PAGE_MAX, type PgRow } from "../../cluster/message/query.ts";
import { applyCommand } from "./command/apply-command.ts";
import type { CommandContext, PgReport } from "./command/command-context.ts";
import type { ControllerState, Term } from "./controller-state.ts";
import { awaitRequest } from "./drafting.ts";
import { refused } from "./edit.ts";
import { answerRefusal, proposeEdit } from "./edits.ts";
import { HEALTH_CODES } from "./health-codes.ts";
import { reportOf, withMute, withoutMute } from "./mutes.ts";
import { osdDfOf } from "./osd-board-df.ts";
import { poolDfOf } from "./osd-board-pools.ts";
import type { Question } from "./osd-messages.ts";
import { pgAdvice } from "./pg-advice.ts";
import { pgSummary } from "./pg-board.ts";
import { pgCountOf } from "./pg-board-places.ts";
import { pgPage } from "./pg-board-query.ts";
import { progressEvents } from "./progress.ts";
import { statusOf } from "./status.ts";

/** Of a code that is none. */
const CODE_SHOWN_MAX = 64;

type MessageOf<Type extends ControllerMessage["type"]> = Extract<
  ControllerMessage,
  { readonly type: Type }
>;

/** False if it is nothing that operators ask. */
export function askedByOperator(
  state: ControllerState,
  term: Term,
  { from, message, call }: Question,
  nowMs: number,
): boolean {
  switch (message.type) {
    case "command":
      command(state, term, { from, message, call }, nowMs);
      return true;
    case "mute":
    case "unmute":
      mute(state, term, message, call, nowMs);
      return true;
    default: {
      const answer = answerTo(state, term, message, nowMs);
      if (answer === undefined) return false;
      state.out.push({ type: "answer", call, message: answer });
      return true;
    }
  }
}

/** One that was done is not done again: it is answered with what the history has of it (C2). */
function command(
  state: ControllerState,
  term: Term,
  {
    from,
    message,
    call,
  }: { readonly from: PeerName; readonly message: MessageOf<"command">; readonly call: number },
  nowMs: number,
): void {
  const { requestId, author, command: order } = message;
  const again = (epoch: number): ControllerMessage => ({
    type: "commandDone",
    epoch: epoch as MessageOf<"commandDone">["epoch"],
    text: `was done before, in epoch ${epoch}`,
  });
  if (state.rules.rememberRequests) {
    const isWaitedFor = awaitRequest(term.drafting, requestId, { call, answer: again });
    if (isWaitedFor) return;
    const done = term.requests.epochOf(requestId);
    if (done !== undefined) {
      state.out.push({ type: "answer", call, message: again(done) });
      return;
    }
  }
  proposeEdit(
    state,
    term,
    (draft) => applyCommand(draft, order, contextOf(state, term, nowMs)),
    { author: author === "" ? from : author, request: requestId, call },
    nowMs,
    (epoch, { what, reply }) => ({
      type: "commandDone",
      epoch,
      text: what,
      ...(reply !== undefined && { json: JSON.stringify(reply) }),
    }),
  );
}

function contextOf(state: ControllerState, term: Term, nowMs: number): CommandContext {
  return {
    wallMs: Math.max(0, Math.floor(nowMs + state.wallOffsetMs)),
    stats: { reports: () => reportsOf(term, nowMs) },
    settings: state.settings,
    inverseOf: (epoch) => term.inverses.get(epoch),
  };
}

function* reportsOf({ pgs, drafting }: Term, nowMs: number): Generator<PgReport> {
  const filter = { states: 0, unknown: false };
  let after: PgRow["pg"] | undefined;
  do {
    const question = { filter, after, limit: PG_PAGE_MAX };
    const page = pgPage(pgs, drafting.published, question, nowMs);
    for (const { pg, state, up, acting, reportEpoch } of page.rows) {
      yield { pg, state, up, acting, epoch: reportEpoch } as PgReport;
    }
    after = page.next;
  } while (after !== undefined);
}

function mute(
  state: ControllerState,
  term: Term,
  message: MessageOf<"mute" | "unmute">,
  call: number,
  nowMs: number,
): void {
  const { code } = message;
  if (message.type === "mute" && !Object.hasOwn(HEALTH_CODES, code)) {
    const what = `there is no health check ${JSON.stringify(code.slice(0, CODE_SHOWN_MAX))}`;
    answerRefusal(
      state,
      call,
      refused("NOT_FOUND", `${what}; "kelp health" shows those there are`),
    );
    return;
  }
  const wallMs = Math.max(0, Math.floor(nowMs + state.wallOffsetMs));
  const mutes =
    message.type === "unmute"
      ? withoutMute(term.mutes, code)
      : withMute(
          term.mutes,
          {
            code,
            isSticky: message.isSticky,
            untilWallMs: message.durationMs === undefined ? undefined : wallMs + message.durationMs,
          },
          term.health.checks,
        );
  if (mutes === undefined) {
    answerRefusal(state, call, refused("IN_USE", "too many checks are muted; unmute some first"));
    return;
  }
  term.mutes = mutes;
  // Shown muted at once, and not only from the next round on.
  term.secondDueMs = nowMs;
  state.out.push({ type: "storeMutes", mutes });
  const health = reportOf(term.health.checks, mutes);
  state.out.push({ type: "answer", call, message: { type: "health", health } });
}

function answerTo(
  state: ControllerState,
  term: Term,
  message: ControllerMessage,
  nowMs: number,
): ControllerMessage | undefined {
  const map = term.drafting.published;
  const { pgs, osds, progress } = term;
  switch (message.type) {
    case "askStatus": {
      const status = statusOf({
        map,
        nowMs,
        pgs: pgSummary(pgs, map),
        osdBoard: osds,
        monitors: state.monitors,
        clusterId: state.clusterId,
        controller: { name: state.name, electedMs: term.sinceMs },
        health: term.health,
        progress: progressEvents(progress, nowMs),
      });
      return { type: "status", status };
    }
    case "askHealth":
      return { type: "health", health: term.health };
    case "askPgs":
      return { type: "pgs", ...pgPage(pgs, map, message, nowMs) };
    case "askOsdDf":
      return { type: "osdDf", df: osdDfOf(osds, map, (osd) => pgCountOf(pgs.places, osd)) };
    case "askPoolDf": {
      const summary = pgSummary(pgs, map);
      const advice = [...pgAdvice(osds, map, summary)].map(
        ([id, { target: pgNum, isFarOff }]) => [id, { pgNum, isFarOff }] as const,
      );
      return { type: "poolDf", rows: poolDfOf(osds, map, summary, new Map(advice)) };
    }
    case "askProgress":
      return { type: "progress", events: progressEvents(progress, nowMs) };
    case "askQuorum":
      return { type: "quorum", monitors: state.monitors };
    default:
      return undefined;
  }
}
