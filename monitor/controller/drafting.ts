/**
 * From edits to epochs. At most one epoch is being published; what happens meanwhile is edited onto the map that it will
 * give, and becomes the next one. So what comes together costs one publish, and whoever asked is answered when the epoch
 * with the change in it is published, and not before.
 *
 *   published <-- in flight <-- draft <-- edits
 */
import { assert } from "../../cluster/base/assert.ts";
import type { Epoch } from "../../cluster/base/ids.ts";
import { type EpochRecord, REQUESTS_PER_EPOCH_MAX } from "../../cluster/map/epoch-record.ts";
import type { OsdMap } from "../../cluster/map/osd-map.ts";
import { deltaOf, editOf } from "../../cluster/map/osd-map-delta.ts";
import { type Inverse, inverseOf } from "../../cluster/map/undo.ts";
import type { Edit } from "./edit.ts";

/** What comes within it of the first edit shares its epoch. */
export const GATHER_MS = 2;

export interface Cause {
  readonly author: string;
  readonly what: string;
}

/** Somebody who waits for an epoch. */
export interface Waiter<Answer> {
  readonly call: number;
  answer(epoch: Epoch): Answer;
}

export interface Proposal<Answer> {
  readonly author: string;
  /** Of the request that asked for it: whoever repeats it is answered from the history. */
  readonly request?: string;
  readonly waiter?: Waiter<Answer>;
}

interface Draft<Answer> {
  map: OsdMap;
  readonly causes: Cause[];
  readonly requests: string[];
  readonly waiters: Waiter<Answer>[];
  readonly sinceMs: number;
}

interface InFlight<Answer> {
  readonly map: OsdMap;
  readonly waiters: Waiter<Answer>[];
  readonly requests: readonly string[];
}

export interface Drafting<Answer> {
  published: OsdMap;
  inFlight: InFlight<Answer> | undefined;
  draft: Draft<Answer> | undefined;
}

export interface Publication {
  readonly record: EpochRecord;
  readonly inverse: Inverse;
  readonly map: OsdMap;
}

export interface Answered<Answer> {
  readonly call: number;
  readonly answer: Answer;
}

export function createDrafting<Answer>(published: OsdMap): Drafting<Answer> {
  return { published, inFlight: undefined, draft: undefined };
}

/** What the draft is an edit of: no OSD may change its state twice between the two (C5). */
export function baseOf<Answer>({ published, inFlight }: Drafting<Answer>): OsdMap {
  return inFlight?.map ?? published;
}

export function draftOf<Answer>(drafting: Drafting<Answer>): OsdMap {
  return drafting.draft?.map ?? baseOf(drafting);
}

/** False if this epoch has no room for another cause: it is the next one's. */
export function hasRoom<Answer>({ draft }: Drafting<Answer>): boolean {
  return draft === undefined || draft.causes.length < REQUESTS_PER_EPOCH_MAX;
}

/** An edit of `draftOf`. What changed nothing waits for what is under way, which it relies on. */
export function propose<Answer>(
  drafting: Drafting<Answer>,
  edit: Edit,
  { author, request, waiter }: Proposal<Answer>,
  nowMs: number,
): Answered<Answer>[] {
  if (edit.map === draftOf(drafting))
    return waiter === undefined ? [] : awaitLatest(drafting, waiter);
  const draft = drafting.draft ?? {
    map: edit.map,
    causes: [],
    requests: [],
    waiters: [],
    sinceMs: nowMs,
  };
  assert(draft.causes.length < REQUESTS_PER_EPOCH_MAX, "this epoch has room");
  draft.map = edit.map;
  draft.causes.push({ author, what: edit.what });
  if (request !== undefined) draft.requests.push(request);
  if (waiter !== undefined) draft.waiters.push(waiter);
  drafting.draft = draft;
  return [];
}

/** Answered at once if nothing is under way. */
export function awaitLatest<Answer>(
  { published, inFlight, draft }: Drafting<Answer>,
  waiter: Waiter<Answer>,
): Answered<Answer>[] {
  const waiters = draft?.waiters ?? inFlight?.waiters;
  if (waiters === undefined) return [answered(waiter, published.epoch)];
  waiters.push(waiter);
  return [];
}

/** Whether a request of that id is under way already; then whoever repeats it waits with whoever asked first. */
export function awaitRequest<Answer>(
  { inFlight, draft }: Drafting<Answer>,
  request: string,
  waiter: Waiter<Answer>,
): boolean {
  const found = [inFlight, draft].find((part) => part?.requests.includes(request) === true);
  found?.waiters.push(waiter);
  return found !== undefined;
}

/** When it is time for the draft: nothing is in flight, and whatever comes together has come. */
export function takePublication<Answer>(
  drafting: Drafting<Answer>,
  writer: { readonly controller: string; readonly wallMs: number },
  nowMs: number,
): { readonly publication?: Publication; readonly answers: readonly Answered<Answer>[] } {
  const { published, inFlight, draft } = drafting;
  if (draft === undefined || inFlight !== undefined) return { answers: [] };
  if (nowMs - draft.sinceMs < GATHER_MS && hasRoom(drafting)) return { answers: [] };
  drafting.draft = undefined;
  const edited = editOf(published, draft.map);
  if (edited === undefined) {
    // One edit took back another.
    return { answers: draft.waiters.map((waiter) => answered(waiter, published.epoch)) };
  }
  const { map, changes } = edited;
  const { waiters, requests, causes } = draft;
  drafting.inFlight = { map, waiters, requests };
  const { epoch, digest } = map;
  const record: EpochRecord = {
    epoch,
    wallMs: writer.wallMs,
    controller: writer.controller,
    causes,
    requests,
    rows: deltaOf(changes),
    digest,
  };
  return { publication: { record, inverse: inverseOf(changes), map }, answers: [] };
}

/** The epoch in flight is published: who waited for it is answered. */
export function notePublished<Answer>(drafting: Drafting<Answer>): Answered<Answer>[] {
  const { inFlight } = drafting;
  assert(inFlight !== undefined, "an epoch is in flight");
  drafting.published = inFlight.map;
  drafting.inFlight = undefined;
  return inFlight.waiters.map((waiter) => answered(waiter, inFlight.map.epoch));
}

/** Nothing more is published from here: the calls of all that wait, who must ask another controller. */
export function abandon<Answer>(drafting: Drafting<Answer>): number[] {
  const { inFlight, draft } = drafting;
  drafting.inFlight = undefined;
  drafting.draft = undefined;
  return [...(inFlight?.waiters ?? []), ...(draft?.waiters ?? [])].map(({ call }) => call);
}

function answered<Answer>({ call, answer }: Waiter<Answer>, epoch: Epoch): Answered<Answer> {
  return { call, answer: answer(epoch) };
}
