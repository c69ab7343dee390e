import { afterEach, expect, test } from "vitest";
import type { MonitorRow } from "../../cluster/message/query.ts";
import { realClock } from "../../cluster/runtime/real-clock.ts";
import { tcpNetwork } from "../../cluster/runtime/tcp.ts";
import { QuorumWatch } from "../../monitor/quorum-watch.ts";
import { WordServer } from "../cli/quorum/word-server.ts";

const open: { stop(): unknown }[] = [];
afterEach(async () => {
  for (const one of open.splice(0).toReversed()) await one.stop();
});

async function server(answer: string): Promise<string> {
  const started = await WordServer.start(answer);
  open.push(started);
  return started.address;
}

function firstRows(servers: readonly string[]): Promise<readonly MonitorRow[]> {
  return new Promise((resolve) => {
    open.push(new QuorumWatch({ servers, network: tcpNetwork, clock: realClock, onRows: resolve }));
  });
}

test("who leads and who follows is in the quorum, and nobody else", async () => {
  const servers = await Promise.all([
    server("Mode: leader\n"),
    server("Zxid: 0x3\nMode: follower\n"),
    server("This ZooKeeper instance is not currently serving requests\n"),
    server("srvr is not executed because it is not in the whitelist.\n"),
  ]);
  const gone = await WordServer.start("");
  const { address } = gone;
  await gone.stop();
  const rows = await firstRows([...servers, address]);
  expect(rows.map(({ isInQuorum, isLeader }) => [isInQuorum, isLeader])).toEqual([
    [true, true],
    [true, false],
    [false, false],
    [false, false],
    [false, false],
  ]);
  expect(rows.map(({ name }) => name)).toEqual([...servers, address]);
});

test("one alone leads itself", async () => {
  expect(await firstRows([await server("Mode: standalone\n")])).toMatchObject([
    { isInQuorum: true, isLeader: true },
  ]);
});
