/** What goes on for a while, with bars and when it is expected to end. */
import type { ProgressEvent } from "../../cluster/message/query.ts";
import { formatCount, formatDuration, formatShare } from "../amount.ts";
import { type Paint, plain } from "../paint.ts";
import { harmless } from "../table.ts";

const BAR_WIDTH = 24;

/** Two whole lines for each event: its title, and how far it is. What goes on comes first. */
export function progressLines(events: readonly ProgressEvent[], paint: Paint = plain): string[] {
  const isOver = ({ finishedAgoMs }: ProgressEvent): boolean => finishedAgoMs !== undefined;
  const order = events.toSorted((left, right) => Number(isOver(left)) - Number(isOver(right)));
  return order.flatMap((event) => [
    `${harmless(event.title)} (${ageOf(event)})\n`,
    `  ${barOf(event, paint)}\n`,
  ]);
}

function ageOf({ startedAgoMs, finishedAgoMs }: ProgressEvent): string {
  if (finishedAgoMs === undefined) return `for ${formatDuration(startedAgoMs)}`;
  const tookMs = Math.max(0, startedAgoMs - finishedAgoMs);
  return `took ${formatDuration(tookMs)}, done ${formatDuration(finishedAgoMs)} ago`;
}

function barOf(event: ProgressEvent, paint: Paint): string {
  const { fraction, done, total, unit, finishedAgoMs } = event;
  const filled = Math.max(0, Math.min(BAR_WIDTH, Math.floor(fraction * BAR_WIDTH)));
  const bar = `[${"#".repeat(filled)}${"-".repeat(BAR_WIDTH - filled)}]`;
  const noun = unit === "pgs" ? "PGs" : "copies";
  const count = `${formatCount(Math.floor(done))}/${formatCount(Math.ceil(total))} ${noun}`;
  const end = finishedAgoMs === undefined ? etaOf(event) : "";
  const style = finishedAgoMs === undefined ? "warning" : "good";
  return `${paint(style, bar)} ${formatShare(fraction).padStart(6)}  ${count}${end}`;
}

function etaOf({ etaMs, perSecond }: ProgressEvent): string {
  if (etaMs !== undefined) return `, ${formatDuration(etaMs)} left`;
  return perSecond > 0 ? "" : ", nothing moves at present";
}
