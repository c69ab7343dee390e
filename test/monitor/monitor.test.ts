/** The shell around a monitor's core: what it starts from, whom it hears, and how it ends. */
import { describe, expect, test } from "vitest";
import { ClusterError } from "../../cluster/base/error.ts";
import { peerName } from "../../cluster/base/ids.ts";
import { SILENT_LOG } from "../../cluster/base/log.ts";
import { MemoryStore } from "../../cluster/kv/memory-store.ts";
import type { Outgoing, TransportHandler } from "../../cluster/runtime/transport.ts";
import type { MonitorMessage } from "../../monitor/message/registry.ts";
import { encodeRows } from "../../monitor/message/rows.ts";
import { Monitor, nameOf, nodeOf } from "../../monitor/monitor.ts";
import { DEFAULT_SETTINGS } from "../../monitor/tree/settings.ts";
import { Scheduler } from "../sim/scheduler.ts";

interface Shell {
  readonly monitor: Monitor;
  readonly handler: TransportHandler<MonitorMessage>;
  readonly sent: { to: string; type: string }[];
  readonly failures: unknown[];
  run(ms: number): Promise<void>;
}

const CONTEXT = { signal: new AbortController().signal, deadlineMs: 0 };
const EMPTY = new Uint8Array(0);

async function start(
  members: readonly number[],
  store = new MemoryStore(),
  scheduler = new Scheduler(),
): Promise<Shell> {
  const sent: { to: string; type: string }[] = [];
  const failures: unknown[] = [];
  let handler: TransportHandler<MonitorMessage> | undefined;
  let random = 0;
  const clock = {
    nowMs: () => scheduler.nowMs,
    wallMs: () => scheduler.nowMs + 1_700_000_000_000,
    after: (delayMs: number, callback: () => void) => scheduler.after(delayMs, callback),
    soon: (callback: () => void) => void scheduler.after(0, callback),
  };
  const monitor = await Monitor.start({
    self: 1,
    members,
    store,
    clock,
    log: SILENT_LOG,
    randomNumber: () => {
      random += 1;
      return random;
    },
    attach: (given) => {
      handler = given;
      return {
        self: nameOf(1),
        route: () => {},
        send: (to, { message }: Outgoing<MonitorMessage>) => {
          sent.push({ to, type: message.type });
          return true;
        },
        request: () => Promise.reject(new ClusterError("UNREACHABLE", "nobody is there")),
        close: async () => {},
      };
    },
    performClient: () => {},
    server: {
      minSessionTimeoutMs: 4_000,
      maxSessionTimeoutMs: 40_000,
      wordsWhitelist: new Set(),
    },
    settings: DEFAULT_SETTINGS,
    fail: (error) => failures.push(error),
  });
  if (handler === undefined) throw new Error("nothing was attached");
  const run = async (ms: number): Promise<void> => {
    await scheduler.run(() => false, scheduler.nowMs + ms);
  };
  return { monitor, handler, sent, failures, run };
}

describe("a monitor's name among the others", () => {
  test("is made of its number, and tells it", () => {
    expect(nameOf(12)).toBe("mon.12");
    expect(nodeOf(peerName("mon.12"))).toBe(12);
    expect(nodeOf(peerName("osd.12"))).toBeUndefined();
  });
});

/** Of a member of an ensemble that exists already. */
const HELLO = {
  type: "hello",
  life: 5,
  answers: 0,
  ticket: 1,
  knows: 0,
  standing: "acceptor",
  ensemble: 9,
  promise: { round: 1, node: 2 },
  last: 7,
  commit: 7,
  leads: true,
} as const;

describe("a monitor in a process", () => {
  test("alone serves soon, says so, and comes back with what it had", async () => {
    const [store, scheduler] = [new MemoryStore(), new Scheduler()];
    const { monitor, run, failures } = await start([1], store, scheduler);
    expect(monitor.whyNotServing).toMatch(/a new ensemble begins/);
    await run(2_000);
    expect(monitor.whyNotServing).toBeUndefined();
    const { epoch } = monitor.state.machine.tree;
    await Promise.all([monitor.close(), run(2_000)]);
    const again = await start([1], store, scheduler);
    expect(again.monitor.state.machine.tree.epoch).toBe(epoch);
    await again.run(2_000);
    expect(again.monitor.state.machine.tree.epoch).toBeGreaterThan(epoch);
    expect([...failures, ...again.failures]).toEqual([]);
  });

  test("says hello to the others, and does not serve without them", async () => {
    const { monitor, sent, run } = await start([1, 2, 3]);
    await run(1_000);
    expect(new Set(sent.map(({ to, type }) => `${type} ${to}`))).toEqual(
      new Set(["hello mon.2", "hello mon.3"]),
    );
    expect(monitor.whyNotServing).toMatch(/nothing was heard yet of mon.2, mon.3/);
  });

  test("does not hear who is no monitor", async () => {
    const { monitor, handler, run } = await start([1]);
    await run(2_000);
    const before = monitor.state.replica.consensus.leaderHeardMs;
    const message = { type: "touched", sessions: [1] } as const;
    expect(handler.receive({ from: peerName("osd.3"), message, payload: EMPTY })).toBeUndefined();
    await run(100);
    expect(monitor.state.replica.consensus.leaderHeardMs).toBe(before);
  });

  test("answers nothing but rows, and only monitors", async () => {
    const { handler } = await start([1, 2, 3]);
    const touched = { message: { type: "touched", sessions: [] }, payload: EMPTY } as const;
    await expect(handler.answer({ ...touched, from: nameOf(2) }, CONTEXT)).rejects.toThrow(
      "does not answer touched",
    );
    const rows = { type: "rows", transfer: 1, index: 0, isLast: false } as const;
    const fromElse = { message: rows, payload: EMPTY, from: peerName("osd.1") };
    await expect(handler.answer(fromElse, CONTEXT)).rejects.toThrow("does not answer rows");
  });

  test("answers rows when they are durable, and refuses parts that do not follow", async () => {
    const { handler, run } = await start([1, 2, 3]);
    void handler.receive({ from: nameOf(2), message: HELLO, payload: EMPTY });
    const part = (index: number) => ({
      message: { type: "rows", transfer: 4, index, isLast: false } as const,
      payload: encodeRows([]),
      from: nameOf(2),
    });
    const answers = [0, 1, 3].map((index) => handler.answer(part(index), CONTEXT));
    await run(100);
    expect((await Promise.all(answers)).map(({ message }) => message)).toEqual([
      { type: "rowsTaken", ok: true },
      { type: "rowsTaken", ok: true },
      { type: "rowsTaken", ok: false },
    ]);
  });

  test("ends its process with the advice to upgrade it if a newer one wrote what is chosen", async () => {
    const { handler, run, failures } = await start([1, 2, 3]);
    void handler.receive({ from: nameOf(2), message: HELLO, payload: EMPTY });
    const entries = [{ round: 1, size: 1 }];
    const message = { type: "chosen", prev: 0, commit: 1, entries } as const;
    void handler.receive({ from: nameOf(2), message, payload: Uint8Array.of(2) });
    await run(100);
    expect(failures).toHaveLength(1);
    expect(String(failures[0])).toMatch(
      /wrote slot 1: version 2, .*; upgrade Kelp on this member$/,
    );
    expect(failures[0]).toMatchObject({ code: "PROGRAM_OUTDATED" });
  });

  test("ends its process when its store fails", async () => {
    const store = new MemoryStore();
    const { run, failures } = await start([1], store);
    store.batch = () => Promise.reject(new ClusterError("STORE_FAILED", "broken"));
    await run(2_000);
    expect(failures).toHaveLength(1);
    expect(String(failures[0])).toContain("broken");
  });

  test("closes within a second though nobody takes over, takes nothing up then, and twice is as once", async () => {
    const { monitor, run } = await start([1]);
    await run(2_000);
    const closing = monitor.close();
    await run(1_100);
    await closing;
    await monitor.close();
    expect(monitor.submit({ type: "resign" })).toBe(false);
    await expect(monitor.room()).rejects.toThrow("stopped");
  });
});
