import { describe, expect, test } from "vitest";
import type { ConsensusMessage, NodeId } from "../../../monitor/consensus/state.ts";
import { Script } from "./script.ts";

const THREE = [1, 2, 3];
const FIVE = [1, 2, 3, 4, 5];
const EMPTY = new Uint8Array(0);

type Hello = ConsensusMessage & { type: "hello" };

function standings(script: Script): string[] {
  return script.members.map((node) => script.state(node).standing);
}

function run(script: Script, ms: number): void {
  for (let passed = 0; passed < ms; passed += 50) {
    script.passMs(50);
    script.tickAll();
    script.settle();
  }
}

function hear(script: Script, to: NodeId, from: NodeId, message: ConsensusMessage): void {
  script.arrive({ from, to, message, payload: EMPTY });
}

function helloOf(script: Script, from: NodeId, to: NodeId, changes: Partial<Hello> = {}): Hello {
  const { life, standing, ensemble, promise, log, commit } = script.state(from);
  const known = script.state(to).life;
  return {
    type: "hello",
    life,
    answers: known,
    ticket: script.state(to).tickets,
    knows: known,
    standing,
    ensemble,
    promise,
    last: log.last,
    commit,
    leads: false,
    ...changes,
  };
}

describe("an ensemble is formed", () => {
  test("when all say that they are empty, under the id of the lowest", () => {
    const script = Script.formed(THREE);
    const { freshEnsemble } = script.state(1);
    expect(THREE.map((node) => script.state(node).ensemble)).toEqual(Array(3).fill(freshEnsemble));
  });

  test("by a single member alone", () => {
    const script = new Script([4]);
    script.tick(4);
    script.settle();
    expect(standings(script)).toEqual(["acceptor"]);
  });

  test.each([1, 2, 3])("not while member %i is away", (away) => {
    const script = new Script(THREE);
    script.crash(away);
    script.cutOff(away);
    run(script, 3_000);
    expect(standings(script)).not.toContain("acceptor");
    script.restart(away);
    script.reconnect(away);
    run(script, 3_000);
    expect(standings(script)).toEqual(Array(3).fill("acceptor"));
  });

  test.each([1, 3])(
    "without member %i by an operator's word, and it joins as one that lost its disk",
    (away) => {
      const script = new Script(THREE, {}, [away]);
      script.crash(away);
      script.cutOff(away);
      run(script, 3_000);
      const present = THREE.filter((node) => node !== away);
      expect(present.map((node) => script.state(node).standing)).toEqual(["acceptor", "acceptor"]);
      const leader = present.find((node) => script.state(node).role.type === "leader") ?? 0;
      const slot = script.propose(leader, "before it came");
      run(script, 1_000);
      script.restart(away);
      script.reconnect(away);
      script.passMs(50);
      script.tickAll();
      expect(script.state(away).standing).not.toBe("acceptor");
      run(script, 3_000);
      expect(standings(script)).toEqual(Array(3).fill("acceptor"));
      expect(script.state(away).commit).toBeGreaterThanOrEqual(slot);
      expect(script.violations).toEqual([]);
    },
  );

  test("though everybody restarts in the middle", () => {
    for (let steps = 1; steps < 12; steps++) {
      const script = new Script(THREE);
      script.tickAll();
      for (let step = 0; step < steps && script.wires.length > 0; step++) script.settleOne();
      for (const node of THREE) script.restart(node);
      run(script, 3_000);
      expect(standings(script)).toEqual(Array(3).fill("acceptor"));
      expect(new Set(THREE.map((node) => script.state(node).ensemble)).size).toBe(1);
    }
  });

  test("for the life that was asked only", () => {
    const script = new Script(THREE);
    hear(script, 2, 1, { type: "form", ensemble: 5, life: script.state(2).life + 1 });
    hear(script, 2, 3, { type: "form", ensemble: 5, life: script.state(2).life });
    expect(script.state(2).standing).toBe("empty");
    hear(script, 2, 1, { type: "form", ensemble: 5, life: script.state(2).life });
    expect(script.state(2)).toMatchObject({ standing: "forming", ensemble: 5 });
  });

  test("and an acceptor leaves it for no other", () => {
    const script = Script.formed(THREE);
    const { ensemble } = script.state(2);
    hear(script, 2, 1, { type: "form", ensemble: 5, life: script.state(2).life });
    hear(script, 2, 3, helloOf(script, 3, 2, { ensemble: 5 }));
    expect(script.state(2)).toMatchObject({ standing: "acceptor", ensemble });
  });

  test("and a member of another is not listened to", () => {
    const script = Script.formed(THREE);
    const stranger = Script.formed(THREE);
    const foreign = { ensemble: 5, life: stranger.state(3).life + 50, ticket: 99 };
    script.crash(3);
    hear(script, 2, 3, helloOf(stranger, 3, 2, { ...foreign, answers: script.state(2).life }));
    script.lose();
    hear(script, 2, 3, { type: "prepare", round: 9, life: 1, commit: 9 });
    expect(script.state(2).promise.round).toBe(0);
    script.sync(2);
    const types = script.lose({ from: 2 }).map(({ message }) => message.type);
    expect(new Set(types)).toEqual(new Set(["hello"]));
  });
});

describe("a member that lost its disk", () => {
  /** Slots 1 to 4 are chosen in round 1; 3 has nothing any more. */
  function lost(members: readonly NodeId[] = THREE): Script {
    const script = Script.formed(members);
    script.elect(1);
    for (const text of ["a", "b", "c"]) script.propose(1, text);
    script.settle();
    script.heartbeats(1);
    script.wipe(3);
    return script;
  }

  test("learns what is chosen, promises what may be promised, and is an acceptor again", () => {
    const script = lost();
    run(script, 1_000);
    const state = script.state(3);
    expect(state.standing).toBe("acceptor");
    expect(state.commit).toBeGreaterThanOrEqual(4);
    expect(state.promise).toEqual(script.state(1).promise);
    expect(script.logOf(3).slice(0, 4)).toEqual(script.logOf(1).slice(0, 4));
  });

  test("knows in its next life that it has not finished", () => {
    const script = lost();
    script.cutOff(2);
    run(script, 500);
    expect(script.state(3).standing).toBe("rejoining");
    script.restart(3);
    expect(script.state(3).standing).toBe("rejoining");
    script.reconnect(2);
    run(script, 2_000);
    expect(script.state(3).standing).toBe("acceptor");
  });

  test("waits for what is accepted and not yet chosen", () => {
    const script = lost();
    script.cutOff(2);
    script.propose(1, "in flight");
    script.sync(1);
    script.lose({ type: "accept" });
    script.reconnect(2);
    script.lose({ to: 2 });
    script.tick(3);
    script.deliver({ type: "hello" });
    for (const node of THREE) script.sync(node);
    script.deliver({ type: "hello" });
    for (const node of THREE) script.sync(node);
    script.deliver({ type: "hello" });
    expect(script.state(3).commit).toBe(0);
    expect(script.state(3).standing).toBe("rejoining");
    run(script, 2_000);
    expect(script.state(3).standing).toBe("acceptor");
    expect(script.logOf(3)).toContain("in flight@1");
  });

  test("is not let down by a hello that a newer one has overtaken", () => {
    const script = lost();
    script.tick(3);
    for (const node of THREE) script.sync(node);
    hear(script, 3, 2, helloOf(script, 2, 3, { ticket: 1 }));
    hear(script, 3, 2, helloOf(script, 2, 3, { answers: 0, knows: 0, last: 1, commit: 0 }));
    expect(script.state(3).heard.get(2)).toMatchObject({ last: 4, commit: 4, knowsUs: true });
  });

  test("of five is not held up by another that lost its own", () => {
    const script = lost(FIVE);
    script.wipe(4);
    run(script, 2_000);
    expect(standings(script)).toEqual(Array(5).fill("acceptor"));
    expect(script.violations).toEqual([]);
  });

  test("of three is, for one alone does not know all", () => {
    const script = lost();
    script.wipe(2);
    run(script, 3_000);
    expect(standings(script)).toEqual(["acceptor", "rejoining", "rejoining"]);
  });

  test("does not count before all know that its former life is over", () => {
    const script = lost();
    const { ensemble } = script.state(1);
    for (const from of [1, 2]) {
      const stale = { answers: script.state(3).life, knows: 0, ticket: 1, ensemble };
      hear(script, 3, from, helloOf(script, from, 3, stale));
    }
    expect(script.state(3).standing).toBe("rejoining");
  });
});

describe("a life of a member", () => {
  test("ends when a later one has answered, and no late word brings it back", () => {
    const script = Script.formed(THREE);
    script.elect(1);
    const former = helloOf(script, 3, 1, { answers: 0 });
    const formerAnswer = helloOf(script, 3, 1, { ticket: script.state(1).tickets });
    script.restart(3);
    script.tick(3);
    script.settle();
    const { life } = script.state(3);
    expect(script.state(1).heard.get(3)?.life).toBe(life);
    hear(script, 1, 3, former);
    hear(script, 1, 3, formerAnswer);
    expect(script.state(1).heard.get(3)?.life).toBe(life);
    script.settle();
    expect(script.state(1).heard.get(3)?.life).toBe(life);
  });

  test("is learnt though both start at once, and both know the other's former one", () => {
    const script = Script.formed(THREE);
    for (const node of THREE) script.restart(node);
    script.greet();
    const lives = THREE.map((node) => script.state(node).life);
    for (const node of THREE) {
      for (const other of THREE) {
        if (other === node) continue;
        expect(script.state(node).heard.get(other)).toMatchObject({
          life: lives[other - 1],
          knowsUs: true,
        });
      }
    }
  });
});
