import { describe, expect, test } from "vitest";
import type { ConsensusMessage } from "../../../monitor/consensus/state.ts";
import { Script } from "./script.ts";

const THREE = [1, 2, 3];
const EMPTY = new Uint8Array(0);

describe("an ensemble", () => {
  test.each([[[1]], [[1, 2]], [THREE], [[1, 2, 3, 4, 5]]])(
    "of %j chooses what its leader proposes, on every member",
    (members) => {
      const script = Script.formed(members);
      script.elect(1);
      script.propose(1, "a");
      script.propose(1, "b");
      script.settle();
      script.heartbeats();
      for (const node of members) {
        expect(script.state(node).commit).toBe(3);
        expect(script.logOf(node)).toEqual(["leader 1@1", "a@1", "b@1"]);
      }
      expect(script.violations).toEqual([]);
    },
  );

  test("keeps what it chose when all start again", () => {
    const script = Script.formed(THREE);
    script.elect(1);
    script.propose(1, "a");
    script.settle();
    for (const node of THREE) script.restart(node);
    script.greet();
    script.elect(3);
    for (const node of THREE) {
      script.heartbeats();
      expect(script.logOf(node).map((text) => text.split("@")[0])).toEqual([
        "leader 1",
        "a",
        "leader 3",
      ]);
    }
  });

  test("goes on without a minority, and not without a majority", () => {
    const script = Script.formed(THREE);
    script.elect(1);
    script.crash(3);
    script.propose(1, "with two");
    script.settle();
    expect(script.state(1).commit).toBe(2);
    script.crash(2);
    script.propose(1, "with one");
    script.settle();
    expect(script.state(1).commit).toBe(2);
  });

  test("whose candidates met in one round has all of them follow the one that won", () => {
    const script = Script.formed(THREE);
    script.passMs(3_000);
    script.tick(1);
    script.tick(2);
    script.deliver({ type: "preVote", to: 3 });
    script.deliver({ type: "preVoted" });
    script.lose({ type: "preVote" });
    script.settle();
    script.heartbeats(10);
    const leaders = THREE.filter((node) => script.state(node).role.type === "leader");
    expect(leaders).toHaveLength(1);
    expect(THREE.map((node) => script.state(node).leader)).toEqual(Array(3).fill(leaders[0]));
  });
});

describe("who is not in the configuration", () => {
  const STRANGER = 9;

  function hello(ensemble: number): ConsensusMessage {
    return {
      type: "hello",
      life: 5,
      answers: 0,
      ticket: 1,
      knows: 0,
      standing: "acceptor",
      ensemble,
      promise: { round: 0, node: 0 },
      last: 0,
      commit: 0,
      leads: false,
    };
  }

  test("has no vote, and cannot end a leader", () => {
    const script = Script.formed(THREE);
    script.elect(1);
    const { ensemble = 0 } = script.state(1);
    const { commit } = script.state(1);
    const from = STRANGER;
    script.step(1, { type: "linkChanged", node: STRANGER, isUp: true });
    script.arrive({ from, to: 1, message: hello(ensemble), payload: EMPTY });
    script.propose(1, "x");
    script.sync(1);
    const accepted = { type: "accepted", round: 1, life: 5, to: commit + 1, gap: false } as const;
    script.arrive({ from, to: 1, message: accepted, payload: EMPTY });
    const sequence = script.requestConfirmation(1);
    const ack = { type: "heartbeatAck", round: 1, life: 5, sequence, sentMs: 0 } as const;
    script.arrive({ from, to: 1, message: ack, payload: EMPTY });
    expect(script.state(1).commit).toBe(commit);
    expect(script.state(1).role).toMatchObject({ type: "leader" });
    expect(script.state(1).role).not.toMatchObject({ confirmedSequence: sequence });
    expect(script.state(1).heard.has(STRANGER)).toBe(false);
  });
});

describe("a connection", () => {
  test("that comes back has everything sent again that it may have lost", () => {
    const script = Script.formed(THREE);
    script.elect(1);
    script.propose(1, "a");
    script.lose({ type: "accept", to: 3 });
    script.settle();
    script.step(1, { type: "linkChanged", node: 3, isUp: true });
    script.settle();
    expect(script.logOf(3)).toEqual(["leader 1@1", "a@1"]);
  });
});
