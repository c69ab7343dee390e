import { expect, test } from "vitest";
import { ClusterError } from "../../../cluster/base/error.ts";
import { peerName } from "../../../cluster/base/ids.ts";
import { RequestTable } from "../../../cluster/runtime/request-table.ts";
import { Scheduler } from "../../sim/scheduler.ts";
import { virtualClock } from "../../support/virtual-clock.ts";

function setUp() {
  const scheduler = new Scheduler();
  const table = new RequestTable<string>(virtualClock(scheduler));
  const outcomes: string[] = [];
  const open = (name: string, timeoutMs = 1000): number =>
    table.open(
      {
        resolve: ({ message }) => outcomes.push(`${name}: ${message}`),
        reject: (error) => outcomes.push(`${name}: ${error.code}`),
      },
      timeoutMs,
      () => outcomes.push(`${name}: cancel sent`),
    );
  const answer = (correlation: number, message: string): boolean =>
    table.resolve(correlation, { from: peerName("osd.1"), message, payload: new Uint8Array() });
  const passMs = (ms: number) => scheduler.run(() => false, scheduler.nowMs + ms);
  return { table, outcomes, open, answer, passMs };
}

test("answers reach the request whose number they carry, in any order", () => {
  const { table, outcomes, open, answer } = setUp();
  const first = open("a");
  const second = open("b");
  expect(answer(second, "two")).toBe(true);
  expect(answer(first, "one")).toBe(true);
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
  expect(outcomes).toEqual(["a: TIMEOUT", "a: cancel sent"]);
  expect(answer(correlation, "late")).toBe(false);
});

test("a lost connection rejects every request", () => {
  const { table, outcomes, open } = setUp();
  open("a");
  open("b");
  table.rejectAll(new ClusterError("CONNECTION_LOST", "gone"));
  expect(outcomes).toEqual(["a: CONNECTION_LOST", "b: CONNECTION_LOST"]);
  expect(table.size).toBe(0);
});

test("no number is 0, which means that no answer is wanted", () => {
  const { open } = setUp();
  expect(Array.from({ length: 3 }, () => open("a"))).toEqual([1, 2, 3]);
});
