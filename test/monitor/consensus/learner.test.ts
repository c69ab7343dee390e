import { describe, expect, test } from "vitest";
import { AssertionError } from "../../../cluster/base/assert.ts";
import { toHex, utf8 } from "../../../cluster/base/bytes.ts";
import { installRows, trimLog } from "../../../monitor/consensus/learner.ts";
import type { ConsensusMessage } from "../../../monitor/consensus/state.ts";
import { Script } from "./script.ts";

const THREE = [1, 2, 3];
const EMPTY = new Uint8Array(0);

/** Slots 1 to 4 are chosen, and 3 knows of the first alone. */
function behind(): Script {
  const script = Script.formed(THREE);
  script.elect(1);
  script.heartbeats(2);
  script.cutOff(3);
  for (const text of ["a", "b", "c"]) script.propose(1, text);
  script.settle();
  script.lose({ to: 3 });
  script.lose({ from: 3 });
  return script;
}

function chosen(prev: number, commit: number, texts: string[], round = 1) {
  const entries = texts.map((text) => ({ round, size: utf8(text).byteLength }));
  const message: ConsensusMessage = { type: "chosen", prev, commit, entries };
  return { from: 2, to: 3, message, payload: new Uint8Array(Buffer.from(texts.join(""))) };
}

function fetch(script: Script, from: number, want = 0): ConsensusMessage[] {
  const message: ConsensusMessage = { type: "fetch", from, want };
  script.arrive({ from: 3, to: 1, message, payload: EMPTY });
  return script.lose({ from: 1, to: 3 }).map((flight) => flight.message);
}

describe("who is asked for what is chosen", () => {
  test("sends it from its log, and says how far it goes", () => {
    expect(fetch(behind(), 2)).toEqual([
      { type: "chosen", prev: 1, commit: 4, entries: Array(3).fill({ round: 1, size: 1 }) },
    ]);
  });

  test("says nothing if it knows no more", () => {
    expect(fetch(behind(), 5)).toEqual([]);
  });

  test("sends rows where its log does not reach, once", () => {
    const script = behind();
    script.checkpoint(1, 3);
    expect(fetch(script, 2)).toEqual([]);
    expect(fetch(script, 2)).toEqual([]);
    script.sync(1);
    expect(script.transfersOf(1)).toEqual([3]);
    expect(fetch(script, 4)).toMatchObject([{ type: "chosen", prev: 3 }]);
  });

  test("remembers which slot is wanted", () => {
    const script = behind();
    fetch(script, 5, 9);
    fetch(script, 5, 7);
    expect(script.state(1).wantedSlot).toBe(9);
  });
});

describe("who hears what is chosen", () => {
  test("knows it, writes it down, and asks for the rest", () => {
    const script = behind();
    script.arrive(chosen(1, 4, ["a", "b"]));
    expect(script.state(3).commit).toBe(3);
    expect(script.flights({ type: "fetch", from: 3 }).map(({ message }) => message)).toEqual([
      { type: "fetch", from: 4, want: 0 },
    ]);
    script.sync(3);
    script.restart(3);
    expect(script.logOf(3)).toEqual(["leader 1@1", "a@1", "b@1"]);
  });

  test("takes of it what is new, and nothing twice", () => {
    const script = behind();
    script.arrive(chosen(1, 3, ["a", "b"]));
    script.arrive(chosen(0, 4, ["leader 1", "a", "b", "c"]));
    script.arrive(chosen(1, 3, ["a", "b"]));
    expect(script.state(3).commit).toBe(4);
    expect(script.logOf(3)).toEqual(["leader 1@1", "a@1", "b@1", "c@1"]);
  });

  test.each<[string, ReturnType<typeof chosen>]>([
    ["begins behind what it knows", chosen(2, 4, ["b", "c"])],
    ["does not fit its sizes", { ...chosen(1, 4, ["a"]), payload: EMPTY }],
  ])("ignores what %s", (_what, flight) => {
    const script = behind();
    script.arrive(flight);
    expect(script.state(3).commit).toBe(1);
    expect(script.logOf(3)).toHaveLength(1);
  });

  test("replaces what it had accepted of a lower round", () => {
    const script = behind();
    const accept: ConsensusMessage = {
      type: "accept",
      round: 1,
      prev: 1,
      commit: 1,
      sizes: [1, 1],
    };
    script.arrive({ from: 1, to: 3, message: accept, payload: utf8("xy") });
    script.arrive(chosen(1, 2, ["a"], 2));
    expect(script.logOf(3)).toEqual(["leader 1@1", "a@2", "y@1"]);
    expect(script.state(3).commit).toBe(2);
  });

  test("stops if it holds another value of the same round: one of the two is a lie", () => {
    const script = behind();
    const accept: ConsensusMessage = { type: "accept", round: 1, prev: 1, commit: 1, sizes: [1] };
    script.arrive({ from: 1, to: 3, message: accept, payload: utf8("x") });
    expect(() => script.arrive(chosen(1, 2, ["a"]))).toThrow(AssertionError);
  });
});

describe("rows that replace the log's front", () => {
  test("take the log's place as far as they go", () => {
    const script = behind();
    const accept: ConsensusMessage = {
      type: "accept",
      round: 1,
      prev: 1,
      commit: 1,
      sizes: [1, 1, 1],
    };
    script.arrive({ from: 1, to: 3, message: accept, payload: utf8("abc") });
    const state = script.state(3);
    const deletes = installRows(state, 3).map(({ key }) => toHex(key));
    expect(deletes).toEqual([1, 2, 3].map((slot) => `636c000000000000000${slot}`));
    expect([state.log.first, state.log.last, state.commit]).toEqual([4, 4, 3]);
    expect(state.accepting.to).toBe(4);
  });

  test("go beyond it, and it begins behind them", () => {
    const script = behind();
    const state = script.state(3);
    installRows(state, 9);
    expect([state.log.first, state.log.last, state.commit]).toEqual([10, 9, 9]);
    expect(state.accepting.to).toBe(9);
  });

  test("are refused if they are no news", () => {
    expect(() => installRows(behind().state(3), 1)).toThrow(AssertionError);
  });
});

describe("a log is trimmed", () => {
  test("up to a slot that is in the rows, and once", () => {
    const { log } = behind().state(1);
    const state = behind().state(1);
    expect(log.first).toBe(1);
    expect(trimLog(state, 2)).toHaveLength(2);
    expect(trimLog(state, 2)).toEqual([]);
    expect([state.log.first, state.log.last]).toEqual([3, 4]);
  });

  test("never beyond what is chosen", () => {
    expect(() => trimLog(behind().state(3), 2)).toThrow(AssertionError);
  });
});
