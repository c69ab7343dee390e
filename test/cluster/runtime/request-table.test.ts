import { expect, test, vi } from "vitest";
import { ClusterError } from "../../../cluster/base/error.ts";
import { peerName } from "../../../cluster/base/ids.ts";
import { RequestTable } from "../../../cluster/runtime/request-table.ts";
import { Scheduler } from "../../sim/scheduler.ts";
import { virtualClock } from "../../support/virtual-clock.ts";

function setUp() {
  const scheduler = new Scheduler();
  const table = new RequestTable<string>(virtualClock(scheduler));
  const outcomes: string[] = [];
  const open = (name: string, timeoutMs = 1000, signal?: AbortSignal): number => {
    const correlation = table.nextCorrelation();
    const options = signal === undefined ? { timeoutMs } : { timeoutMs, signal };
    table
      .wait(correlation, options, () => outcomes.push(`${name}: cancel sent`))
      .then(
        ({ message }) => outcomes.push(`${name}: ${message}`),
        (error: ClusterError) => outcomes.push(`${name}: ${error.code}`),
      );
    return correlation;
  };
  const answer = (correlation: number, message: string): boolean =>
    table.resolve(correlation, { from: peerName("osd.1"), message, payload: new Uint8Array() });
  const passMs = (ms: number) => scheduler.run(() => false, scheduler.nowMs + ms);
  return { table, outcomes, open, answer, passMs };
}

test("answers reach the request whose number they carry, in any order", async () => {
  const { table, outcomes, open, answer, passMs } = setUp();
  const first = open("a");
  const second = open("b");
  expect(answer(second, "two")).toBe(true);
  expect(answer(first, "one")).toBe(true);
  await passMs(1);
  expect(outcomes).toEqual(["b: two", "a: one"]);
  expect(table.size).toBe(0);
});

test("a request settles once: a second answer and a late time-out change nothing", async () => {
  const { outcomes, open, answer, passMs } = setUp();
  const correlation = open("a", 100);
  answer(correlation, "one");
  expect(answer(correlation, "again")).toBe(false);
  await passMs(200);
  expect(outcomes).toEqual(["a: one"]);
});

test("a request without an answer is rejected at its time-out, and the peer told", async () => {
  const { outcomes, open, answer, passMs } = setUp();
  const correlation = open("a", 100);
  await passMs(99);
  expect(outcomes).toEqual([]);
  await passMs(2);
  expect(outcomes).toEqual(["a: cancel sent", "a: TIMEOUT"]);
  expect(answer(correlation, "late")).toBe(false);
});

test("a lost connection rejects every request", async () => {
  const { table, outcomes, open, passMs } = setUp();
  open("a");
  open("b");
  table.rejectAll(new ClusterError("CONNECTION_LOST", "gone"));
  await passMs(1);
  expect(outcomes).toEqual(["a: CONNECTION_LOST", "b: CONNECTION_LOST"]);
  expect(table.size).toBe(0);
});

test("a settled request leaves nothing on a signal that lives on", async () => {
  const { open, answer, passMs } = setUp();
  const { signal } = new AbortController();
  const add = vi.spyOn(signal, "addEventListener");
  const remove = vi.spyOn(signal, "removeEventListener");
  answer(open("a", 1000, signal), "one");
  open("b", 100, signal);
  await passMs(200);
  expect(add).toHaveBeenCalledTimes(2);
  expect(remove.mock.calls.map(([, listener]) => listener)).toEqual(
    add.mock.calls.map(([, listener]) => listener),
  );
});

test("a number that still waits is not given out again when the numbers start over", () => {
  const table = new RequestTable<string>(virtualClock(new Scheduler()), undefined, 3);
  table.nextCorrelation();
  const waiting = table.nextCorrelation();
  table.wait(waiting, { timeoutMs: 1000 }, () => {}).catch(() => {});
  expect([3, 4, 5, 6].map(() => table.nextCorrelation())).toEqual([3, 1, 3, 1]);
});

test("no number is 0, which means that no answer is wanted", () => {
  const { open } = setUp();
  expect(Array.from({ length: 3 }, () => open("a"))).toEqual([1, 2, 3]);
});
