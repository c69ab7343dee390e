import { describe, expect, test } from "vitest";
import { utf8 } from "../../../cluster/base/bytes.ts";
import type { ConsensusMessage, NodeId } from "../../../monitor/consensus/state.ts";
import { Script } from "./script.ts";

const THREE = [1, 2, 3];
const FIVE = [1, 2, 3, 4, 5];

/** Member 1 led round 1 and is gone for now; `commit` of everybody is 1. */
function orphaned(members: readonly NodeId[] = THREE): Script {
  const script = Script.formed(members);
  script.elect(1);
  script.heartbeats(2);
  script.crash(1);
  script.lose();
  script.passMs(2_000);
  return script;
}

/** Until its prepare waits for its disk. */
function stand(script: Script, node: NodeId): void {
  script.tick(node);
  script.deliver({ type: "preVote" });
  script.deliver({ type: "preVoted", to: node });
}

function promised(
  script: Script,
  to: NodeId,
  from: NodeId,
  entries: readonly (readonly [string, number])[],
): void {
  const { role, life } = script.state(to);
  if (role.type !== "candidate") throw new Error(`member ${to} is a ${role.type}`);
  const accepted = entries.map(([text, round]) => ({ round, size: utf8(text).byteLength }));
  const { round, base: commit } = role;
  const payload = new Uint8Array(Buffer.concat(entries.map(([text]) => utf8(text))));
  const message: ConsensusMessage = { type: "promised", round, life, commit, accepted };
  script.arrive({ from, to, message, payload });
}

describe("a pre-vote", () => {
  test.each<
    [string, Partial<ConsensusMessage & { type: "preVote" }>, (script: Script) => void, boolean]
  >([
    ["is granted to who knows as much, when no leader is heard", {}, () => {}, true],
    ["is not granted for a round that is promised", { round: 1 }, () => {}, false],
    ["is not granted to who knows less", { commit: 0 }, () => {}, false],
    ["is not granted while a leader is heard", {}, hearLeader, false],
  ])("%s", (_what, changes, prepare, granted) => {
    const script = orphaned();
    prepare(script);
    const message = { type: "preVote", round: 2, commit: 1, ...changes } as const;
    script.arrive({ from: 2, to: 3, message, payload: new Uint8Array(0) });
    expect(script.lose({ from: 3 }).map((flight) => flight.message)).toEqual([
      { type: "preVoted", round: message.round, granted, promised: 1, commit: 1 },
    ]);
    expect(script.state(3).promise.round).toBe(1);
  });

  function hearLeader(script: Script): void {
    const rest = { sequence: 9, life: 0, commit: 1, backedMs: 0, echoMs: 0, slot: 0, digest: 0 };
    const message = { type: "heartbeat", round: 1, ...rest } as const;
    script.arrive({ from: 1, to: 3, message, payload: new Uint8Array(0) });
    script.lose();
  }

  test("by one that was cut off and comes back disturbs nobody", () => {
    const script = Script.formed(THREE);
    script.elect(1);
    script.cutOff(3);
    for (let round = 0; round < 30; round++) script.heartbeats(1);
    script.reconnect(3);
    script.heartbeats(5);
    expect(script.state(1).role).toMatchObject({ type: "leader", round: 1 });
    expect(script.state(3).leader).toBe(1);
  });
});

describe("a candidate", () => {
  test("prepares only what it has durably promised to itself", () => {
    const script = orphaned();
    stand(script, 2);
    expect(script.flights({ type: "prepare" })).toEqual([]);
    script.sync(2);
    expect(script.flights({ type: "prepare" })).toHaveLength(2);
  });

  test("takes a round above all that it has heard of", () => {
    const script = orphaned();
    script.arrive({
      from: 3,
      to: 2,
      message: { type: "preVoted", round: 1, granted: false, promised: 7, commit: 1 },
      payload: new Uint8Array(0),
    });
    stand(script, 2);
    expect(script.state(2).promise).toEqual({ round: 8, node: 2 });
  });

  test.each<[string, NodeId[], [string, number][][], string[]]>([
    ["proposes nothing again if nobody accepted", THREE, [[]], []],
    ["takes up what another accepted", THREE, [[["x", 1]]], ["x"]],
    ["takes the value of the highest round", FIVE, [[["x", 3]], [["y", 4]]], ["y"]],
    ["takes it whoever comes first", FIVE, [[["y", 4]], [["x", 3]]], ["y"]],
    [
      "decides slot by slot",
      FIVE,
      [
        [
          ["a", 4],
          ["b", 2],
        ],
        [
          ["c", 3],
          ["d", 3],
          ["e", 1],
        ],
      ],
      ["a", "d", "e"],
    ],
  ])("%s", (_what, members, promises, expected) => {
    const script = orphaned(members);
    stand(script, 2);
    script.sync(2);
    const { round } = script.state(2).promise;
    for (const [index, entries] of promises.entries()) promised(script, 2, 3 + index, entries);
    expect(script.state(2).role.type).toBe("leader");
    expect(script.logOf(2).slice(1)).toEqual(expected.map((text) => `${text}@${round}`));
  });

  test("waits for its own promise to be durable, though a majority of others has promised", () => {
    const script = orphaned(FIVE);
    stand(script, 2);
    for (const node of [3, 4, 5]) promised(script, 2, node, []);
    expect(script.state(2).role.type).toBe("candidate");
    script.sync(2);
    expect(script.state(2).role.type).toBe("leader");
  });

  test.each<[string, Partial<ConsensusMessage & { type: "promised" }>]>([
    ["of another round", { round: 1 }],
    ["to a former life of its own", { life: 1 }],
    ["that begins elsewhere", { commit: 0 }],
    ["whose values do not fit their sizes", { accepted: [{ round: 1, size: 5 }] }],
  ])("does not count a promise %s", (_what, changes) => {
    const script = orphaned();
    stand(script, 2);
    script.sync(2);
    const { promise, life } = script.state(2);
    const good = { type: "promised", round: promise.round, life, commit: 1, accepted: [] } as const;
    const payload = new Uint8Array(0);
    script.arrive({ from: 3, to: 2, message: { ...good, ...changes }, payload });
    expect(script.state(2).role.type).toBe("candidate");
    script.arrive({ from: 3, to: 2, message: good, payload });
    expect(script.state(2).role.type).toBe("leader");
  });

  test("gives way to a higher promise, and to one that knows more, which it asks", () => {
    for (const [refusal, fetches] of [
      [{ promised: 9, commit: 1 }, 0],
      [{ promised: 1, commit: 4 }, 1],
    ] as const) {
      const script = orphaned();
      stand(script, 2);
      script.sync(2);
      const { round } = script.state(2).promise;
      const message = { type: "refused", round, ...refusal } as const;
      script.arrive({ from: 3, to: 2, message, payload: new Uint8Array(0) });
      expect(script.state(2).role.type).toBe("follower");
      expect(script.flights({ type: "fetch" })).toHaveLength(fetches);
    }
  });

  test("that is refused by a rival of its round may still win it", () => {
    const script = orphaned(FIVE);
    stand(script, 2);
    script.sync(2);
    const { round } = script.state(2).promise;
    const message = { type: "refused", round, promised: round, commit: 1 } as const;
    script.arrive({ from: 3, to: 2, message, payload: new Uint8Array(0) });
    expect(script.state(2).role.type).toBe("candidate");
    expect(script.state(2).electionDueMs - script.clockOf(2)).toBeLessThan(300);
    for (const node of [4, 5]) promised(script, 2, node, []);
    expect(script.state(2).role.type).toBe("leader");
  });

  test("that takes rows before its own promise is durable still proposes what it had accepted", () => {
    // 2 holds slots 2 to 4 of round 1; the rows of slot 3 reach it between its prepare and its sync.
    const script = Script.formed(THREE);
    script.elect(1);
    script.heartbeats(2);
    for (const text of ["a", "b", "c"]) script.propose(1, text);
    script.deliver({ type: "accept", to: 2 });
    script.sync(2);
    script.sync(1);
    script.deliver({ type: "accepted", to: 1 });
    expect(script.state(1).commit).toBe(4);
    script.checkpoint(1, 3);
    script.step(1, {
      type: "received",
      from: 2,
      message: { type: "fetch", from: 2, want: 0 },
      payload: new Uint8Array(0),
    });
    script.sync(1);
    expect(script.transfersOf(1)).toEqual([2]);
    script.lose();
    script.passMs(2_000);
    stand(script, 2);
    script.endTransfer(1, 3);
    script.crash(1);
    script.sync(2);
    promised(script, 2, 3, []);
    expect(script.state(2).role.type).toBe("leader");
    expect(script.logOf(2)).toEqual([`c@${script.state(2).promise.round}`]);
    script.settle();
    expect(script.chosen.get(4)).toBe("c");
    expect(script.violations).toEqual([]);
  });
});

describe("who loses the leader", () => {
  test("by its connection stands soon, the lowest number first", () => {
    const script = Script.formed(THREE);
    script.elect(1);
    script.heartbeats(2);
    script.crash(1);
    for (const node of [2, 3]) script.step(node, { type: "linkChanged", node: 1, isUp: false });
    const due = [2, 3].map((node) => script.state(node).electionDueMs - script.clockOf(node));
    expect(due[0]).toBeLessThan(due[1] ?? 0);
    expect(due[1]).toBeLessThan(100);
  });

  test("by being stopped itself does not blame the leader for it", () => {
    const script = Script.formed(THREE);
    script.elect(1);
    script.heartbeats(2);
    script.passMs(6_000);
    script.tick(3, 5_900);
    expect(script.state(3).role.type).toBe("follower");
    expect(script.flights({ type: "preVote" })).toEqual([]);
  });
});

describe("leadership that is handed over", () => {
  test("goes to one that has everything, without waiting", () => {
    const script = Script.formed(THREE);
    script.elect(1);
    script.heartbeats(2);
    expect(script.resign(1)).toBe(true);
    script.settle();
    expect(script.state(1).role.type).toBe("follower");
    expect([2, 3].filter((node) => script.state(node).role.type === "leader")).toHaveLength(1);
  });

  test("is kept while something is in flight", () => {
    const script = Script.formed(THREE);
    script.elect(1);
    script.propose(1, "x");
    expect(script.resign(1)).toBe(false);
    expect(script.state(1).role.type).toBe("leader");
  });

  test.each<[string, number, NodeId]>([
    ["of an older round", 0, 1],
    ["by one that does not lead", 1, 3],
  ])("is not taken %s", (_what, round, from) => {
    const script = Script.formed(THREE);
    script.elect(1);
    script.heartbeats(2);
    const message = { type: "takeOver", round } as const;
    script.arrive({ from, to: 2, message, payload: new Uint8Array(0) });
    expect(script.state(2).role.type).toBe("follower");
  });
});
