import { describe, expect, test } from "vitest";
import {
  formatServer,
  parseServer,
  parseServerId,
} from "../../../monitor/zookeeper/zoo-cfg-server.ts";

describe("server lines", () => {
  const cases: [text: string, expected: string][] = [
    ["zoo1:2888:3888", "zoo1 2888 3888 participant -"],
    ["zoo1:2888:3888:participant", "zoo1 2888 3888 participant -"],
    ["zoo1:2888:3888:OBSERVER", "zoo1 2888 3888 observer -"],
    ["10.0.0.1:2888:3888;2181", "10.0.0.1 2888 3888 participant 0.0.0.0:2181"],
    ["zoo1:2888:3888:participant;10.0.0.1:2181", "zoo1 2888 3888 participant 10.0.0.1:2181"],
    ["[::1]:2888:3888;[fe80::1]:2181", "::1 2888 3888 participant fe80::1:2181"],
    ["a:1:2|b:3:4:observer", "a 1 2,b 3 4 observer -"],
    ["[2001:db8::1]:1:2|10.0.0.1:3:4;5", "2001:db8::1 1 2,10.0.0.1 3 4 participant 0.0.0.0:5"],
  ];
  test.each(cases)("%s", (text, expected) => {
    const line = parseServer(1, text);
    if ("problem" in line) throw new Error(line.problem);
    const addresses = line.addresses.map((a) => `${a.host} ${a.peerPort} ${a.electionPort}`);
    const client = line.client === undefined ? "-" : `${line.client.host}:${line.client.port}`;
    expect(`${addresses.join(",")} ${line.role} ${client}`).toBe(expected);
    expect(line).toMatchObject({ id: 1, text });
  });

  const wrong: [text: string, offset: number, part: string][] = [
    ["zoo1", 0, "two ports"],
    ["zoo1:2888", 0, "two ports"],
    ["zoo1:2888:3888:participant:x", 0, "two ports"],
    [":2888:3888", 0, "no host"],
    ["zoo1:x:3888", 5, '"x"'],
    ["zoo1:2888:70000", 10, '"70000"'],
    ["zoo1:2888:2888", 0, "must differ"],
    ["zoo1:2888:3888:leader", 15, '"leader"'],
    ["a:1:2:observer|b:3:4:participant", 15, "two roles"],
    ["a:1:2|b:3:x", 10, '"x"'],
    ["[::1:2888:3888", 0, '"["'],
    ["a:1:2;b:c:3", 6, "client address"],
    ["a:1:2;x", 6, "client address"],
    ["a:1:2;1;2", 0, '";"'],
    ["", 0, "no host"],
  ];
  test.each(wrong)("%s is refused", (text, offset, part) => {
    const line = parseServer(1, text);
    expect(line).toMatchObject({ offset, problem: expect.stringContaining(part) });
  });

  test.each([
    ["a:1:2", "a:1:2:participant"],
    ["a:1:2;3", "a:1:2:participant;0.0.0.0:3"],
    ["[::1]:1:2|b:3:4:observer;[::2]:5", "[::1]:1:2|b:3:4:observer;[::2]:5"],
  ])("%s is shown as ZooKeeper shows it", (text, expected) => {
    const line = parseServer(1, text);
    if ("problem" in line) throw new Error(line.problem);
    expect(formatServer(line)).toBe(expected);
  });

  test("ids are numbers that a file name and a 32-bit field can hold", () => {
    expect(["0", "1", "255", "2147483647"].map(parseServerId)).toEqual([0, 1, 255, 2147483647]);
    expect(["", "-1", "x", "1.5", "2147483648"].map(parseServerId)).toEqual(
      new Array(5).fill(undefined),
    );
  });
});
