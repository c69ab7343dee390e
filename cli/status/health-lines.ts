/** A health report for people: what is wrong, what that means, and the command that helps. */
import type { HealthCheck, HealthReport, HealthStatus } from "../../cluster/message/query.ts";
import { type Paint, plain, type Style } from "../paint.ts";
import { harmless } from "../table.ts";
import { wrapped } from "../wrap.ts";

const PROSE_WIDTH = 74;

export const HEALTH_STYLE: Readonly<Record<HealthStatus, Style>> = {
  HEALTH_OK: "good",
  HEALTH_WARN: "warning",
  HEALTH_ERR: "bad",
};

/** Whole lines: the verdict, then a line for each check, and with detail all that is known of it. */
export function healthLines(
  { status, checks }: HealthReport,
  { detail, paint = plain }: { readonly detail: boolean; readonly paint?: Paint },
): string[] {
  const lines = [`${paint(HEALTH_STYLE[status], status)}${mutedRemark(checks)}\n`];
  for (const check of inOrder(checks)) {
    lines.push(`${checkLine(check, paint)}\n`);
    if (detail) lines.push(...detailLines(check));
  }
  return lines;
}

/** What is wrong in a line each, for a screen with other things on it. Muted checks are counted only. */
export function summaryLines({ checks }: HealthReport, paint: Paint = plain): string[] {
  const shown = inOrder(checks).filter(({ isMuted }) => !isMuted);
  const lines = shown.map(
    ({ summary, code, severity }) =>
      `${paint(HEALTH_STYLE[severity], harmless(summary))} (${harmless(code)})`,
  );
  const muted = checks.length - shown.length;
  return muted === 0 ? lines : [...lines, `${muted} muted: kelp health shows them`];
}

function checkLine({ code, summary, severity, isMuted }: HealthCheck, paint: Paint): string {
  const mark = isMuted ? "(muted) " : "";
  const style = isMuted ? "faint" : HEALTH_STYLE[severity];
  return `${mark}${paint(style, harmless(code))}: ${harmless(summary)}`;
}

function detailLines({ details, explanation, command }: HealthCheck): string[] {
  return [
    ...wrapped(explanation, PROSE_WIDTH),
    ...details.flatMap((detail) =>
      wrapped(detail, PROSE_WIDTH).map((line, at) => `${at === 0 ? "-" : " "} ${line}`),
    ),
    `> ${command}`,
  ].map((line) => `    ${harmless(line)}\n`);
}

/** The worst first, what nobody wants to hear of last. */
function inOrder(checks: readonly HealthCheck[]): HealthCheck[] {
  const rank = ({ isMuted, severity }: HealthCheck): number =>
    isMuted ? 2 : severity === "HEALTH_ERR" ? 0 : 1;
  return checks.toSorted((left, right) => rank(left) - rank(right));
}

function mutedRemark(checks: readonly HealthCheck[]): string {
  const muted = checks.filter(({ isMuted }) => isMuted).length;
  return muted === 0 ? "" : ` (${muted} muted)`;
}
