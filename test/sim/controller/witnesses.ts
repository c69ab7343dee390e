/**
 * Whether an OSD was marked down on two witnesses' word (C4), by a count of its own: what was really said, by whom, whose
 * registration was really gone, and which questions of a controller found no answer, each with its time.
 */
import type { Epoch, OsdId } from "../../../cluster/base/ids.ts";
import type { OsdMap } from "../../../cluster/map/osd-map.ts";

/** How long what was said, seen or asked may still count when the epoch is published, with all that may hold it up. */
const COUNTS_MS = 30_000;
/** Clocks drift, and what is read from the tree is read later than it was written. */
const DRIFT_MS = 100;

interface Word {
  readonly reporter: OsdId;
  readonly saidMs: number;
}

interface Absence {
  readonly fromMs: number;
  untilMs: number;
}

export interface Incarnation {
  readonly osd: OsdId;
  readonly upFrom: Epoch;
}

export class Witnesses {
  readonly #hostOf: (osd: OsdId) => string;
  readonly #absenceMs: number;
  readonly #words = new Map<string, Word[]>();
  readonly #silences = new Map<string, number[]>();
  readonly #absences = new Map<OsdId, Absence[]>();

  constructor(options: {
    readonly hostOf: (osd: OsdId) => string;
    /** That alone takes an OSD down. */
    readonly absenceMs: number;
  }) {
    this.#hostOf = options.hostOf;
    this.#absenceMs = options.absenceMs;
  }

  reported(target: Incarnation, word: Word): void {
    appended(this.#words, keyOf(target), word);
  }

  foundSilent(target: Incarnation, nowMs: number): void {
    appended(this.#silences, keyOf(target), nowMs);
  }

  vanished(osd: OsdId, nowMs: number): void {
    appended(this.#absences, osd, { fromMs: nowMs, untilMs: Number.POSITIVE_INFINITY });
  }

  appeared(osd: OsdId, nowMs: number): void {
    const last = this.#absences.get(osd)?.at(-1);
    if (last !== undefined && last.untilMs > nowMs) last.untilMs = nowMs;
  }

  get vanishedCount(): number {
    return [...this.#absences.values()].reduce((sum, { length }) => sum + length, 0);
  }

  /** Undefined if it may be down; else how many had said so. */
  problem(
    { osd, upFrom }: Incarnation,
    { before, upMs, downMs }: { before: OsdMap; upMs: number; downMs: number },
  ): string | undefined {
    const sinceMs = downMs - COUNTS_MS;
    const key = keyOf({ osd, upFrom });
    const reporters = new Set(
      (this.#words.get(key) ?? [])
        .filter((word) => word.saidMs >= sinceMs)
        .map((word) => word.reporter),
    );
    const hosts = new Set([...reporters].map(this.#hostOf)).size;
    const peers = reporters.size >= 2 && isOneHostLeft(before, osd) ? 2 : Math.min(hosts, 2);
    const absences = this.#absences.get(osd) ?? [];
    const wasGone = absences.some(({ untilMs }) => untilMs >= Math.max(sinceMs, upMs));
    const wasSilent = (this.#silences.get(key) ?? []).some((atMs) => atMs >= sinceMs);
    const count = peers + Number(wasGone) + Number(wasSilent);
    if (count >= 2) return undefined;
    // Another process of the same OSD may hold a registration meanwhile: that ends no absence of this one.
    const first = absences.find(({ untilMs }) => untilMs >= upMs);
    const goneMs = first === undefined ? 0 : downMs - Math.max(first.fromMs, upMs);
    if (goneMs >= this.#absenceMs - DRIFT_MS) return undefined;
    return `on ${count} witness's word`;
  }
}

function keyOf({ osd, upFrom }: Incarnation): string {
  return `${osd}@${upFrom}`;
}

function appended<K, V>(lists: Map<K, V[]>, key: K, value: V): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [value]);
  else list.push(value);
}

function isOneHostLeft({ osds }: OsdMap, without: OsdId): boolean {
  const hosts = new Set<string>();
  for (const [id, { up, host }] of osds) if (up && id !== without) hosts.add(host);
  return hosts.size <= 1;
}
