import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createPrng, randomChance, randomInt, randomPick } from "../../../cluster/base/prng.ts";
import {
  checkLinearizable,
  History,
  type RegisterOperation,
  type RegisterOutcome,
  type RegisterValue,
  registerModel,
  type Verdict,
} from "./linearizability.ts";

type RegisterHistory = History<RegisterOperation, RegisterOutcome>;

const WRITTEN: RegisterOutcome = { type: "written" };

function check(history: RegisterHistory, configurationsMax?: number): Verdict {
  return checkLinearizable(history, registerModel, configurationsMax);
}

/**
 * A history from its drawing: one line per client, time to the right, [ a call and ] its return; >
 * in place of ] if nobody learnt the outcome. Values are single characters, - is absent:
 *   w1 writes 1    r1 reads 1    c12+ and c12- compare with 1 and set 2, swapped and refused
 * In one column calls come before returns, so that drawn contact is overlap.
 */
function draw(...lanes: string[]): RegisterHistory {
  const history: RegisterHistory = new History();
  const events: { column: number; order: number; happen: () => void }[] = [];
  for (const [lane, text] of lanes.entries()) {
    for (const match of text.matchAll(/\[([a-z])(.*?)([\]>])/g)) {
      const [whole, type, rest, end] = match;
      const { operation, outcome } = drawnOperation(type ?? "", (rest ?? "").trim());
      let id = 0;
      const call = () => {
        id = history.invoke({ client: `c${lane}`, key: "x", operation });
      };
      const finish = () => (end === ">" ? history.unknown(id) : history.complete(id, outcome));
      events.push({ column: match.index, order: 0, happen: call });
      events.push({ column: match.index + whole.length - 1, order: 1, happen: finish });
    }
  }
  events.sort((left, right) => left.column - right.column || left.order - right.order);
  for (const { happen } of events) happen();
  return history;
}

function drawnOperation(
  type: string,
  rest: string,
): { operation: RegisterOperation; outcome: RegisterOutcome } {
  const [first, second] = [...rest].map((text) => (text === "-" ? undefined : text));
  if (type === "r") return { operation: { type: "read" }, outcome: { type: "read", value: first } };
  if (type === "w") return { operation: { type: "write", value: first }, outcome: WRITTEN };
  return {
    operation: { type: "compareAndSet", expected: first, value: second },
    outcome: { type: "compared", swapped: rest.endsWith("+") },
  };
}

describe("small histories", () => {
  const yes = true;
  const no = false;

  // biome-ignore format: the drawings show what overlaps what only while they are aligned.
  test.each<[string, boolean, string[]]>([
    ["nothing at all",                          yes, []],
    ["a register begins absent",                yes, ["[r-]"]],
    ["a read of what was written",              yes, ["[w1] [r1]"]],
    ["a read of what nobody wrote",             no,  ["[w1] [r2]"]],
    ["a stale read",                            no,  ["[w1] [w2]",
                                                      "          [r1]"]],
    ["a read beside a write: before it",        yes, ["[w1] [w2   ]",
                                                      "       [r1]"]],
    ["a read beside a write: after it",         yes, ["[w1] [w2   ]",
                                                      "       [r2]"]],
    ["two reads beside a write, in order",      yes, ["[w1] [w2           ]",
                                                      "       [r1] [r2]"]],
    ["two reads beside a write, going back",    no,  ["[w1] [w2           ]",
                                                      "       [r2] [r1]"]],
    ["going back, seen by two clients",         no,  ["[w1] [w2           ]",
                                                      "       [r2]",
                                                      "            [r1]"]],
    ["overlapping readers may differ",          yes, ["[w1] [w2           ]",
                                                      "       [r2 ]",
                                                      "         [r1]"]],
    ["two writes at once, either order",        yes, ["[w1  ]      [r1]",
                                                      " [w2  ]"]],
    ["two writes at once, both orders",         no,  ["[w1  ]     [r1]",
                                                      " [w2  ]         [r2]"]],
    ["a deleted key read as present",           no,  ["[w1] [w-] [r1]"]],
    ["deleted and created again",               yes, ["[w1] [w-] [c-2+] [r2]"]],
    ["created although it is there",            no,  ["[w1] [c-2+]"]],
    ["a lost update",                           no,  ["[w1] [c12+]",
                                                      "           [c23+] [r2]"]],
    ["the same cas succeeds for two",           no,  ["[w1] [c12+]",
                                                      "      [c13+]"]],
    ["one of two cas succeeds",                 yes, ["[w1] [c12+]",
                                                      "      [c13-] [r2]"]],
    ["a cas refused for no reason",             no,  ["[w1] [c12-]"]],
    ["a cas refused beside the reason",         yes, ["[w1] [c12-]",
                                                      "       [w3 ]"]],
    ["a cas chain drawn backwards",             yes, ["[w0] [c23+    ]",
                                                      "     [c12+    ]",
                                                      "     [c01+    ] [r3]"]],
    ["an unknown write that never happened",    yes, ["[w1]",
                                                      "     [w2>  [r1] [r1]"]],
    ["an unknown write that happened",          yes, ["[w1]",
                                                      "     [w2>  [r2] [r2]"]],
    ["an unknown write seen late",              yes, ["[w1]",
                                                      "     [w2>  [r1] [r1] [r2]"]],
    ["an unknown write seen, then gone",        no,  ["[w1]",
                                                      "     [w2>  [r2] [r1]"]],
    ["an unknown write happens only once",      no,  ["[w1]           [w3]",
                                                      "     [w2>  [r2]      [r2]"]],
    ["an unknown write seen before its call",   no,  ["[w1] [r2]",
                                                      "          [w2>"]],
    ["an unknown cas that happened",            yes, ["[w1]",
                                                      "     [c12> [r2]"]],
    ["an unknown cas that could not",           no,  ["[w1]",
                                                      "     [c32> [r2]"]],
    ["two unknown writes, both seen",           yes, ["[w1>",
                                                      "[w2>  [r2] [r1]"]],
    ["two unknown writes, one seen twice",      no,  ["[w1>",
                                                      "[w2>  [r2] [r1] [r2]"]],
    ["unknown cas that need each other",        yes, ["[w0] [c12>",
                                                      "     [c01> [r2]"]],
    ["an unknown read says nothing",            yes, ["[w1] [r9>",
                                                      "          [r1]"]],
  ])("%s", (_, expected, lanes) => {
    expect(check(draw(...lanes)).ok).toBe(expected);
  });
});

describe("History", () => {
  const write = (value: RegisterValue): RegisterOperation => ({ type: "write", value });
  const read: RegisterOperation = { type: "read" };

  test("each key is a register of its own", () => {
    const history: RegisterHistory = new History();
    history.complete(history.invoke({ client: "a", key: "x", operation: write(1) }), WRITTEN);
    const readsY = history.invoke({ client: "a", key: "y", operation: read });
    history.complete(readsY, { type: "read", value: 1 });
    expect(check(history)).toMatchObject({ ok: false, code: "NOT_LINEARIZABLE", key: "y" });
  });

  test("an operation that is still open may have taken effect", () => {
    const history: RegisterHistory = new History();
    history.invoke({ client: "a", key: "x", operation: write(1) });
    const reads = history.invoke({ client: "b", key: "x", operation: read });
    history.complete(reads, { type: "read", value: 1 });
    expect(check(history)).toEqual({ ok: true });
  });

  test("a discarded operation has no effect", () => {
    const history: RegisterHistory = new History();
    history.discard(history.invoke({ client: "a", key: "x", operation: write(1) }));
    const reads = history.invoke({ client: "b", key: "x", operation: read });
    history.complete(reads, { type: "read", value: 1 });
    expect(check(history).ok).toBe(false);
  });

  test("an operation ends once", () => {
    const history: RegisterHistory = new History();
    const id = history.invoke({ client: "a", key: "x", operation: read });
    history.unknown(id);
    expect(() => history.complete(id, { type: "read", value: 1 })).toThrow("is not open");
    expect(() => history.discard(id)).toThrow("is not open");
    expect(() => history.unknown(7)).toThrow("is not open");
  });
});

test("a violation is explained by the longest order, its state and what cannot follow", () => {
  const verdict = check(draw("[w1]      [c34+]", "[w2>  [r2]", "         [r1        ]"));
  expect(verdict).toEqual({
    ok: false,
    code: "NOT_LINEARIZABLE",
    key: "x",
    explanation: [
      'key "x": no order explains more than 3 of 4 completed operations.',
      'The longest one, "=" the state after it, "?" what may come next and leads no further:',
      "   client  operation             outcome  called  returned",
      '   c0      write "1"             written  0       2',
      '   c2      read                  "1"      4       8',
      '   c1      write "2"             unknown  1       never',
      '   c1      read                  "2"      3       5',
      '=  "2"',
      '?  c0      compare "3", set "4"  set      6       7',
    ].join("\n"),
  });
});

test("a long order is explained by its end", () => {
  const lane = "[w1] ".repeat(40);
  const verdict = check(draw(`${lane}[r2]`));
  expect(verdict.ok ? "" : verdict.explanation).toContain("The longest one without its first 28, ");
});

test("a search that reaches its bound says so instead of guessing", () => {
  const history = draw("[w1     ]", " [w2    ]", "  [w3   ]", "          [r9]");
  expect(check(history, 5)).toEqual({
    ok: false,
    code: "UNDECIDED",
    key: "x",
    explanation:
      'key "x": gave up after 5 configurations (CONFIGURATIONS_MAX); ' +
      "write values that differ, or fewer operations per key",
  });
  expect(check(history)).toMatchObject({ code: "NOT_LINEARIZABLE" });
});

/** One turn of one client: it calls, or its call takes effect, or its call ends. */
interface Turn {
  readonly client: number;
  readonly operation: RegisterOperation;
  /** The client gives up instead, or what it gave up on earlier takes effect. */
  readonly stray: boolean;
}

interface Running {
  readonly id: number;
  readonly operation: RegisterOperation;
  outcome: RegisterOutcome | undefined;
}

const IMPOSSIBLE = 99;

/** What clients of one atomic register record. The `liar`-th read reports a value nobody wrote. */
function recordRegister(turns: readonly Turn[], liar?: number) {
  const history: RegisterHistory = new History();
  const running = new Map<number, Running>();
  const abandoned: Running[] = [];
  let value: RegisterValue;
  let readCount = 0;

  const takeEffect = (call: Running): void => {
    const { operation } = call;
    if (operation.type === "read") {
      call.outcome = { type: "read", value };
    } else if (operation.type === "write") {
      value = operation.value;
      call.outcome = WRITTEN;
    } else {
      const swapped = value === operation.expected;
      if (swapped) value = operation.value;
      call.outcome = { type: "compared", swapped };
    }
  };

  const finish = (id: number, outcome: RegisterOutcome): void => {
    const isLie = outcome.type === "read" && readCount++ === liar;
    history.complete(id, isLie ? { type: "read", value: IMPOSSIBLE } : outcome);
  };

  for (const { client, operation, stray } of turns) {
    const call = running.get(client);
    if (call === undefined) {
      const forgotten = stray ? abandoned.shift() : undefined;
      if (forgotten !== undefined) takeEffect(forgotten);
      const id = history.invoke({ client: `c${client}`, key: "x", operation });
      running.set(client, { id, operation, outcome: undefined });
    } else if (stray) {
      running.delete(client);
      history.unknown(call.id);
      if (call.outcome === undefined) abandoned.push(call);
    } else if (call.outcome === undefined) {
      takeEffect(call);
    } else {
      running.delete(client);
      finish(call.id, call.outcome);
    }
  }
  return { history, readCount };
}

const registerValue: fc.Arbitrary<RegisterValue> = fc.constantFrom(1, 2, undefined);
const registerOperation: fc.Arbitrary<RegisterOperation> = fc.oneof(
  fc.constant<RegisterOperation>({ type: "read" }),
  fc.record({ type: fc.constant("write" as const), value: registerValue }),
  fc.record({
    type: fc.constant("compareAndSet" as const),
    expected: registerValue,
    value: registerValue,
  }),
);
const registerTurns: fc.Arbitrary<Turn[]> = fc.array(
  fc.record({
    client: fc.nat(4),
    operation: registerOperation,
    stray: fc.nat(7).map((draw) => draw === 0),
  }),
  { maxLength: 120 },
);

describe("random histories of an atomic register", () => {
  test("are linearizable", () => {
    fc.assert(
      fc.property(registerTurns, (turns) => {
        expect(check(recordRegister(turns).history)).toEqual({ ok: true });
      }),
      { numRuns: 300 },
    );
  });

  test("are not, once any one read reports a value that nobody wrote", () => {
    fc.assert(
      fc.property(registerTurns, fc.nat(), (turns, draw) => {
        const { readCount } = recordRegister(turns);
        fc.pre(readCount > 0);
        const { history } = recordRegister(turns, draw % readCount);
        expect(check(history)).toMatchObject({ ok: false, code: "NOT_LINEARIZABLE" });
      }),
      { numRuns: 300 },
    );
  });
});

/** Every order of every subset of the calls that leaves out unknown ones only. */
function* orders(rest: readonly RecordedCall[]): Generator<RecordedCall[]> {
  if (rest.every((call) => call.outcome === undefined)) yield [];
  for (const first of rest) {
    for (const others of orders(rest.filter((call) => call !== first))) yield [first, ...others];
  }
}

type RecordedCall = ReturnType<RegisterHistory["calls"]>[number];

function respectsTime(order: readonly RecordedCall[]): boolean {
  return order.every((call, index) =>
    order.slice(index + 1).every((later) => later.returnedAt > call.calledAt),
  );
}

function replays(order: readonly RecordedCall[]): boolean {
  let value: RegisterValue;
  return order.every(({ operation, outcome }) => {
    const old = value;
    if (operation.type === "read") return outcome?.type !== "read" || outcome.value === old;
    const writes = operation.type === "write" || operation.expected === old;
    if (writes) value = operation.value;
    return outcome?.type !== "compared" || outcome.swapped === writes;
  });
}

/** A call or its end, whichever is this client's turn; the end is made up. */
interface Claim {
  readonly client: number;
  readonly operation: RegisterOperation;
  readonly read: RegisterValue;
  readonly swapped: boolean;
  readonly isUnknown: boolean;
}

function recordClaims(claims: readonly Claim[]): RegisterHistory {
  const history: RegisterHistory = new History();
  const open = new Map<number, { id: number; type: RegisterOperation["type"] }>();
  for (const { client, operation, read, swapped, isUnknown } of claims) {
    const call = open.get(client);
    if (call === undefined) {
      const id = history.invoke({ client: `c${client}`, key: "x", operation });
      open.set(client, { id, type: operation.type });
      continue;
    }
    open.delete(client);
    if (isUnknown) history.unknown(call.id);
    else if (call.type === "write") history.complete(call.id, WRITTEN);
    else if (call.type === "read") history.complete(call.id, { type: "read", value: read });
    else history.complete(call.id, { type: "compared", swapped });
  }
  return history;
}

test("the verdict on any small history is that of trying every order", () => {
  const claim = fc.record({
    client: fc.nat(2),
    operation: registerOperation,
    read: registerValue,
    swapped: fc.boolean(),
    isUnknown: fc.nat(4).map((draw) => draw === 0),
  });
  fc.assert(
    fc.property(fc.array(claim, { maxLength: 10 }), (claims) => {
      const history = recordClaims(claims);
      const calls = history.calls();
      fc.pre(calls.length <= 6);
      let expected = false;
      for (const order of orders(calls)) expected ||= respectsTime(order) && replays(order);
      expect(check(history).ok).toBe(expected);
    }),
    { numRuns: 2000 },
  );
});

/** A third as many operations as turns, of ten clients that are at work most of the time. */
function manyTurns({ turnCount, valueCount }: { turnCount: number; valueCount: number }): Turn[] {
  const prng = createPrng(1);
  const anyValue = () => randomInt(prng, valueCount);
  const operation = (): RegisterOperation =>
    randomPick<RegisterOperation>(prng, [
      { type: "read" },
      { type: "write", value: anyValue() },
      { type: "compareAndSet", expected: anyValue(), value: anyValue() },
    ]);
  return Array.from({ length: turnCount }, () => ({
    client: randomInt(prng, 10),
    operation: operation(),
    stray: randomChance(prng, 0.01),
  }));
}

describe("long histories of ten clients on one key", () => {
  test.each([2, 5, 1000])("of %d different values are accepted within the bound", (valueCount) => {
    const { history } = recordRegister(manyTurns({ turnCount: 9000, valueCount }));
    expect(check(history)).toEqual({ ok: true });
  });

  test("of different values are rejected within the bound for a wrong last read alone", () => {
    const turns = manyTurns({ turnCount: 3000, valueCount: 1000 });
    const { readCount } = recordRegister(turns);
    const { history } = recordRegister(turns, readCount - 1);
    expect(check(history)).toMatchObject({ ok: false, code: "NOT_LINEARIZABLE" });
  });
});
