/**
 * Is a history linearizable: can every operation be given one moment between its call and its
 * return, so that a single copy of the data, doing them one at a time in that order, would have
 * given the same outcomes?
 *
 * The search is Wing and Gong's ("Testing and Verifying Concurrent Objects", 1993) with Lowe's
 * memory of what was explored ("Testing for linearizability", 2017): two orders of the same
 * operations that end in the same state have the same future. Keys are checked one by one, which
 * suffices: linearizability is a property of each object alone. Three observations keep the search
 * small:
 * - An operation that changes nothing is taken as soon as its outcome fits: that only loosens what
 *   remains.
 * - An operation of unknown outcome may take effect at any time after its call, or never. So of two
 *   otherwise equal configurations, the one that used fewer of those can do all that the other can.
 * - Few calls overlap, so the set of the linearised ones is a number (all before it) and few
 *   exceptions.
 *
 * Let clients write values that differ: a search for what is not there ends soon if each value has
 * one origin, and may not end within the bound if dozens of unknown writes could each explain any
 * read.
 *
 * What failed for sure, without any effect, has no place in a history: the caller leaves it out, or
 * discards it. What may have had an effect (a lost connection, a time-out, a crashed client) is
 * unknown: without it, a value that it did write would look like one from nowhere.
 */
import { assert, present } from "../../../cluster/base/assert.ts";

/** Configurations per key after which the search gives up: some hundreds of megabytes. */
export const CONFIGURATIONS_MAX = 1_000_000;

/** How many linearised operations an explanation shows. */
const EXPLAINED_CALLS_MAX = 12;

export interface Model<State, Operation, Outcome> {
  readonly initial: State;
  /**
   * The states that may follow `operation` in `state`; none if it cannot have this outcome there.
   * An outcome that is unknown (undefined) may be any.
   */
  step(state: State, operation: Operation, outcome: Outcome | undefined): readonly State[];
  /** True if the operation, when it has this outcome, leaves every state as it is. */
  isReadOnly(operation: Operation, outcome: Outcome | undefined): boolean;
  /** The same text for equal states and for no others. Explanations show it. */
  stateKey(state: State): string;
  /** The same text only for operations that do the same. */
  describeOperation(operation: Operation): string;
  describeOutcome(outcome: Outcome): string;
}

export interface Invocation<Operation> {
  readonly client: string;
  readonly key: string;
  readonly operation: Operation;
}

interface Call<Operation, Outcome> extends Invocation<Operation> {
  /** Calls and returns are numbered together, as they happened. */
  readonly calledAt: number;
  /** Infinity while the outcome is unknown. */
  returnedAt: number;
  /** Undefined while it is unknown. */
  outcome: Outcome | undefined;
}

/** What clients did and saw, told in the order in which it happened. */
export class History<Operation, Outcome> {
  readonly #calls = new Map<number, Call<Operation, Outcome>>();
  readonly #open = new Set<number>();
  #eventCount = 0;

  /** Gives the id by which to tell how the operation ended. One that is still open is unknown. */
  invoke({ client, key, operation }: Invocation<Operation>): number {
    const id = this.#eventCount++;
    const ends = { returnedAt: Number.POSITIVE_INFINITY, outcome: undefined };
    this.#calls.set(id, { client, key, operation, calledAt: id, ...ends });
    this.#open.add(id);
    return id;
  }

  complete(id: number, outcome: Outcome): void {
    const call = this.#end(id);
    call.returnedAt = this.#eventCount++;
    call.outcome = outcome;
  }

  /** Nobody will learn how it ended: it may take effect at any later time, or never. */
  unknown(id: number): void {
    this.#end(id);
  }

  /** It failed for sure and never had, nor will have, an effect. */
  discard(id: number): void {
    this.#end(id);
    this.#calls.delete(id);
  }

  /** What was recorded and not discarded, in the order of the calls. */
  calls(): Call<Operation, Outcome>[] {
    return [...this.#calls.values()];
  }

  #end(id: number): Call<Operation, Outcome> {
    assert(this.#open.delete(id), `operation ${id} is not open: each ends once`);
    return present(this.#calls.get(id), `operation ${id}`);
  }
}

export type Verdict =
  | { readonly ok: true }
  | {
      readonly ok: false;
      /** UNDECIDED: the search gave up at its bound, and nothing is known. */
      readonly code: "NOT_LINEARIZABLE" | "UNDECIDED";
      readonly key: string;
      readonly explanation: string;
    };

/** A violation of any key goes before an undecided one. */
export function checkLinearizable<State, Operation, Outcome>(
  history: History<Operation, Outcome>,
  model: Model<State, Operation, Outcome>,
  configurationsMax = CONFIGURATIONS_MAX,
): Verdict {
  let verdict: Verdict = { ok: true };
  for (const [key, calls] of byKey(history.calls())) {
    const search = new Search(model, calls, configurationsMax);
    const outcome = search.run();
    if (outcome === "linearizable") continue;
    if (outcome === "violation") {
      return { ok: false, code: "NOT_LINEARIZABLE", key, explanation: search.explain(key) };
    }
    if (!verdict.ok) continue;
    const explanation =
      `key ${JSON.stringify(key)}: gave up after ${configurationsMax} configurations ` +
      "(CONFIGURATIONS_MAX); write values that differ, or fewer operations per key";
    verdict = { ok: false, code: "UNDECIDED", key, explanation };
  }
  return verdict;
}

function byKey<T extends { readonly key: string }>(calls: readonly T[]): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const call of calls) {
    const group = groups.get(call.key);
    if (group === undefined) groups.set(call.key, [call]);
    else group.push(call);
  }
  return groups;
}

/** Some calls put in an order, and the state after them. */
interface Configuration<State, Operation, Outcome> {
  readonly state: State;
  /** Of the completed calls those before `horizon` are linearised, except the `skipped` ones. */
  readonly horizon: number;
  readonly skipped: readonly number[];
  /** Bit i: the i-th call of unknown outcome took effect. */
  readonly tookEffect: bigint;
  readonly last: Call<Operation, Outcome> | undefined;
  readonly before: Configuration<State, Operation, Outcome> | undefined;
}

class Search<State, Operation, Outcome> {
  readonly #model: Model<State, Operation, Outcome>;
  readonly #configurationsMax: number;
  readonly #completed: Call<Operation, Outcome>[];
  readonly #unknown: Call<Operation, Outcome>[];
  /** For each unknown call the one before it that does the same, or -1: they are used in order. */
  readonly #alikeBefore: number[];
  /** For each set of completed calls and state: the unknown calls with which it was reached. */
  readonly #explored = new Map<string, bigint[]>();
  #exploredCount = 0;
  #furthest: Configuration<State, Operation, Outcome>;

  constructor(
    model: Model<State, Operation, Outcome>,
    calls: readonly Call<Operation, Outcome>[],
    configurationsMax: number,
  ) {
    this.#model = model;
    this.#configurationsMax = configurationsMax;
    this.#completed = calls.filter((call) => call.outcome !== undefined);
    this.#unknown = calls.filter(
      (call) => call.outcome === undefined && !model.isReadOnly(call.operation, undefined),
    );
    const texts = this.#unknown.map(({ operation }) => model.describeOperation(operation));
    this.#alikeBefore = texts.map((text, index) =>
      index === 0 ? -1 : texts.lastIndexOf(text, index - 1),
    );
    this.#furthest = {
      state: model.initial,
      horizon: 0,
      skipped: [],
      tookEffect: 0n,
      last: undefined,
      before: undefined,
    };
  }

  run(): "linearizable" | "violation" | "gave up" {
    const stack = [this.#furthest];
    for (;;) {
      const configuration = stack.pop();
      if (configuration === undefined) return "violation";
      if (linearisedCount(configuration) > linearisedCount(this.#furthest)) {
        this.#furthest = configuration;
      }
      if (linearisedCount(configuration) === this.#completed.length) return "linearizable";
      for (const next of this.#successors(configuration).reverse()) {
        if (!this.#isNew(next)) continue;
        if (this.#exploredCount === this.#configurationsMax) return "gave up";
        this.#exploredCount += 1;
        stack.push(next);
      }
    }
  }

  /** Completed calls first: most unknown ones never need to have taken effect. */
  #successors(
    from: Configuration<State, Operation, Outcome>,
  ): Configuration<State, Operation, Outcome>[] {
    const successors: Configuration<State, Operation, Outcome>[] = [];
    const { completed, unknown } = this.#candidates(from);
    for (const index of completed) {
      const last = this.#completedAt(index);
      for (const state of this.#model.step(from.state, last.operation, last.outcome)) {
        const next = { ...from, ...linearise(from, index), state, last, before: from };
        if (this.#model.isReadOnly(last.operation, last.outcome)) return [next];
        successors.push(next);
      }
    }
    for (const index of unknown) {
      const last = present(this.#unknown[index], `unknown call ${index}`);
      const tookEffect = from.tookEffect | (1n << BigInt(index));
      for (const state of this.#model.step(from.state, last.operation, undefined)) {
        successors.push({ ...from, tookEffect, state, last, before: from });
      }
    }
    return successors;
  }

  /** The calls that may come next: those that began before any other pending one had returned. */
  #candidates({ horizon, skipped, tookEffect }: Configuration<State, Operation, Outcome>): {
    completed: number[];
    unknown: number[];
  } {
    const completed = [...skipped];
    let firstReturn = Number.POSITIVE_INFINITY;
    for (const index of skipped) {
      firstReturn = Math.min(firstReturn, this.#completedAt(index).returnedAt);
    }
    for (let index = horizon; index < this.#completed.length; index++) {
      const { calledAt, returnedAt } = this.#completedAt(index);
      if (calledAt > firstReturn) break;
      completed.push(index);
      firstReturn = Math.min(firstReturn, returnedAt);
    }
    const unknown: number[] = [];
    for (const [index, call] of this.#unknown.entries()) {
      if (call.calledAt > firstReturn) break;
      const alike = this.#alikeBefore[index] ?? -1;
      const isNext = alike < 0 || hasBit(tookEffect, alike);
      if (isNext && !hasBit(tookEffect, index)) unknown.push(index);
    }
    return { completed, unknown };
  }

  /** False if the same was reached with no more of the unknown calls. */
  #isNew({
    state,
    horizon,
    skipped,
    tookEffect,
  }: Configuration<State, Operation, Outcome>): boolean {
    const place = `${horizon} ${skipped.join(",")} ${this.#model.stateKey(state)}`;
    const explored = this.#explored.get(place);
    if (explored === undefined) this.#explored.set(place, [tookEffect]);
    else if (explored.some((fewer) => (fewer & tookEffect) === fewer)) return false;
    else explored.push(tookEffect);
    return true;
  }

  #completedAt(index: number): Call<Operation, Outcome> {
    return present(this.#completed[index], `completed call ${index}`);
  }

  /** Where the longest order ends that explains the outcomes, and what cannot follow it. */
  explain(key: string): string {
    const furthest = this.#furthest;
    const order: Call<Operation, Outcome>[] = [];
    for (let at = furthest; at.last !== undefined && at.before !== undefined; at = at.before) {
      order.unshift(at.last);
    }
    const shown = order.slice(-EXPLAINED_CALLS_MAX);
    const { completed, unknown } = this.#candidates(furthest);
    const pending = [
      ...completed.map((index) => this.#completedAt(index)),
      ...unknown.map((index) => present(this.#unknown[index], `unknown call ${index}`)),
    ];
    const table = alignColumns([
      ["", "client", "operation", "outcome", "called", "returned"],
      ...shown.map((call) => ["", ...this.#describe(call)]),
      ["=", this.#model.stateKey(furthest.state)],
      ...pending.map((call) => ["?", ...this.#describe(call)]),
    ]);
    const count = `${linearisedCount(furthest)} of ${this.#completed.length}`;
    const omitted = order.length - shown.length;
    const longest = `The longest one${omitted > 0 ? ` without its first ${omitted}` : ""}`;
    return [
      `key ${JSON.stringify(key)}: no order explains more than ${count} completed operations.`,
      `${longest}, "=" the state after it, "?" what may come next and leads no further:`,
      ...table,
    ].join("\n");
  }

  #describe({ client, operation, outcome, calledAt, returnedAt }: Call<Operation, Outcome>) {
    return [
      client,
      this.#model.describeOperation(operation),
      outcome === undefined ? "unknown" : this.#model.describeOutcome(outcome),
      String(calledAt),
      outcome === undefined ? "never" : String(returnedAt),
    ];
  }
}

function linearisedCount({ horizon, skipped }: Configuration<unknown, unknown, unknown>): number {
  return horizon - skipped.length;
}

function hasBit(bits: bigint, index: number): boolean {
  return ((bits >> BigInt(index)) & 1n) === 1n;
}

/** The completed calls that are linearised, with one more. */
function linearise(
  { horizon, skipped }: { readonly horizon: number; readonly skipped: readonly number[] },
  index: number,
): { horizon: number; skipped: readonly number[] } {
  if (index < horizon) return { horizon, skipped: skipped.filter((other) => other !== index) };
  const passedOver = Array.from({ length: index - horizon }, (_, offset) => horizon + offset);
  return { horizon: index + 1, skipped: [...skipped, ...passedOver] };
}

function alignColumns(rows: readonly (readonly string[])[]): string[] {
  const widths: number[] = [];
  for (const row of rows) {
    // The state stands alone in its row and may be long: it widens no column.
    if (row.length === 2) continue;
    for (const [column, cell] of row.entries()) {
      widths[column] = Math.max(widths[column] ?? 0, cell.length);
    }
  }
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd(),
  );
}

/** Undefined is a key that is not there: to delete is to write it, to create is to swap it out. */
export type RegisterValue = string | number | undefined;

export type RegisterOperation =
  | { readonly type: "read" }
  | { readonly type: "write"; readonly value: RegisterValue }
  | {
      readonly type: "compareAndSet";
      readonly expected: RegisterValue;
      readonly value: RegisterValue;
    };

export type RegisterOutcome =
  | { readonly type: "read"; readonly value: RegisterValue }
  | { readonly type: "written" }
  | { readonly type: "compared"; readonly swapped: boolean };

/** One value that is read, written, and swapped if it is as expected. It begins as undefined. */
export const registerModel: Model<RegisterValue, RegisterOperation, RegisterOutcome> = {
  initial: undefined,

  step(state, operation, outcome) {
    switch (operation.type) {
      case "read": {
        const fits = outcome?.type === "read" && outcome.value === state;
        return outcome === undefined || fits ? [state] : [];
      }
      case "write":
        return outcome === undefined || outcome.type === "written" ? [operation.value] : [];
      case "compareAndSet": {
        const swapped = state === operation.expected;
        const fits = outcome?.type === "compared" && outcome.swapped === swapped;
        return outcome === undefined || fits ? [swapped ? operation.value : state] : [];
      }
    }
  },

  isReadOnly(operation, outcome) {
    return operation.type === "read" || (outcome?.type === "compared" && !outcome.swapped);
  },

  stateKey: valueText,

  describeOperation(operation) {
    switch (operation.type) {
      case "read":
        return "read";
      case "write":
        return `write ${valueText(operation.value)}`;
      case "compareAndSet":
        return `compare ${valueText(operation.expected)}, set ${valueText(operation.value)}`;
    }
  },

  describeOutcome(outcome) {
    switch (outcome.type) {
      case "read":
        return valueText(outcome.value);
      case "written":
        return "written";
      case "compared":
        return outcome.swapped ? "set" : "refused";
    }
  },
};

function valueText(value: RegisterValue): string {
  return value === undefined ? "absent" : JSON.stringify(value);
}
