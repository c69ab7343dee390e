import { describe, expect, test } from "vitest";
import { complain, nonsenseIn } from "../../../monitor/consensus/sense.ts";
import {
  type ConsensusMessage,
  type LogEffect,
  ROUND_MAX,
} from "../../../monitor/consensus/state.ts";
import { EPOCH_MAX } from "../../../monitor/tree/batch.ts";
import { Script } from "./script.ts";

const THREE = [1, 2, 3];
const FAR = 2 ** 53 - 1;

/** Member 1 leads, and slot 1 is chosen. */
function led(): Script {
  const script = Script.formed(THREE);
  script.elect(1);
  script.heartbeats(2);
  return script;
}

const HELLO: ConsensusMessage = {
  type: "hello",
  life: 5,
  answers: 0,
  ticket: 1,
  knows: 0,
  standing: "acceptor",
  ensemble: 9,
  promise: { round: 1, node: 2 },
  last: 3,
  commit: 3,
  leads: false,
};
const HEARTBEAT: ConsensusMessage = {
  type: "heartbeat",
  round: 1,
  sequence: 1,
  life: 0,
  commit: 1,
  backedMs: 5,
  echoMs: Number.NEGATIVE_INFINITY,
  slot: 0,
  digest: 0,
};
const ACCEPTED: ConsensusMessage = { type: "accepted", round: 1, life: 5, to: 1, gap: false };
const CHOSEN: ConsensusMessage = { type: "chosen", prev: 0, commit: 1, entries: [] };
const VALUES = new Uint8Array(3);

describe("what another member says makes", () => {
  const own: Partial<ConsensusMessage> = { life: -1 };

  test.each<[ConsensusMessage, Partial<ConsensusMessage>]>([
    [HELLO, {}],
    [HELLO, { standing: "empty", ensemble: undefined }],
    [{ type: "preVote", round: ROUND_MAX, commit: 0 }, {}],
    [{ type: "accept", round: 1, prev: 7, commit: 9, sizes: [2, 0, 1] }, {}],
    [CHOSEN, { entries: [{ round: 1, size: 3 }] }],
    [ACCEPTED, { to: 1 }],
    [ACCEPTED, { round: 7, to: FAR }],
    [HEARTBEAT, {}],
    [HEARTBEAT, { echoMs: Number.POSITIVE_INFINITY }],
    [HEARTBEAT, own],
    [HEARTBEAT, { ...own, echoMs: 0, backedMs: 0 }],
    [{ type: "heartbeatAck", round: 1, life: 5, sequence: 1, sentMs: 7.5 }, {}],
    [{ type: "fetch", from: 1, want: 1_000 }, {}],
  ])("sense: %j with %j", (message, changes) => {
    expect(nonsense(message, changes)).toBeUndefined();
  });

  test.each<[ConsensusMessage, Partial<ConsensusMessage>, string]>([
    [HELLO, { promise: { round: FAR, node: 2 } }, "a promise of round"],
    [HELLO, { last: FAR }, "its log ends at"],
    [HELLO, { commit: FAR }, "is chosen"],
    [HELLO, { ensemble: undefined }, "acceptor in no ensemble"],
    [HELLO, { standing: "empty" }, "empty in ensemble 9"],
    [{ type: "preVote", round: ROUND_MAX + 1, commit: 0 }, {}, "round 2097152"],
    [{ type: "preVoted", round: 1, granted: true, promised: FAR, commit: 0 }, {}, "a promise"],
    [{ type: "prepare", round: FAR, life: 5, commit: 0 }, {}, "round"],
    [{ type: "refused", round: 1, promised: FAR, commit: 0 }, {}, "a promise of round"],
    [{ type: "takeOver", round: FAR }, {}, "round"],
    [
      { type: "promised", round: 1, life: 5, commit: 0, accepted: [{ round: FAR, size: 3 }] },
      {},
      "a value of round",
    ],
    [{ type: "accept", round: 1, prev: FAR, commit: 0, sizes: [3] }, {}, "a value in slot"],
    [{ type: "accept", round: 1, prev: 1, commit: 0, sizes: [4] }, {}, "values of 4 bytes in 3"],
    [CHOSEN, { entries: [{ round: 1, size: 2 }] }, "values of 2 bytes in 3"],
    [CHOSEN, {}, "values of 0 bytes in 3"],
    [ACCEPTED, { to: 2 }, "while the last one is 1"],
    [HEARTBEAT, { ...own, echoMs: FAR }, "it was backed"],
    [HEARTBEAT, { ...own, backedMs: -1 }, "it was backed"],
    [HEARTBEAT, { ...own, backedMs: Number.NaN }, "it was backed"],
    [HEARTBEAT, { ...own, echoMs: Number.NaN }, "it was backed"],
    [
      { type: "heartbeatAck", round: 1, life: 5, sequence: 1, sentMs: Number.NaN },
      {},
      "sent at NaN ms",
    ],
    [{ type: "fetch", from: 0, want: 0 }, {}, "slot 0"],
    [{ type: "fetch", from: 1, want: FAR }, {}, "it wants slot"],
  ])("none: %j with %j", (message, changes, what) => {
    expect(nonsense(message, changes)).toContain(what);
  });

  /** With three bytes behind what has values; our own life where -1 stands. */
  function nonsense(base: ConsensusMessage, changes: Partial<ConsensusMessage>) {
    const state = led().state(1);
    const message = { ...base, ...changes } as ConsensusMessage;
    const isOwn = message.type === "heartbeat" && message.life < 0;
    const seen = isOwn ? { ...message, life: state.life } : message;
    return nonsenseIn(state, { message: seen, payload: VALUES }, 2_000_000);
  }
});

test("a round is what an epoch of the tree can be", () => {
  expect(ROUND_MAX).toBe(EPOCH_MAX);
});

test("who makes no sense is told once a second at most", () => {
  const state = led().state(1);
  const out: LogEffect[] = [];
  for (const nowMs of [1_000, 1_999, 2_000, 2_500]) {
    complain(state, { node: 3, what: `at ${nowMs}` }, nowMs, out);
  }
  expect(out.map(({ level, message }) => `${level}: ${message}`)).toEqual([
    "error: mon.3 sent what makes no sense, and it is dropped: at 1000",
    "error: mon.3 sent what makes no sense, and it is dropped: at 2000",
  ]);
});

test("nonsense changes nothing", () => {
  const script = led();
  const before = structuredClone({ ...script.state(1), log: undefined, complaintDueMs: 0 });
  const message = { type: "accepted", round: 1, life: script.state(2).life, to: 99, gap: false };
  script.arrive({ from: 2, to: 1, message: message as ConsensusMessage, payload: VALUES });
  expect({ ...script.state(1), log: undefined, complaintDueMs: 0 }).toEqual(before);
});
