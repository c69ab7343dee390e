import { expect, test } from "vitest";
import { readReport } from "../../../cli/quorum/member-report.ts";

/** As Apache ZooKeeper 3.8 and Kelp print it. */
const SRVR = [
  "Zookeeper version: 3.8.0-1--1, built on 2022-03-27 00:00 UTC",
  "Latency min/avg/max: 0/0.5/12",
  "Received: 10",
  "Sent: 9",
  "Connections: 3",
  "Outstanding: 2",
  "Zxid: 0x100000017",
  "Mode: follower",
  "Node count: 42",
  "",
].join("\n");

test("an answer to srvr is read field by field", () => {
  expect(readReport(SRVR)).toEqual({
    mode: "follower",
    zxid: "0x100000017",
    connections: 3,
    outstanding: 2,
    nodes: 42,
    latencyMs: { min: 0, average: 0.5, max: 12 },
    version: "3.8.0-1--1",
  });
});

test("a leader tells more, which is passed over", () => {
  const text = SRVR.replace("follower", "leader");
  const leader = `${text}Proposal sizes last/min/max: 36/36/260\n`;
  expect(readReport(leader)).toMatchObject({ mode: "leader", nodes: 42 });
});

test.each([
  ["This ZooKeeper instance is not currently serving requests\n", "runs, but serves no clients"],
  [
    "srvr is not executed because it is not in the whitelist.\n",
    "4lw.commands.whitelist lacks srvr",
  ],
  ["", "it closes the connection without an answer"],
  ["HTTP/1.1 400 Bad Request\r\n", "it is no ZooKeeper server"],
])("%j is told as what it means", (answer, problem) => {
  expect(readReport(answer)).toBe(problem);
});
