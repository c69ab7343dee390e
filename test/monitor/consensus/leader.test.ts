import { describe, expect, test } from "vitest";
import type { ConsensusMessage, NodeId } from "../../../monitor/consensus/state.ts";
import { Script } from "./script.ts";

const THREE = [1, 2, 3];
const EMPTY = new Uint8Array(0);

/** Member 1 leads round 1, and slot 1 is chosen everywhere. */
function led(members: readonly NodeId[] = THREE): Script {
  const script = Script.formed(members);
  script.elect(1);
  script.heartbeats(2);
  return script;
}

function progress(script: Script, node: NodeId) {
  const { role } = script.state(1);
  if (role.type !== "leader") throw new Error("1 leads");
  return role.followers.get(node);
}

describe("a slot is chosen", () => {
  test.each<[string, readonly NodeId[], NodeId[], boolean]>([
    ["by the leader's disk alone", THREE, [1], false],
    ["by a follower's disk alone", THREE, [2], false],
    ["by the leader's and a follower's", THREE, [1, 2], true],
    ["by two followers', the leader's disk being slow", THREE, [2, 3], true],
    ["by two of five", [1, 2, 3, 4, 5], [1, 4], false],
    ["by three of five", [1, 2, 3, 4, 5], [2, 4, 5], true],
    ["by the only member's", [1], [1], true],
  ])("%s of %j: with %j it is %s", (_what, members, disks, isChosen) => {
    const script = led(members);
    const { commit } = script.state(1);
    script.propose(1, "x");
    script.deliver({ type: "accept" });
    for (const node of disks) script.sync(node);
    script.deliver({ type: "accepted" });
    expect(script.state(1).commit).toBe(isChosen ? commit + 1 : commit);
  });

  test("of an earlier round only with one of the leader's own", () => {
    const script = led();
    script.propose(1, "x");
    script.deliver({ type: "accept", to: 3 });
    script.sync(3);
    script.crash(1);
    script.lose();
    for (let tries = 0; tries < 10 && script.state(3).role.type !== "leader"; tries++) {
      script.passMs(1_300);
      script.tick(3);
      script.deliver({ type: "preVote" });
      script.deliver({ type: "preVoted" });
      script.sync(3);
      script.deliver({ type: "prepare" });
      script.sync(2);
      script.deliver({ type: "promised" });
    }
    const { round } = script.state(3).promise;
    expect(script.logOf(3)[1]).toBe(`x@${round}`);
    expect(script.state(3).commit).toBe(1);
    script.settle();
    expect(script.state(3).commit).toBe(2);
  });

  test("not by the word of a life that ended", () => {
    const script = led();
    script.propose(1, "x");
    script.deliver({ type: "accept", to: 2 });
    script.sync(2);
    const [accepted] = script.lose({ type: "accepted" });
    if (accepted === undefined) throw new Error("2 accepted");
    script.wipe(2);
    script.tick(2);
    script.settle();
    script.lose();
    script.sync(1);
    const { commit } = script.state(1);
    script.propose(1, "y");
    script.arrive(accepted);
    expect(progress(script, 2)?.match).toBe(0);
    expect(script.state(1).commit).toBe(commit);
  });
});

describe("a leader", () => {
  test("keeps slots in flight, without waiting for answers", () => {
    const script = led();
    for (const text of ["a", "b", "c"]) script.propose(1, text);
    const accepts = script.flights({ type: "accept", to: 2 }).map((flight) => flight.message);
    expect(accepts).toMatchObject([{ prev: 1 }, { prev: 2 }, { prev: 3 }]);
  });

  test("goes back once for a gap, however often it is told", () => {
    const script = led();
    for (const text of ["a", "b", "c", "d"]) script.propose(1, text);
    const [, ...rest] = script.lose({ type: "accept", to: 2 });
    script.lose({ type: "accept", to: 3 });
    for (const flight of rest) script.arrive(flight);
    script.sync(2);
    expect(script.deliver({ type: "accepted", from: 2 })).toBe(3);
    const again = script.flights({ type: "accept", to: 2 }).map((flight) => flight.message);
    expect(again).toMatchObject([{ prev: 1, sizes: [1, 1, 1, 1] }]);
  });

  test("sends again what was not acknowledged", () => {
    const script = led();
    script.propose(1, "a");
    script.lose({ type: "accept" });
    script.passMs(310);
    script.tick(1);
    script.tick(1);
    expect(script.flights({ type: "accept", to: 2 })).toHaveLength(1);
    script.settle();
    expect(script.state(1).commit).toBe(2);
  });

  /** For so long, in which the disk of 2 does nothing; when it was sent something to accept. */
  function resendings(script: Script, forMs: number): number[] {
    const beganMs = script.nowMs;
    const sent: number[] = [];
    while (script.nowMs - beganMs < forMs) {
      script.passMs(50);
      script.tick(1);
      if (script.deliver({ type: "accept", to: 2 }) > 0) sent.push(script.nowMs - beganMs);
      for (let turn = 0; turn < 3; turn++) {
        script.sync(1);
        script.sync(3);
        script.deliver({ type: "heartbeat" });
        script.deliver({ to: 3 });
        script.deliver({ to: 1 });
      }
      script.deliver({ type: "accept", to: 2 });
    }
    return sent;
  }

  test("sends again to one that is only slow less and less often, to a bound", () => {
    const script = led();
    script.propose(1, "a");
    script.deliver({ type: "accept", to: 2 });
    const sentMs = resendings(script, 20_000);
    const pausesMs = sentMs.map((ms, index) => ms - (sentMs[index - 1] ?? 0));
    expect(pausesMs).toEqual([300, 600, 1_200, 2_400, 4_800, 4_800, 4_800]);
  });

  test.each<[string, (script: Script) => void]>([
    ["got further", (script) => script.settle()],
    ["is reached anew", (script) => script.step(1, { type: "linkChanged", node: 2, isUp: true })],
  ])("sends again as soon as at first to a follower that %s", (_what, turn) => {
    const script = led();
    script.propose(1, "a");
    script.deliver({ type: "accept", to: 2 });
    expect(resendings(script, 2_500)).toHaveLength(3);
    turn(script);
    script.propose(1, "b");
    script.deliver({ type: "accept", to: 2 });
    expect(resendings(script, 400)).toEqual([300]);
  });

  test("cuts what it sends into messages of a thousand slots, however small they are", () => {
    const script = led();
    script.cutOff(3);
    for (let slot = 0; slot < 1_500; slot++) {
      script.propose(1, "x");
      if (slot % 200 === 0) script.settle();
    }
    script.settle();
    script.reconnect(3);
    script.step(1, { type: "linkChanged", node: 3, isUp: true });
    script.settle();
    script.heartbeats(4);
    expect(script.state(3).commit).toBe(1_501);
    script.restart(3);
    script.tick(3);
    let largest = 0;
    for (let round = 0; round < 50; round++) {
      for (const { message } of script.flights({ type: "accept" })) {
        if (message.type === "accept") largest = Math.max(largest, message.sizes.length);
      }
      for (const node of THREE) script.sync(node);
      script.deliver();
    }
    script.heartbeats(3);
    expect(script.state(3).commit).toBe(1_501);
    expect(largest).toBe(1_024);
  });

  test("steps down when no majority has answered its heartbeats for an election's time", () => {
    const script = led();
    script.cutOff(2, 3);
    script.passMs(550);
    script.tick(1);
    expect(script.state(1).role.type).toBe("leader");
    script.passMs(200);
    script.tick(1);
    expect(script.state(1).role.type).toBe("follower");
  });

  test("judges nobody for the time in which it stood still itself, and then does", () => {
    const script = led();
    script.passMs(3_000);
    script.tick(1, 2_950);
    expect(script.state(1).role.type).toBe("leader");
    script.cutOff(2, 3);
    script.passMs(550);
    script.tick(1);
    expect(script.state(1).role.type).toBe("leader");
    script.passMs(200);
    script.tick(1);
    expect(script.state(1).role.type).toBe("follower");
  });

  test("is backed since it prepared, not since it heard of the promises", () => {
    const script = Script.formed(THREE);
    script.passMs(2_000);
    script.tick(2);
    script.deliver({ type: "preVote" });
    script.deliver({ type: "preVoted" });
    const preparedMs = script.clockOf(2);
    script.sync(2);
    script.deliver({ type: "prepare" });
    script.sync(1);
    script.sync(3);
    script.passMs(500);
    script.deliver({ type: "promised" });
    expect(script.state(2).role).toMatchObject({ type: "leader", backedAtMs: preparedMs });
    script.passMs(300);
    script.tick(2);
    expect(script.state(2).role.type).toBe("leader");
  });

  test("has led after a call when a majority answers a heartbeat that followed it", () => {
    const script = led();
    const before = script.lose({ type: "heartbeatAck" });
    const sequence = script.requestConfirmation(1);
    const role = script.state(1).role;
    for (const ack of before) script.arrive(ack);
    expect(role).toMatchObject({ type: "leader", confirmedSequence: sequence - 1 });
    script.deliver({ type: "heartbeat", to: 3 });
    script.deliver({ type: "heartbeatAck" });
    expect(role).toMatchObject({ confirmedSequence: sequence });
  });

  test.each<[string, Partial<ConsensusMessage & { type: "heartbeatAck" }>]>([
    ["of another round", { round: 0 }],
    ["of a former life", { life: 1 }],
    ["of a heartbeat that never was", { sequence: 999 }],
  ])("counts no answer %s", (_what, changes) => {
    const script = led();
    const sequence = script.requestConfirmation(1);
    const { life } = script.state(3);
    const good = { type: "heartbeatAck", round: 1, life, sequence, sentMs: 0 } as const;
    script.arrive({ from: 3, to: 1, message: { ...good, ...changes }, payload: EMPTY });
    expect(script.state(1).role).not.toMatchObject({ confirmedSequence: sequence });
    script.arrive({ from: 3, to: 1, message: good, payload: EMPTY });
    expect(script.state(1).role).toMatchObject({ confirmedSequence: sequence });
  });

  test("sends rows to a follower that its log does not reach, and nothing else meanwhile", () => {
    const script = led();
    script.cutOff(3);
    for (const text of ["a", "b", "c"]) script.propose(1, text);
    script.settle();
    script.checkpoint(1, 4);
    script.reconnect(3);
    script.heartbeats(3);
    expect(script.transfersOf(1)).toEqual([3]);
    script.propose(1, "d");
    expect(script.flights({ type: "accept", to: 3 })).toEqual([]);
    script.endTransfer(1, 4);
    script.settle();
    script.heartbeats(3);
    expect(script.state(3).commit).toBe(5);
    expect(script.logOf(3)).toEqual(["d@1"]);
  });

  test.each<[string, (script: Script) => void]>([
    ["a while later, not with every tick", (script) => script.passMs(500)],
    [
      "when there is a new connection",
      (script) => script.step(1, { type: "linkChanged", node: 3, isUp: true }),
    ],
  ])("tries rows that did not arrive again %s", (_what, turn) => {
    const script = led();
    script.cutOff(3);
    script.propose(1, "a");
    script.settle();
    script.checkpoint(1, 2);
    script.reconnect(3);
    script.heartbeats(3);
    script.endTransfer(1, undefined);
    expect(script.transfersOf(1)).toEqual([]);
    script.tick(1);
    script.sync(1);
    expect(script.transfersOf(1)).toEqual([]);
    turn(script);
    script.tick(1);
    script.sync(1);
    expect(script.transfersOf(1)).toEqual([3]);
  });
});
