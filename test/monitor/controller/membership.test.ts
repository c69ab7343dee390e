/** The rules of C4 and R6, each with its exceptions. osd.0 and osd.1 are on host0, osd.2 and osd.3 on host1, and so on. */
import { describe, expect, test } from "vitest";
import { epoch, osdId } from "../../../cluster/base/ids.ts";
import {
  dueEdits,
  osdHeard,
  probesDue,
  registrationsListed,
} from "../../../monitor/controller/membership.ts";
import { createMembership } from "../../../monitor/controller/membership-state.ts";
import { withOsds } from "../../../monitor/controller/osd-rows.ts";
import { DEFAULTS, MembershipRun } from "./membership-run.ts";

type Act = (run: MembershipRun) => void;

const report =
  (reporter: number, given?: Parameters<MembershipRun["report"]>[2]): Act =>
  (run) => {
    expect(run.report(reporter, 0, given)).toBe(undefined);
  };
const gone: Act = (run) => run.session(0, undefined);
const pass =
  (ms: number): Act =>
  (run) => {
    run.pass(ms);
  };
const passReported =
  (ms: number, ...reporters: number[]): Act =>
  (run) => {
    run.passWithReports(ms, 0, ...reporters);
  };
const probe =
  (result: "answered" | "refused" | "silent"): Act =>
  (run) => {
    run.probe = () => result;
  };
const flag =
  (...flags: Parameters<MembershipRun["setFlags"]>): Act =>
  (run) => {
    run.setFlags(...flags);
  };

/** What is done at a time without a decision in between, and whether osd.0 is down right after it. */
const CASES: readonly (readonly [string, "up" | "down", readonly Act[]])[] = [
  ["nothing happened", "up", []],
  ["one peer is silent to", "up", [report(2)]],
  ["one peer is refused", "up", [report(2, { kind: "refused" })]],
  ["one peer is silent to, for ten minutes", "up", [passReported(600_000, 2)]],
  ["two peers of two hosts", "down", [report(2), report(4)]],
  ["two peers of two hosts, one of them its own", "down", [report(1), report(2)]],
  ["two peers of one host, for ten minutes", "up", [passReported(600_000, 2, 3)]],
  ["two peers, the first of whom says so no more", "up", [report(2), pass(15_500), report(4)]],
  ["one peer twice", "up", [report(2), report(2)]],
  [
    "two peers, one of them not for the grace yet",
    "up",
    [report(2), report(4, { silentMs: 4_000 })],
  ],
  [
    "two peers, and the grace passes",
    "down",
    [report(2), report(4, { silentMs: 4_000 }), pass(1_000)],
  ],
  [
    "two peers, both refused at once",
    "down",
    [report(2, { kind: "refused", silentMs: 0 }), report(4, { kind: "refused", silentMs: 0 })],
  ],
  [
    "two peers, one took it back",
    "up",
    [report(2), report(4), (run) => run.alive(2, 0), pass(60_000)],
  ],
  ["the session alone", "up", [gone]],
  ["the session alone, for 59 s", "up", [gone, pass(59_500)]],
  ["the session alone, for 60 s", "down", [gone, pass(60_500)]],
  [
    "the session, back before 60 s",
    "up",
    [gone, pass(50_000), (run) => run.session(0, 1000), pass(100_000)],
  ],
  [
    "the session, and another process registers",
    "down",
    [(run) => run.session(0, 77), pass(60_500)],
  ],
  ["the session and one peer", "down", [gone, report(2)]],
  ["the session and one peer of its own host", "down", [gone, report(1)]],
  [
    "the session and a peer that is refused",
    "down",
    [gone, report(2, { kind: "refused", silentMs: 0 })],
  ],
  ["the session and a peer, not for the grace yet", "up", [gone, report(2, { silentMs: 4_999 })]],
  ["the session and the controller is refused", "down", [probe("refused"), gone]],
  ["the session and the controller is answered", "up", [probe("answered"), gone, pass(59_500)]],
  [
    "the session and the controller hears nothing for 4 s",
    "up",
    [probe("silent"), gone, pass(4_500)],
  ],
  [
    "the session and the controller hears nothing for 5 s",
    "down",
    [probe("silent"), gone, pass(5_500)],
  ],
  ["one peer and the controller is refused", "up", [probe("refused"), passReported(60_000, 2)]],
  [
    "everything, under nodown",
    "up",
    [flag("nodown"), probe("refused"), gone, passReported(90_000, 2, 4)],
  ],
  ["everything, after nodown", "down", [flag("nodown"), gone, passReported(90_000, 2, 4), flag()]],
];

describe("C4: osd.0 and what speaks against it", () => {
  for (const [name, state, acts] of CASES) {
    test(`${name}: ${state}`, () => {
      const run = new MembershipRun();
      for (const act of acts) act(run);
      run.decide();
      expect(run.down).toEqual(state === "down" ? [0] : []);
    });
  }
});

describe("a down", () => {
  test("says who reported, and in which epoch it is", () => {
    const run = new MembershipRun();
    run.report(2, 0);
    run.report(5, 0, { silentMs: 7_900 });
    expect(run.decide()).toEqual([
      "mark osd.0 down: silent to osd.2 (host1) and osd.5 (host2) for 6 s",
    ]);
    expect(run.info(0)).toMatchObject({ up: false, downAt: run.map.epoch, upFrom: 1, nonce: 1000 });
  });

  test("of many is one edit, and not all of them are explained", () => {
    const run = new MembershipRun();
    for (let osd = 0; osd < 9; osd += 1) {
      run.report(9, osd);
      run.report(10, osd);
    }
    const [what, ...others] = run.decide();
    expect(others).toEqual([]);
    expect(what).toMatch(/^mark osd\.0 down: .*; osd\.7 down: .*; and 1 more$/);
    expect(run.down).toHaveLength(9);
    expect(run.map.epoch).toBe(2);
  });

  test("is not made of one that the draft already brings down or up (C5)", () => {
    const run = new MembershipRun();
    run.report(2, 0);
    run.report(4, 0);
    for (const change of [{ up: false }, { nonce: 5 }]) {
      const draft = withOsds(run.map, [[osdId(0), change]]);
      expect(dueEdits(run.state, { base: run.map, draft }, run.nowMs)).toEqual([]);
    }
    expect(run.decide()).toHaveLength(1);
  });
});

describe("where there are few others", () => {
  const oneHost = { tree: { racks: 1, hosts: 1, osds: 3 } };

  test("two peers of the only host with OSDs up suffice", () => {
    const run = new MembershipRun(oneHost);
    run.report(1, 0);
    expect(run.decide()).toEqual([]);
    run.report(2, 0);
    expect(run.decide()).toHaveLength(1);
  });

  test("two peers of one host suffice where the only other host has nothing up but the target", () => {
    const run = new MembershipRun({ tree: { racks: 1, hosts: 2, osds: 2 } });
    run.takeDown(1);
    run.report(2, 0);
    run.report(3, 0);
    run.decide();
    expect(run.down).toEqual([0, 1]);
  });

  test("the word of the only other OSD does not suffice; with the session it does", () => {
    const run = new MembershipRun({ tree: { racks: 1, hosts: 2, osds: 1 } });
    run.passWithReports(600_000, 0, 1);
    expect(run.down).toEqual([]);
    run.loseSessions(0);
    expect(run.down).toEqual([0]);
  });
});

describe("a report ends", () => {
  const secondWord: Act = (run) => {
    run.report(4, 0);
    run.decide();
  };

  test("when its reporter goes down, also where it comes back", () => {
    const run = new MembershipRun();
    run.report(2, 0);
    run.takeDown(2);
    run.boot(2);
    secondWord(run);
    expect(run.info(0).up).toBe(true);
  });

  test("when its target is another incarnation", () => {
    const run = new MembershipRun();
    run.report(2, 0);
    run.boot(0);
    run.boot(0);
    secondWord(run);
    expect(run.info(0)).toMatchObject({ up: true, nonce: 2000 });
  });

  test("before it is taken, if it is about an earlier incarnation", () => {
    const run = new MembershipRun();
    expect(run.report(2, 0, { upFrom: epoch(0) })).toMatchObject({ code: "MISMATCH" });
    secondWord(run);
    expect(run.down).toEqual([]);
  });

  test("before it is taken, if its reporter is down", () => {
    const run = new MembershipRun();
    run.takeDown(2);
    expect(run.report(2, 0)).toMatchObject({ code: "MISMATCH" });
  });
});

describe("grace", () => {
  const wronglyDown = (run: MembershipRun): void => {
    run.report(2, 0, { silentMs: 30_000 });
    run.report(4, 0, { silentMs: 30_000 });
    run.decide();
    expect(run.down).toEqual([0]);
    expect(run.boot(0, { nonce: run.info(0).nonce, wasWronglyDown: true }).type).toBe("edit");
    expect(run.down).toEqual([]);
  };
  const silent = (run: MembershipRun, silentMs: number): boolean => {
    run.report(2, 0, { silentMs });
    run.report(4, 0, { silentMs });
    run.decide();
    const isDown = run.down.length > 0;
    run.alive(2, 0);
    run.alive(4, 0);
    return isDown;
  };

  test("doubles for one that was wrongly marked down, to 20 s at most", () => {
    const run = new MembershipRun();
    wronglyDown(run);
    expect(silent(run, 9_900)).toBe(false);
    wronglyDown(run);
    wronglyDown(run);
    expect(silent(run, 19_900)).toBe(false);
    expect(silent(run, 20_000)).toBe(true);
  });

  test("is that of others again after an hour", () => {
    const run = new MembershipRun();
    wronglyDown(run);
    run.nowMs += 3_600_000;
    expect(silent(run, 5_000)).toBe(true);
  });

  test("is not lengthened by one that people marked down", () => {
    const run = new MembershipRun();
    run.takeDown(0);
    run.boot(0, { nonce: 1000, wasWronglyDown: true });
    expect(run.down).toEqual([]);
    expect(silent(run, 5_000)).toBe(true);
  });
});

describe("COORDINATOR_TROUBLE", () => {
  /** Of twelve, more than a quarter are four. */
  const FOUR = [0, 3, 6, 9];

  test("three of twelve sessions lost are no trouble", () => {
    const run = new MembershipRun();
    run.loseSessions(0, 3, 6);
    expect(run.facts.isInTrouble).toBe(false);
    run.pass(61_000);
    expect(run.down).toEqual([0, 3, 6]);
  });

  test("four of twelve within 10 s are: absence alone takes nobody down", () => {
    const run = new MembershipRun();
    run.probe = () => "answered";
    run.loseSessions(0, 3);
    run.pass(9_000);
    run.loseSessions(6, 9);
    expect(run.facts).toMatchObject({ isInTrouble: true, absent: 4 });
    run.pass(3_600_000);
    expect(run.down).toEqual([]);
  });

  test("four over more than 10 s are not", () => {
    const run = new MembershipRun();
    run.probe = () => "answered";
    run.loseSessions(0, 3);
    run.pass(11_000);
    run.loseSessions(6, 9);
    expect(run.facts.isInTrouble).toBe(false);
  });

  test("it is over when the sessions are back", () => {
    const run = new MembershipRun();
    run.loseSessions(...FOUR);
    for (const osd of FOUR) run.session(osd, run.info(osd).nonce);
    run.decide();
    expect(run.facts.isInTrouble).toBe(false);
    run.pass(20_000);
    run.loseSessions(0);
    run.pass(60_500);
    expect(run.down).toEqual([0]);
  });

  test("the rest of a burst stays protected when the others are back or down", () => {
    const run = new MembershipRun();
    run.probe = () => "answered";
    run.loseSessions(...FOUR);
    run.session(0, 1000);
    run.report(5, 3);
    run.pass(3_600_000);
    expect(run.down).toEqual([3]);
    expect(run.facts).toMatchObject({ isInTrouble: true, absent: 2 });
  });

  test("while it lasts an absence that began later takes nobody down either", () => {
    const run = new MembershipRun();
    run.probe = () => "answered";
    run.loseSessions(...FOUR);
    run.pass(60_000);
    run.loseSessions(1);
    run.pass(600_000);
    expect(run.down).toEqual([]);
    for (const osd of FOUR) run.session(osd, run.info(osd).nonce);
    run.decide();
    expect(run.down).toEqual([1]);
  });

  test("a peer's report still counts beside the session", () => {
    const run = new MembershipRun();
    run.loseSessions(...FOUR);
    run.report(1, 0);
    run.decide();
    expect(run.down).toEqual([0]);
  });

  test("a refused probe still counts beside the session", () => {
    const run = new MembershipRun();
    run.probe = () => "refused";
    run.loseSessions(...FOUR);
    run.decide();
    expect(run.down).toEqual(FOUR);
  });

  test("a silent probe counts while somebody answers the controller", () => {
    const run = new MembershipRun();
    run.probe = (osd) => (FOUR.includes(osd) ? "silent" : "answered");
    run.loseSessions(...FOUR);
    run.pass(6_000);
    expect(run.down).toEqual(FOUR);
  });

  test("a silent probe counts for nothing while nobody does: the controller itself is cut off", () => {
    const run = new MembershipRun();
    run.probe = () => "silent";
    run.loseSessions(...run.map.osds.keys());
    run.pass(3_600_000);
    expect(run.down).toEqual([]);
    osdHeard(run.state, run.nowMs);
    run.decide();
    expect(run.down).toHaveLength(12);
  });

  test("in a cluster of two there is none", () => {
    const run = new MembershipRun({ tree: { racks: 1, hosts: 2, osds: 1 } });
    run.loseSessions(0, 1);
    run.pass(60_500);
    expect(run.down).toEqual([0, 1]);
  });
});

/** The coordinator pauses: all sessions expire, every OSD is well and answers. */
function pausedCoordinator(twoWitnesses: boolean): MembershipRun {
  const run = new MembershipRun({ rules: { twoWitnesses } });
  run.probe = () => "answered";
  run.loseSessions(...run.map.osds.keys());
  run.pass(120_000);
  return run;
}

describe("the Else of C4: the coordinator pauses", () => {
  test("and a healthy cluster stays up", () => {
    const run = pausedCoordinator(true);
    expect(run.down).toEqual([]);
    expect(run.map.epoch).toBe(1);
    expect(run.facts).toMatchObject({ isInTrouble: true, absent: 12 });
  });

  test("and without the rule it goes down in one epoch", () => {
    const run = pausedCoordinator(false);
    expect(run.down).toHaveLength(12);
    expect(run.map.epoch).toBe(2);
  });
});

describe("R6: a process that was stopped", () => {
  test("counts no time that it missed as silence of others", () => {
    const run = new MembershipRun();
    run.report(2, 0, { silentMs: 1_000 });
    run.report(4, 0, { silentMs: 1_000 });
    run.stall(6_000);
    expect(run.decide()).toEqual([]);
    run.nowMs += 3_999;
    expect(run.decide()).toEqual([]);
    run.nowMs += 1;
    expect(run.decide()).toHaveLength(1);
  });

  test("counts none as absence, and none of its own unfinished probes", () => {
    const run = new MembershipRun();
    run.probe = () => "silent";
    run.loseSessions(0);
    run.stall(90_000);
    expect(run.decide()).toEqual([]);
  });

  test("marks nobody out for it", () => {
    const run = new MembershipRun();
    run.takeDown(0);
    run.stall(700_000);
    expect(run.decide()).toEqual([]);
  });
});

describe("after an election", () => {
  test("nobody is missed before the registrations are read", () => {
    const run = new MembershipRun();
    const state = createMembership(DEFAULTS);
    const fresh = Object.assign(run, { state });
    fresh.passWithReports(90_000, 0, 2);
    expect(fresh.down).toEqual([]);
    registrationsListed(state, new Map());
    fresh.decide();
    expect(fresh.down).toEqual([0]);
  });
});

describe("probes", () => {
  test("go to those without a session or with a report, and not again while one is open", () => {
    const run = new MembershipRun();
    run.session(0, undefined);
    run.report(2, 5);
    expect(probesDue(run.state, run.map, run.nowMs)).toEqual([osdId(0), osdId(5)]);
    run.nowMs += 1_000;
    expect(probesDue(run.state, run.map, run.nowMs)).toEqual([]);
  });

  test("go to three that have a session as well while there is trouble", () => {
    const run = new MembershipRun();
    const asked: number[] = [];
    run.probe = (osd) => {
      asked.push(osd);
      return "answered";
    };
    run.loseSessions(0, 3, 6, 9);
    expect(asked).toEqual([0, 3, 6, 9, 1, 2, 4].toSorted((left, right) => left - right));
  });
});

describe("facts", () => {
  test("name who flaps, and why nobody is marked out", () => {
    const run = new MembershipRun();
    for (let time = 0; time < 6; time += 1) {
      run.boot(0, { nonce: 100 + time });
      run.boot(0, { nonce: 100 + time });
    }
    run.takeDown(0);
    expect(run.facts.flapping).toEqual([0]);
    run.setFlags("noout");
    run.pass(601_000);
    expect(run.facts.outBrake).toEqual([{ osd: 0, why: "noout is set" }]);
  });
});
