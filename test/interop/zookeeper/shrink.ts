/**
 * Makes a script smaller for as long as it still does what it was found to do: whole parts of it
 * are left out first, large ones before small ones, then single requests, then parts of a multi.
 */
import type { Script, ScriptRequest, Step } from "./script.ts";

export interface ShrinkOptions {
  /** Whether a script still shows the disagreement. */
  readonly fails: (script: Script) => Promise<boolean>;
  /** Each trial is a run on both servers, so their number is bounded. */
  readonly trialsMax: number;
}

export async function shrinkScript(script: Script, options: ShrinkOptions): Promise<Script> {
  let best = script;
  let trialsLeft = options.trialsMax;
  const accepts = async (candidate: Script): Promise<boolean> => {
    if (trialsLeft === 0) return false;
    trialsLeft -= 1;
    if (!(await options.fails(candidate))) return false;
    best = candidate;
    return true;
  };
  let size: number;
  do {
    size = measure(best);
    for (let part = best.length >> 1; part >= 1; part >>= 1)
      await dropParts(() => best, part, accepts);
    await dropRequests(() => best, accepts);
  } while (measure(best) < size && trialsLeft > 0);
  return best;
}

type Accepts = (candidate: Script) => Promise<boolean>;

/** From the end, because what comes last depends on what comes first. */
async function dropParts(best: () => Script, part: number, accepts: Accepts): Promise<void> {
  for (let from = best().length - part; from >= 0; from -= part) {
    await accepts(best().toSpliced(from, part));
  }
}

async function dropRequests(best: () => Script, accepts: Accepts): Promise<void> {
  for (let index = best().length - 1; index >= 0; index--) {
    let smaller = smallerSteps(best()[index]);
    for (let at = 0; at < smaller.length; ) {
      const candidate = smaller[at];
      if (candidate !== undefined && (await accepts(best().with(index, candidate)))) {
        smaller = smallerSteps(best()[index]);
        at = 0;
      } else {
        at += 1;
      }
    }
  }
}

function smallerSteps(step: Step | undefined): Step[] {
  if (step === undefined || !("requests" in step)) return [];
  const { requests } = step;
  const least = step.act === "send" ? 1 : 0;
  const without = requests.length > least ? requests.map((_, at) => requests.toSpliced(at, 1)) : [];
  const within = requests.flatMap((request, at) =>
    smallerRequests(request).map((smaller) => requests.with(at, smaller)),
  );
  return [...without, ...within].map((fewer) => ({ ...step, requests: fewer }));
}

/** The same with one element less of one list: a part of a multi, an entry of an ACL, a path. */
function smallerRequests(request: ScriptRequest): ScriptRequest[] {
  if (request.op === "raw") return [];
  return smallerValues(request.body).map((body) => ({ ...request, body }) as ScriptRequest);
}

function smallerValues(value: unknown): unknown[] {
  if (Array.isArray(value)) return value.map((_, at) => value.toSpliced(at, 1));
  if (typeof value !== "object" || value === null || value instanceof Uint8Array) return [];
  return Object.entries(value).flatMap(([name, field]) =>
    smallerValues(field).map((smaller) => ({ ...value, [name]: smaller })),
  );
}

function measure(script: Script): number {
  const requests = script.flatMap((step) => ("requests" in step ? step.requests : []));
  return requests.reduce((sum, request) => sum + elementCount(request), script.length);
}

function elementCount(value: unknown): number {
  if (typeof value !== "object" || value === null || value instanceof Uint8Array) return 0;
  const own = Array.isArray(value) ? value.length : 1;
  return Object.values(value).reduce((sum, each) => sum + elementCount(each), own);
}
