import { describe, expect, test } from "vitest";
import { utf8 } from "../../../cluster/base/bytes.ts";
import type { ConsensusMessage, NodeId } from "../../../monitor/consensus/state.ts";
import { Script } from "./script.ts";

const THREE = [1, 2, 3];

/** Member 3 of an ensemble that 1 leads in round 1, with slot 1 chosen; nothing else is under way. */
function followed(): Script {
  const script = Script.formed(THREE);
  script.elect(1);
  script.heartbeats(2);
  return script;
}

/** What 3 answers at once, and what it answers when its disk has it. */
function tell(script: Script, from: NodeId, message: ConsensusMessage, ...values: string[]) {
  script.lose();
  const payload = new Uint8Array(Buffer.concat(values.map(utf8)));
  script.arrive({ from, to: 3, message, payload });
  const answers = () =>
    script
      .lose({ from: 3 })
      .map((flight) => flight.message)
      .filter(({ type }) => type !== "hello");
  const atOnce = answers();
  script.sync(3);
  const durably = answers();
  return { atOnce, durably };
}

function accept(round: number, prev: number, commit: number, ...sizes: number[]): ConsensusMessage {
  return { type: "accept", round, prev, commit, sizes };
}

function prepare(round: number, commit: number): ConsensusMessage {
  return { type: "prepare", round, life: 77, commit };
}

describe("an acceptor that promised round 5 to member 2", () => {
  function promised(): Script {
    const script = followed();
    tell(script, 2, prepare(5, 1));
    expect(script.state(3).promise).toEqual({ round: 5, node: 2 });
    return script;
  }

  test.each<[string, NodeId, ConsensusMessage, string[]]>([
    ["an accept of round 4", 1, accept(4, 1, 1, 1), ["x"]],
    ["a heartbeat of round 4", 1, heartbeat(4), []],
    ["a prepare of round 4", 1, prepare(4, 1), []],
    ["another's prepare of round 5", 1, prepare(5, 1), []],
  ])("refuses %s", (_what, from, message, values) => {
    const script = promised();
    const before = script.logOf(3);
    const { atOnce, durably } = tell(script, from, message, ...values);
    const { round } = message as { round: number };
    expect(atOnce).toEqual([{ type: "refused", round, promised: 5, commit: 1 }]);
    expect(durably).toEqual([]);
    expect(script.logOf(3)).toEqual(before);
    expect(script.state(3).promise).toEqual({ round: 5, node: 2 });
  });

  test("promises it again to whom it did", () => {
    const { durably } = tell(promised(), 2, prepare(5, 1));
    expect(durably).toEqual([{ type: "promised", round: 5, life: 77, commit: 1, accepted: [] }]);
  });

  test("promises a higher round to another", () => {
    const script = promised();
    expect(tell(script, 1, prepare(6, 1)).durably).toMatchObject([{ type: "promised", round: 6 }]);
    expect(script.state(3).promise).toEqual({ round: 6, node: 1 });
  });

  test("accepts of round 5", () => {
    const script = promised();
    const { atOnce, durably } = tell(script, 2, accept(5, 1, 1, 1), "x");
    expect(atOnce).toEqual([]);
    expect(durably).toMatchObject([{ type: "accepted", round: 5, to: 2, gap: false }]);
  });

  test("promises nothing if it would take more than a message has, and lives on", () => {
    const script = promised();
    const { log } = script.state(3);
    for (const slot of [2, 3]) log.put(slot, { round: 5, value: new Uint8Array(9 << 20) });
    expect(tell(script, 1, prepare(6, 1))).toEqual({ atOnce: [], durably: [] });
    expect(script.state(3).promise).toEqual({ round: 5, node: 2 });
    log.put(3, { round: 5, value: new Uint8Array(6 << 20) });
    expect(tell(script, 1, prepare(7, 1)).durably).toMatchObject([{ type: "promised", round: 7 }]);
  });

  test("remembers it in its next life", () => {
    const script = promised();
    script.restart(3);
    expect(script.state(3).promise).toEqual({ round: 5, node: 2 });
  });

  test("forgets it with a crash before it is durable, and then nobody has heard of it", () => {
    const script = followed();
    script.arrive({ from: 2, to: 3, message: prepare(5, 1), payload: new Uint8Array(0) });
    expect(script.flights({ type: "promised" })).toEqual([]);
    script.restart(3);
    expect(script.state(3).promise.round).toBe(1);
  });
});

function heartbeat(round: number, more: Partial<ConsensusMessage & { type: "heartbeat" }> = {}) {
  const rest = { sequence: 1, life: 0, commit: 0, backedMs: 0, echoMs: 0, slot: 0, digest: 0 };
  return { type: "heartbeat", round, ...rest, ...more } as const;
}

describe("an acceptor", () => {
  test("tells a candidate all that it accepted after what the candidate knows to be chosen", () => {
    const script = followed();
    tell(script, 1, accept(1, 1, 1, 1, 2), "x", "yy");
    const { durably } = tell(script, 2, prepare(4, 1));
    expect(durably).toEqual([
      {
        type: "promised",
        round: 4,
        life: 77,
        commit: 1,
        accepted: [
          { round: 1, size: 1 },
          { round: 1, size: 2 },
        ],
      },
    ]);
  });

  test("refuses a candidate that knows less than it does, and promises nothing", () => {
    const script = followed();
    const { atOnce } = tell(script, 2, prepare(4, 0));
    expect(atOnce).toEqual([{ type: "refused", round: 4, promised: 1, commit: 1 }]);
    expect(script.state(3).promise.round).toBe(1);
  });

  test("reports a gap and takes nothing behind it", () => {
    const script = followed();
    const { durably } = tell(script, 1, accept(1, 2, 1, 1), "z");
    expect(durably).toMatchObject([{ type: "accepted", to: 1, gap: true }]);
    expect(script.logOf(3)).toHaveLength(1);
  });

  test("takes what is new of an accept that overlaps, and an accept twice as once", () => {
    const script = followed();
    tell(script, 1, accept(1, 1, 1, 1), "x");
    expect(tell(script, 1, accept(1, 1, 1, 1, 1), "x", "y").durably).toMatchObject([{ to: 3 }]);
    expect(tell(script, 1, accept(1, 1, 1, 1, 1), "x", "y").durably).toMatchObject([{ to: 3 }]);
    expect(script.logOf(3).slice(1)).toEqual(["x@1", "y@1"]);
  });

  test("holds nothing of a new round's leader but what is chosen, whatever it has accepted", () => {
    const script = followed();
    tell(script, 1, accept(1, 1, 1, 1, 1), "x", "y");
    const { durably } = tell(script, 2, accept(2, 3, 1, 1), "z");
    expect(durably).toMatchObject([{ round: 2, to: 1, gap: true }]);
  });

  test("believes a commit only as far as it holds that leader's values", () => {
    const script = followed();
    tell(script, 1, accept(1, 1, 1, 1, 1), "o", "p");
    tell(script, 2, heartbeat(2, { commit: 3 }));
    expect(script.state(3).commit).toBe(1);
    tell(script, 2, accept(2, 1, 3, 1), "n");
    expect(script.state(3).commit).toBe(2);
    expect(script.logOf(3).slice(1)).toEqual(["n@2", "p@1"]);
  });

  test("ignores values that do not fit their sizes", () => {
    const script = followed();
    expect(tell(script, 1, accept(1, 1, 1, 9), "short")).toEqual({ atOnce: [], durably: [] });
    expect(script.logOf(3)).toHaveLength(1);
  });

  test("follows the leader of a round in which it was itself a candidate", () => {
    const script = followed();
    script.passMs(3_000);
    script.tick(3);
    script.deliver({ type: "preVote", to: 2 });
    script.deliver({ type: "preVoted" });
    script.sync(3);
    expect(script.state(3).role).toMatchObject({ type: "candidate", round: 2 });
    expect(tell(script, 1, heartbeat(2)).atOnce).toMatchObject([
      { type: "heartbeatAck", round: 2 },
    ]);
    expect(script.state(3).role.type).toBe("follower");
    expect(script.state(3).promise).toEqual({ round: 2, node: 1 });
    expect(tell(script, 1, accept(2, 1, 1, 1), "x").durably).toMatchObject([{ round: 2, to: 2 }]);
    expect(tell(script, 2, prepare(2, 1)).atOnce).toMatchObject([{ type: "refused", promised: 2 }]);
  });
});

describe("a member that is no acceptor", () => {
  test.each<[string, ConsensusMessage, string[]]>([
    ["promises", prepare(9, 5), []],
    ["accepts", accept(9, 0, 0, 1), ["x"]],
    ["counts for a lease", heartbeat(9), []],
    ["votes", { type: "preVote", round: 9, commit: 5 }, []],
  ])("never %s", (_what, message, values) => {
    const script = followed();
    script.wipe(3);
    script.cutOff(2);
    script.tick(3);
    script.settle();
    expect(script.state(3).standing).toBe("rejoining");
    const { atOnce, durably } = tell(script, 1, message, ...values);
    const types = [...atOnce, ...durably].map(({ type }) => type);
    expect(types).toEqual([]);
  });
});

describe("the lease that a follower believes in", () => {
  test("is as old as the last echo, less what passed at the leader", () => {
    const script = followed();
    const state = script.state(3);
    const nowMs = script.clockOf(3);
    state.backedAtMs = nowMs - 500;
    tell(script, 1, heartbeat(1, { life: state.life, echoMs: nowMs - 90, backedMs: 110 }));
    expect(state.backedAtMs).toBe(nowMs - 200);
    tell(script, 1, heartbeat(1, { life: state.life, echoMs: nowMs - 90, backedMs: 400 }));
    expect(state.backedAtMs).toBe(nowMs - 200);
  });

  test("never comes from the echo of a former life's clock", () => {
    const script = followed();
    const former = script.state(3).life;
    const formerMs = script.clockOf(3);
    script.restart(3);
    expect(script.clockOf(3)).toBeLessThan(formerMs);
    tell(script, 1, heartbeat(1, { life: former, echoMs: formerMs }));
    expect(script.state(3).backedAtMs).toBe(Number.NEGATIVE_INFINITY);
    script.heartbeats(4);
    expect(script.state(3).backedAtMs).toBeGreaterThan(script.clockOf(3) - 1_000);
    expect(script.violations).toEqual([]);
  });
});
