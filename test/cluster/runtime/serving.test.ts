import { describe, expect, test } from "vitest";
import { ClusterError } from "../../../cluster/base/error.ts";
import { peerName } from "../../../cluster/base/ids.ts";
import { INBOUND_BYTES_MAX, RUNNING_MAX, Serving } from "../../../cluster/runtime/serving.ts";
import type { RequestContext, TransportHandler } from "../../../cluster/runtime/transport.ts";
import { CodecError } from "../../../cluster/wire/codec-error.ts";
import { Scheduler } from "../../sim/scheduler.ts";
import { virtualClock } from "../../support/virtual-clock.ts";

type Handler = Pick<TransportHandler<string>, "receive" | "answer">;

const NEVER: Handler = {
  receive: () => new Promise(() => {}),
  answer: () => new Promise(() => {}),
};
const received = { from: peerName("osd.1"), message: "m", payload: new Uint8Array() };

function setUp(handler: Partial<Handler>) {
  const scheduler = new Scheduler();
  const told: string[] = [];
  const serving = new Serving<string>({
    clock: virtualClock(scheduler),
    handler: { ...NEVER, ...handler },
    respond: (correlation, { message }) => told.push(`${correlation}: ${message}`),
    refuse: (correlation, error) => told.push(`${correlation}: ${error.code} ${error.message}`),
    changed: () => {},
    close: (reason) => told.push(`close: ${reason}`),
    fail: (error) => told.push(`fail: ${String(error)}`),
  });
  const ask = (correlation: number): void =>
    serving.answer(received, { correlation, timeoutMs: 1000, bytes: 1 });
  const settle = () => scheduler.run(() => false, scheduler.nowMs + 1);
  return { serving, told, ask, settle };
}

test("answers go out under the number of their request", async () => {
  const { serving, told, ask, settle } = setUp({ answer: async () => ({ message: "yes" }) });
  ask(7);
  expect(serving.isIdle).toBe(false);
  await settle();
  expect(told).toEqual(["7: yes"]);
  expect(serving.isIdle).toBe(true);
});

test("there is room for so many requests at once, and again when they are answered", async () => {
  let finish = (): void => {};
  const gate = new Promise<void>((resolve) => {
    finish = resolve;
  });
  const { serving, ask, settle } = setUp({ answer: () => gate.then(() => ({ message: "yes" })) });
  for (let correlation = 1; correlation <= RUNNING_MAX; correlation++) {
    expect(serving.hasRoom).toBe(true);
    ask(correlation);
  }
  expect(serving.hasRoom).toBe(false);
  finish();
  await settle();
  expect(serving.hasRoom).toBe(true);
});

test("there is room for so many bytes of unfinished messages", async () => {
  let finish = (): void => {};
  const gate = new Promise<void>((resolve) => {
    finish = resolve;
  });
  const { serving, settle } = setUp({ receive: () => gate });
  serving.receive(received, INBOUND_BYTES_MAX);
  expect(serving.hasRoom).toBe(true);
  serving.receive(received, 1);
  expect(serving.hasRoom).toBe(false);
  finish();
  await settle();
  expect(serving.hasRoom).toBe(true);
});

test("a message that is handled at once takes no room", () => {
  const { serving } = setUp({ receive: () => undefined });
  serving.receive(received, 2 * INBOUND_BYTES_MAX);
  expect(serving.hasRoom).toBe(true);
});

test("a cancelled request is not answered, and its handler knows", async () => {
  let context: RequestContext | undefined;
  let finish = (): void => {};
  const { serving, told, ask, settle } = setUp({
    answer: (_, given) => {
      context = given;
      return new Promise((resolve) => {
        finish = () => resolve({ message: "unwanted" });
      });
    },
  });
  ask(7);
  serving.cancel(7);
  serving.cancel(8);
  expect(context?.signal.aborted).toBe(true);
  finish();
  await settle();
  expect(told).toEqual([]);
  expect(serving.isIdle).toBe(true);
});

describe("what a handler throws", () => {
  const clusterError = new ClusterError("STORE_FULL", "no room");
  const codecError = new CodecError("TRUNCATED", "4 bytes expected", 0);
  const bug = new TypeError("oops");
  const thrown = (error: Error, how: "now" | "later") => (): Promise<never> => {
    if (how === "now") throw error;
    return Promise.reject(error);
  };

  test.each([
    ["now", clusterError, "7: STORE_FULL no room"],
    ["later", clusterError, "7: STORE_FULL no room"],
    ["now", codecError, "7: REMOTE_FAILED a payload that makes no sense: 4 bytes"],
    ["later", codecError, "7: REMOTE_FAILED a payload that makes no sense: 4 bytes"],
    ["now", bug, "fail: TypeError: oops"],
    ["later", bug, "fail: TypeError: oops"],
  ] as const)("while answering, %s: %s", async (how, error, expected) => {
    const { told, ask, settle } = setUp({ answer: thrown(error, how) });
    ask(7);
    await settle();
    expect(told).toEqual([expect.stringContaining(expected)]);
  });

  test.each([
    ["now", clusterError, "close: a message could not be handled: no room"],
    ["later", clusterError, "close: a message could not be handled: no room"],
    ["now", codecError, "close: a message could not be handled: a payload that makes no sense"],
    ["later", codecError, "close: a message could not be handled: a payload that makes no sense"],
    ["now", bug, "fail: TypeError: oops"],
    ["later", bug, "fail: TypeError: oops"],
  ] as const)("while receiving, %s: %s", async (how, error, expected) => {
    const { told, serving, settle } = setUp({ receive: thrown(error, how) });
    serving.receive(received, 1);
    await settle();
    expect(told).toEqual([expect.stringContaining(expected)]);
  });
});
