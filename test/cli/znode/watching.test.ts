import { describe, expect, test } from "vitest";
import { type WatchingOptions, watching } from "../../../cli/znode/watching.ts";
import { utf8 } from "../../../cluster/base/bytes.ts";
import type { ZooKeeperClient } from "../../../cluster/zookeeper/client.ts";
import { ADDRESSES, ClientWorld } from "../../cluster/zookeeper/client-world.ts";

interface Watched {
  readonly world: ClientWorld;
  readonly client: ZooKeeperClient;
  readonly lines: string[];
  readonly enough: AbortController;
  readonly ended: Promise<void>;
}

async function start(options: Partial<WatchingOptions> = {}): Promise<Watched> {
  const world = new ClientWorld();
  await world.start(...ADDRESSES);
  world.server.change("/a", utf8(""));
  const client = world.client();
  const lines: string[] = [];
  const enough = new AbortController();
  const ended = watching({
    client,
    path: "/a",
    isRecursive: false,
    isJson: false,
    countMax: 2,
    print: (line) => lines.push(line),
    wallMs: () => 1_700_000_000_000,
    signal: enough.signal,
    ...options,
  });
  ended.catch(() => {});
  await world.untilTrue(() => world.server.log.includes("addWatch /a"));
  await world.pass(10);
  return { world, client, lines, enough, ended };
}

describe("watching", () => {
  test("prints a line for each event, and ends after so many", async () => {
    const { world, lines, ended } = await start();
    world.server.change("/a", utf8("1"));
    world.server.change("/a/b", utf8(""));
    world.server.change("/a", utf8("2"));
    await world.until(ended);
    expect(lines).toEqual([
      "2023-11-14 22:13:20  nodeDataChanged     /a\n",
      "2023-11-14 22:13:20  nodeChildrenChanged /a\n",
    ]);
  });

  test("also tells of what is below, and as JSON", async () => {
    const { world, lines, ended } = await start({ isRecursive: true, isJson: true });
    world.server.change("/a/b", utf8("1"));
    world.server.change("/a/b", utf8("2"));
    await world.until(ended);
    expect(lines).toEqual([
      '{"timeMs":1700000000000,"type":"nodeCreated","path":"/a/b"}\n',
      '{"timeMs":1700000000000,"type":"nodeDataChanged","path":"/a/b"}\n',
    ]);
  });

  test("ends when somebody has seen enough", async () => {
    const { world, lines, enough, ended } = await start();
    enough.abort();
    await world.until(ended);
    world.server.change("/a", utf8("1"));
    await world.pass(100);
    expect(lines).toEqual([]);
  });

  test("fails when the session is over", async () => {
    const { world, client, lines, ended } = await start();
    world.server.expire(client.sessionId);
    await expect(world.until(ended)).rejects.toMatchObject({ code: "SESSIONEXPIRED" });
    expect(lines).toEqual([]);
  });
});
