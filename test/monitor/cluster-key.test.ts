import { describe, expect, test } from "vitest";
import { CLUSTER_KEY_SIZE } from "../../cluster/wire/handshake.ts";
import { keyOfServers } from "../../monitor/cluster-key.ts";
import { parseServer, type ServerLine } from "../../monitor/zookeeper/zoo-cfg-server.ts";

describe("a key made from server lines", () => {
  const lines = ["a:1:2", "b:1:2;2181", "[::1]:1:2|c:1:2"];
  const parsed = (id: number, text: string): ServerLine => {
    const server = parseServer(id, text);
    if ("problem" in server) throw new Error(server.problem);
    return server;
  };
  const servers = lines.map((text, index) => parsed(index + 1, text));
  const [one, two, three] = servers as [ServerLine, ServerLine, ServerLine];
  const hex = (from: readonly ServerLine[]): string =>
    Buffer.from(keyOfServers(from)).toString("hex");

  test("is the same in whatever order they stand", () => {
    expect(hex(servers.toReversed())).toBe(hex(servers));
    expect(keyOfServers(servers)).toHaveLength(CLUSTER_KEY_SIZE);
  });

  test.each([
    ["the role that it has anyway", 1, "a:1:2:participant"],
    ["a role in other letters", 1, "a:1:2:PARTICIPANT"],
    ["spaces", 1, " a:1:2 "],
    ["the host for clients that it has anyway", 2, "b:1:2;0.0.0.0:2181"],
    ["another number of digits", 1, "a:01:0002"],
  ])("is the same if one is spelt with %s", (_, id, text) => {
    const others = servers.map((server) => (server.id === id ? parsed(id, text) : server));
    expect(hex(others)).toBe(hex(servers));
  });

  test.each([
    ["is missing", [two, three]],
    ["has another port", [parsed(1, "a:1:3"), two, three]],
    ["has another number", [{ ...one, id: 4 }, two, three]],
    ["has other clients", [one, parsed(2, "b:1:2;2182"), three]],
  ])("is another one if one %s", (_, others) => {
    expect(hex(others)).not.toBe(hex(servers));
  });
});
