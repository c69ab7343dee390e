import { expect, test } from "vitest";
import { type ConsensusState, createConsensus, memberOf } from "../../monitor/consensus/state.ts";
import { followsNotice, servingNotice, whyNotServing } from "../../monitor/notice.ts";

function member(members: readonly number[] = [1, 2, 3]): ConsensusState {
  return createConsensus({
    self: 1,
    members,
    life: 10,
    seed: 20,
    freshEnsemble: 30,
    recovered: { identity: undefined, promise: undefined, entries: [], applied: 0 },
    nowMs: 0,
  });
}

function hear(state: ConsensusState, ...nodes: readonly number[]): void {
  for (const node of nodes) memberOf(state, node).life = 100 + node;
}

function acceptor(members?: readonly number[]): ConsensusState {
  const state = member(members);
  state.standing = "acceptor";
  hear(state, ...state.others);
  return state;
}

test("an empty member names those it waits for", () => {
  const state = member();
  hear(state, 2);
  expect(whyNotServing(state, 0)).toMatch(
    /store is empty.*once all members have met; nothing was heard yet of mon.3$/,
  );
  hear(state, 3);
  expect(whyNotServing(state, 0)).toMatch(/once all members have met$/);
});

test("one that forms an ensemble says so", () => {
  const state = member();
  state.standing = "forming";
  expect(whyNotServing(state, 0)).toMatch(/a new ensemble begins.*mon.2, mon.3$/);
});

test("one that rejoins says whom it has to hear, and then how far it has to come", () => {
  const state = member();
  state.standing = "rejoining";
  hear(state, 2);
  expect(whyNotServing(state, 0)).toMatch(/has to hear from the others.*mon.3$/);
  state.rejoinTarget = { slot: 77, promise: { round: 1, node: 2 } };
  expect(whyNotServing(state, 0)).toMatch(/fetches what the others have, to slot 77$/);
});

test("without a leader it says how many must reach each other", () => {
  expect(whyNotServing(acceptor(), 0)).toBe(
    "no leader, 2 of the members 1, 2, 3 must reach each other",
  );
  expect(whyNotServing(acceptor([1]), 0)).toBe("it is about to lead");
});

test("with a leader it says what is missing", () => {
  const state = acceptor();
  state.leader = 2;
  state.catchUpSlot = 10;
  expect(whyNotServing(state, 9)).toBe("it catches up with the leader, mon.2");
  expect(whyNotServing(state, 10)).toMatch(/no majority is known to stand behind.*mon.2$/);
  state.leader = 1;
  expect(whyNotServing(state, 10)).toBe("it begins to lead");
});

test("not to serve is a warning, to serve and to follow are news", () => {
  const consensus = acceptor();
  consensus.promise = { round: 7, node: 2 };
  expect(servingNotice({ consensus, applied: 0 }, true)).toMatchObject({
    level: "info",
    message: "serves clients",
  });
  expect(servingNotice({ consensus, applied: 0 }, false)).toMatchObject({
    level: "warn",
    message: expect.stringMatching(/^serves no clients: no leader/),
  });
  expect(followsNotice(consensus, 2)).toMatchObject({ message: "follows mon.2 in round 7" });
});
