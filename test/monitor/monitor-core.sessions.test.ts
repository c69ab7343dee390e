import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { peerName } from "../../cluster/base/ids.ts";
import { SILENT_LOG } from "../../cluster/base/log.ts";
import { MemoryStore } from "../../cluster/kv/memory-store.ts";
import { encode } from "../../cluster/wire/codec.ts";
import { OPCODES } from "../../cluster/zookeeper/op-codes.ts";
import { connectRequest } from "../../cluster/zookeeper/session-records.ts";
import type { NodeId } from "../../monitor/consensus/state.ts";
import { Monitor } from "../../monitor/monitor.ts";
import { DEFAULT_SETTINGS } from "../../monitor/tree/settings.ts";
import { Scheduler } from "../sim/scheduler.ts";
import { virtualClock } from "../support/virtual-clock.ts";
import { rawPacket } from "./zookeeper/server-world.ts";

const TIMEOUT_MS = 10_000;
const CONNECT = encode(connectRequest, {
  protocolVersion: 0,
  lastZxidSeen: 0,
  timeOut: TIMEOUT_MS,
  sessionId: 0n,
  passwd: new Uint8Array(16),
  readOnly: false,
});

describe("a leader's list of sessions", () => {
  let scheduler: Scheduler;
  let monitor: Monitor;

  beforeEach(async () => {
    scheduler = new Scheduler();
    const node = 1 as NodeId;
    monitor = await Monitor.start({
      self: node,
      members: [node],
      store: new MemoryStore(),
      clock: virtualClock(scheduler),
      log: SILENT_LOG,
      randomNumber: () => 7,
      attach: () => ({
        self: peerName("mon.1"),
        route: () => {},
        send: () => false,
        request: () => Promise.reject(new Error("there is nobody else")),
        close: () => Promise.resolve(),
      }),
      performClient: () => {},
      server: {
        minSessionTimeoutMs: 4_000,
        maxSessionTimeoutMs: 40_000,
        wordsWhitelist: new Set(),
      },
      settings: DEFAULT_SETTINGS,
      fail: (error) => {
        throw error;
      },
    });
    await until(() => monitor.state.isServing);
  });

  afterEach(async () => {
    const closed = monitor.close();
    await scheduler.run(() => false, scheduler.nowMs + 2_000);
    await closed;
  });

  const until = async (isDone: () => boolean): Promise<void> => {
    expect(await scheduler.run(isDone, scheduler.nowMs + 60_000)).toBe("done");
  };

  const connect = async (client: number): Promise<void> => {
    monitor.submit({
      type: "clientOpened",
      client,
      address: "10.0.0.1:5",
      password: new Uint8Array(16),
    });
    monitor.submit({ type: "clientPackets", client, packets: [CONNECT] });
    await until(() => monitor.state.tracker.count === client);
  };

  const sessionCounts = (): number[] => {
    const { tracker, machine } = monitor.state;
    return [tracker.count, machine.tree.sessions.count];
  };

  test("forgets one that is closed at once, not when it would have ended", async () => {
    await connect(1);
    await connect(2);
    const closeSession = rawPacket(1, OPCODES.closeSession, new Uint8Array(0));
    monitor.submit({ type: "clientPackets", client: 1, packets: [closeSession] });
    await until(() => monitor.state.machine.tree.sessions.count === 1);
    expect(sessionCounts()).toEqual([1, 1]);
  });

  test("forgets one that has expired", async () => {
    await connect(1);
    monitor.submit({ type: "clientClosed", client: 1 });
    const fromMs = scheduler.nowMs;
    await until(() => monitor.state.machine.tree.sessions.count === 0);
    expect(scheduler.nowMs - fromMs).toBeGreaterThanOrEqual(TIMEOUT_MS);
    expect(sessionCounts()).toEqual([0, 0]);
  });
});
