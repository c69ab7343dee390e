import { expect, test } from "vitest";
import type { AskedMember } from "../../../cli/quorum/member-report.ts";
import { quorumProblem, quorumTable } from "../../../cli/quorum/quorum-report.ts";

function member(id: number, mode?: string): AskedMember {
  const named = { name: `mon.${id}`, address: `10.0.0.${id}:2181` };
  if (mode === undefined) return { ...named, problem: "nothing listens there" };
  const report = {
    mode,
    zxid: "0x100000017",
    connections: 3,
    outstanding: 0,
    nodes: 42,
    latencyMs: { min: 0, average: 0.5, max: 12 },
    version: "3.8.0-kelp-0.1.0",
  };
  return { ...named, report };
}

test("each member has a line, and a reason stands where there is no answer", () => {
  expect(quorumTable([member(1, "leader"), member(2, "follower"), member(3)]).join("")).toBe(
    [
      "MEMBER  MODE      ZXID         CONN  NODES  LATENCY  VERSION",
      "mon.1   leader    0x100000017     3     42   0.5/12  3.8.0-kelp-0.1.0",
      "mon.2   follower  0x100000017     3     42   0.5/12  3.8.0-kelp-0.1.0",
      "mon.3   nothing listens there",
      "",
    ].join("\n"),
  );
});

test("no line is wider than a terminal", () => {
  const long = { ...member(1, "leader"), name: "a-host-with-a-long-name.example:2181" };
  const silent = { ...member(2), problem: "why ".repeat(40) };
  for (const line of quorumTable([long, silent])) expect(line.length).toBeLessThanOrEqual(81);
});

test.each<[string, readonly AskedMember[]]>([
  ["a single monitor", [member(1, "standalone")]],
  ["three members", [member(1, "leader"), member(2, "follower"), member(3, "follower")]],
  ["a leader and a majority", [member(1), member(2, "follower"), member(3, "leader")]],
])("%s is healthy", (_, members) => {
  expect(quorumProblem(members)).toBeUndefined();
});

test.each<[string, readonly AskedMember[], RegExp]>([
  [
    "a majority that is silent",
    [member(1), member(2), member(3, "follower")],
    /^1 of 3 serve, 2 must: start mon.1, mon.2/,
  ],
  ["a leader without a majority", [member(1, "leader"), member(2), member(3)], /^1 of 3 serve/],
  ["no leader", [member(1, "follower"), member(2, "follower"), member(3)], /no leader.*mon.3$/],
  [
    "no leader though all answer",
    [member(1, "follower"), member(2, "follower")],
    /no leader.*mon.1, mon.2$/,
  ],
  ["two leaders", [member(1, "leader"), member(2, "leader")], /^mon.1, mon.2 each lead/],
  ["one that is alone", [member(1, "leader"), member(2, "standalone")], /^mon.2 runs alone/],
  ["one follower of several", [member(1, "follower")], /name all members/],
])("%s is a problem, with what to do", (_, members, problem) => {
  expect(quorumProblem(members)).toMatch(problem);
});
