/**
 * Whatever well-framed nonsense a member sends, nobody's process ends by it. Two members that speak for one round, and two
 * values that were chosen in one slot, are no nonsense but the end of what all of this is for: these stay assertions.
 */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { ConsensusMessage } from "../../../monitor/consensus/state.ts";
import { Script } from "./script.ts";

const RUNS = 2_000;
const BROKEN = /has the leaders|was chosen with two values/;

const numbers = fc.oneof(
  fc.nat(8),
  fc.constantFrom(1_000, 1_002, 4_096, 70_001, 2 ** 21 - 1, 2 ** 21, 2 ** 52, 2 ** 53 - 1),
);
const times = fc.oneof(
  numbers,
  fc.constantFrom(Number.NaN, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY, -5, 0.5),
);
const sizes = fc.array(fc.nat(3), { maxLength: 4 });
const entries = fc.array(fc.record({ round: numbers, size: fc.nat(3) }), { maxLength: 4 });
const standing = fc.constantFrom("empty", "forming", "rejoining", "acceptor");
const promise = fc.record({ round: numbers, node: fc.nat(4) });
const lives = fc.constantFrom(0, 1_001, 1_002, 1_003, 1_004, 2 ** 53 - 1);
const is = <Type extends string>(type: Type) => fc.constant(type);

const messages = fc.oneof(
  fc.record({
    type: is("hello"),
    life: lives,
    answers: lives,
    ticket: numbers,
    knows: lives,
    standing,
    ensemble: fc.option(numbers, { nil: undefined }),
    promise,
    last: numbers,
    commit: numbers,
    leads: fc.boolean(),
  }),
  fc.record({ type: is("form"), ensemble: numbers, life: lives }),
  fc.record({ type: is("preVote"), round: numbers, commit: numbers }),
  fc.record({
    type: is("preVoted"),
    round: numbers,
    granted: fc.boolean(),
    promised: numbers,
    commit: numbers,
  }),
  fc.record({ type: is("prepare"), round: numbers, life: lives, commit: numbers }),
  fc.record({
    type: is("promised"),
    round: numbers,
    life: lives,
    commit: numbers,
    accepted: entries,
  }),
  fc.record({ type: is("refused"), round: numbers, promised: numbers, commit: numbers }),
  fc.record({ type: is("accept"), round: numbers, prev: numbers, commit: numbers, sizes }),
  fc.record({
    type: is("accepted"),
    round: numbers,
    life: lives,
    to: numbers,
    gap: fc.boolean(),
  }),
  fc.record({
    type: is("heartbeat"),
    round: numbers,
    sequence: numbers,
    life: lives,
    commit: numbers,
    backedMs: times,
    echoMs: times,
    slot: numbers,
    digest: numbers,
  }),
  fc.record({
    type: is("heartbeatAck"),
    round: numbers,
    life: lives,
    sequence: numbers,
    sentMs: times,
  }),
  fc.record({ type: is("fetch"), from: numbers, want: numbers }),
  fc.record({ type: is("chosen"), prev: numbers, commit: numbers, entries }),
  fc.record({ type: is("takeOver"), round: numbers }),
) satisfies fc.Arbitrary<ConsensusMessage>;

/** The payload is what the message says, or a little else. */
function payloadOf(message: ConsensusMessage, off: number): Uint8Array {
  const all =
    message.type === "accept"
      ? message.sizes
      : message.type === "promised"
        ? message.accepted.map(({ size }) => size)
        : message.type === "chosen"
          ? message.entries.map(({ size }) => size)
          : [];
  return new Uint8Array(Math.max(0, all.reduce((sum, size) => sum + size, 0) + off)).fill(120);
}

const STAGES: readonly [string, () => Script][] = [
  ["an empty one", () => new Script([1, 2, 3])],
  ["a follower", () => elected(2)],
  ["a leader", () => elected(1)],
  ["one that has lost its disk", rejoining],
];

function elected(leader: number): Script {
  const script = Script.formed([1, 2, 3]);
  script.elect(leader);
  script.propose(leader, "a");
  script.heartbeats(1);
  return script;
}

function rejoining(): Script {
  const script = elected(2);
  script.cutOff(3);
  script.wipe(1);
  script.tick(1);
  script.settle();
  return script;
}

describe.each(STAGES)("%s", (_what, make) => {
  test("survives whatever the others say", () => {
    const said = fc.record({
      from: fc.constantFrom(2, 3, 4),
      message: messages,
      off: fc.constantFrom(0, 0, 0, 1, -1),
      ms: fc.constantFrom(0, 50, 700),
    });
    let quietRuns = 0;
    fc.assert(
      fc.property(fc.array(said, { minLength: 1, maxLength: 12 }), (all) => {
        const script = make();
        try {
          for (const { from, message, off, ms } of all) {
            script.passMs(ms);
            script.arrive({ from, to: 1, message, payload: payloadOf(message, off) });
            script.tick(1);
            script.sync(1);
          }
          quietRuns += 1;
        } catch (error) {
          if (!BROKEN.test(String(error))) throw error;
        }
        expect(Number.isNaN(script.state(1).backedAtMs)).toBe(false);
        expect(script.wires.length).toBeLessThan(1_000);
      }),
      { numRuns: RUNS / STAGES.length },
    );
    expect(quietRuns).toBeGreaterThan(RUNS / STAGES.length / 2);
  });
});
