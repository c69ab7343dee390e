/**
 * The controller's own look at OSDs that are reported or have no session: it asks them, and the shell says what came of it.
 * Refusing means that there is a machine and no process, and counts at once. Silence counts when it has lasted as long as
 * a peer's would have to.
 */
import type { OsdId } from "../../cluster/base/ids.ts";

/** So many questions are open at a time; the others wait for their turn. */
export const OPEN_PROBES_MAX = 256;
/** Between two questions to one OSD. */
const PROBE_INTERVAL_MS = 1_000;
/** The shell has long given up by then: the question was lost. */
const PROBE_LOST_MS = 15_000;

export type ProbeResult = "answered" | "refused" | "silent";

interface Probe {
  /** Undefined: none is open. */
  openSinceMs: number | undefined;
  /** When it was asked last. */
  askedMs: number;
  isRefused: boolean;
  /** The oldest question since the last sign of life. */
  silentSinceMs: number | undefined;
}

export type Probes = Map<OsdId, Probe>;

/** Who is to be asked now, longest not asked first; they count as asked. Others are forgotten. */
export function askDue(probes: Probes, suspects: ReadonlySet<OsdId>, nowMs: number): OsdId[] {
  let openCount = 0;
  for (const [osd, probe] of probes) {
    if (!suspects.has(osd)) probes.delete(osd);
    else if (isOpen(probe, nowMs)) openCount += 1;
  }
  const due: { readonly osd: OsdId; readonly askedMs: number }[] = [];
  for (const osd of suspects) {
    const probe = probes.get(osd);
    const askedMs = probe?.askedMs ?? Number.NEGATIVE_INFINITY;
    if (probe !== undefined && isOpen(probe, nowMs)) continue;
    if (nowMs - askedMs >= PROBE_INTERVAL_MS) due.push({ osd, askedMs });
  }
  due.sort((left, right) => left.askedMs - right.askedMs || left.osd - right.osd);
  const asked = due.slice(0, Math.max(0, OPEN_PROBES_MAX - openCount)).map(({ osd }) => osd);
  for (const osd of asked) open(probes, osd, nowMs);
  return asked;
}

/** Whether anybody had asked: a result of an incarnation that is over means nothing. */
export function takeResult(probes: Probes, osd: OsdId, result: ProbeResult): boolean {
  const probe = probes.get(osd);
  if (probe?.openSinceMs === undefined) return false;
  if (result === "silent") probe.silentSinceMs ??= probe.openSinceMs;
  if (result === "answered") probe.silentSinceMs = undefined;
  probe.isRefused = result === "refused";
  probe.openSinceMs = undefined;
  return true;
}

export type ProbeFinding =
  | { readonly type: "refused" }
  | { readonly type: "silent"; readonly forMs: number }
  | undefined;

export function findingOf(probes: Probes, osd: OsdId, nowMs: number): ProbeFinding {
  const probe = probes.get(osd);
  if (probe?.isRefused === true) return { type: "refused" };
  if (probe?.silentSinceMs === undefined) return undefined;
  return { type: "silent", forMs: nowMs - probe.silentSinceMs };
}

function isOpen({ openSinceMs }: Probe, nowMs: number): boolean {
  return openSinceMs !== undefined && nowMs - openSinceMs < PROBE_LOST_MS;
}

function open(probes: Probes, osd: OsdId, nowMs: number): void {
  const known = probes.get(osd);
  if (known === undefined) {
    const fresh = { isRefused: false, silentSinceMs: undefined };
    probes.set(osd, { ...fresh, openSinceMs: nowMs, askedMs: nowMs });
  } else {
    known.openSinceMs = nowMs;
    known.askedMs = nowMs;
  }
}
