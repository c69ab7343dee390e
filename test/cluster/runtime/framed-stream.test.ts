import { expect, test } from "vitest";
import { FramedStream, KEEPALIVE_MS, SILENCE_MS } from "../../../cluster/runtime/framed-stream.ts";
import type { ByteStream, StreamHandler } from "../../../cluster/runtime/stream.ts";
import { encodeFrame, type Frame, TRANSPORT_FRAMES } from "../../../cluster/wire/frame.ts";
import { Incarnation } from "../../sim/incarnation.ts";
import { Scheduler } from "../../sim/scheduler.ts";

const LIMITS = { controlSizeMax: 100, payloadSizeMax: 100 };

class FakeStream implements ByteStream {
  readonly remoteAddress = "peer:1";
  queuedBytes = 0;
  readonly log: string[] = [];
  handler: StreamHandler | undefined;

  start(handler: StreamHandler): void {
    this.handler = handler;
  }
  write(chunks: readonly Uint8Array[]): void {
    this.log.push(`write ${chunks.length}`);
  }
  pause(): void {
    this.log.push("pause");
  }
  resume(): void {
    this.log.push("resume");
  }
  end(): void {
    this.log.push("end");
  }
  destroy(): void {
    this.log.push("destroy");
  }
}

function frameOf(type: number): Uint8Array {
  const chunks = encodeFrame({ flags: 0, correlation: 0, timeoutMs: 0 }, () => type);
  return chunks[0] as Uint8Array;
}

function setUp() {
  const scheduler = new Scheduler();
  const clock = new Incarnation({
    scheduler,
    skew: { startMs: 0, driftPpm: 0, wallOffsetMs: 0 },
    bug: (error) => {
      throw error;
    },
  });
  const stream = new FakeStream();
  const frames: Frame[] = [];
  const closed: string[] = [];
  const framed = new FramedStream(stream, LIMITS, clock, {
    frame: (frame) => {
      frames.push(frame);
    },
    drained: () => {},
    closed: (reason) => closed.push(reason),
  });
  framed.start();
  const passMs = (ms: number) => scheduler.run(() => false, scheduler.nowMs + ms);
  const arrive = (bytes: Uint8Array) => stream.handler?.data(bytes);
  return { clock, stream, framed, frames, closed, passMs, arrive };
}

test("what is written in one turn leaves in one write", async () => {
  const { framed, stream, passMs } = setUp();
  framed.write([frameOf(300)]);
  framed.write([frameOf(301), frameOf(302)]);
  expect(stream.log).toEqual([]);
  expect(framed.queuedBytes).toBe(3 * 48);
  await passMs(1);
  expect(stream.log).toEqual(["write 3"]);
  expect(framed.queuedBytes).toBe(0);
});

test("frames arrive one by one, pings do not", () => {
  const { frames, arrive } = setUp();
  const bytes = new Uint8Array([
    ...frameOf(300),
    ...frameOf(TRANSPORT_FRAMES.PING),
    ...frameOf(301),
  ]);
  arrive(bytes.subarray(0, 60));
  arrive(bytes.subarray(60));
  expect(frames.map((frame) => frame.type)).toEqual([300, 301]);
});

test("a side with nothing to say gives a sign of life often enough", async () => {
  const { stream, arrive, passMs } = setUp();
  for (let count = 0; count < 20; count++) {
    await passMs(KEEPALIVE_MS);
    arrive(frameOf(TRANSPORT_FRAMES.PING));
    expect(stream.log.length).toBeGreaterThan(count);
  }
});

test("no sign of life is added to what already waits to leave", async () => {
  const { stream, arrive, passMs } = setUp();
  stream.queuedBytes = 10;
  for (let count = 0; count < 5; count++) {
    await passMs(KEEPALIVE_MS);
    arrive(frameOf(TRANSPORT_FRAMES.PING));
  }
  expect(stream.log).toEqual([]);
});

test("a peer of which nothing is heard is given up", async () => {
  const { closed, stream, passMs } = setUp();
  await passMs(SILENCE_MS - 10);
  expect(closed).toEqual([]);
  await passMs(KEEPALIVE_MS);
  expect(closed).toEqual([`the peer sent nothing for ${SILENCE_MS} ms`]);
  expect(stream.log.at(-1)).toBe("destroy");
});

test("who does not read judges nobody, and gives the peer its time again afterwards", async () => {
  const { framed, closed, stream, passMs } = setUp();
  framed.setReading(false);
  await passMs(10 * SILENCE_MS);
  framed.setReading(true);
  await passMs(SILENCE_MS - 10);
  expect(closed).toEqual([]);
  await passMs(KEEPALIVE_MS);
  expect(closed.length).toBe(1);
  expect(stream.log.filter((line) => line === "pause" || line === "resume")).toEqual([
    "pause",
    "resume",
  ]);
});

test("while it does not read, a peer that takes nothing is given up", async () => {
  const { framed, closed, stream, passMs } = setUp();
  framed.setReading(false);
  framed.write([frameOf(300)]);
  await passMs(1);
  stream.queuedBytes = 48;
  await passMs(SILENCE_MS - 100);
  stream.queuedBytes = 40; // It took something.
  await passMs(SILENCE_MS - 100);
  expect(closed).toEqual([]);
  await passMs(2 * KEEPALIVE_MS);
  expect(closed).toEqual([`the peer took nothing for ${SILENCE_MS} ms`]);
});

test("frames wait while it does not read, also those that have arrived", async () => {
  const { framed, frames, arrive, passMs } = setUp();
  framed.setReading(false);
  arrive(new Uint8Array([...frameOf(300), ...frameOf(301)]));
  await passMs(10);
  expect(frames).toEqual([]);
  framed.setReading(true);
  await passMs(10);
  expect(frames.map((frame) => frame.type)).toEqual([300, 301]);
});

test("nothing is written behind the end", async () => {
  const { framed, stream, passMs } = setUp();
  framed.write([frameOf(300)]);
  framed.end();
  framed.write([frameOf(301)]);
  framed.end();
  await passMs(10 * KEEPALIVE_MS);
  expect(stream.log.filter((line) => line !== "destroy")).toEqual(["write 1", "end"]);
});

test("a process that was stopped judges nobody by the time it slept", async () => {
  const { clock, closed, arrive, passMs } = setUp();
  await passMs(1_000);
  clock.stop();
  await passMs(20_000);
  clock.resume();
  await passMs(1_000);
  expect(closed).toEqual([]);
  arrive(frameOf(TRANSPORT_FRAMES.PING));
  await passMs(SILENCE_MS + KEEPALIVE_MS);
  expect(closed.length).toBe(1);
});

test("bytes that make no sense end it, with what is wrong", () => {
  const { closed, arrive } = setUp();
  arrive(new Uint8Array(48));
  expect(closed).toEqual([expect.stringMatching(/makes no sense: .*another protocol/)]);
});

test("closing says what was still to be said, and is told once", () => {
  const { framed, closed, stream } = setUp();
  framed.write([frameOf(300)]);
  framed.close("enough");
  framed.close("again");
  framed.write([frameOf(301)]);
  expect(stream.log).toEqual(["write 1", "destroy"]);
  expect(closed).toEqual(["enough"]);
});

test("frames after a close by their handler are not delivered", () => {
  const scheduler = new Scheduler();
  const clock = new Incarnation({
    scheduler,
    skew: { startMs: 0, driftPpm: 0, wallOffsetMs: 0 },
    bug: () => {},
  });
  const stream = new FakeStream();
  let count = 0;
  const framed: FramedStream = new FramedStream(stream, LIMITS, clock, {
    frame: () => {
      count += 1;
      framed.close("enough");
    },
    drained: () => {},
    closed: () => {},
  });
  framed.start();
  stream.handler?.data(new Uint8Array([...frameOf(300), ...frameOf(301)]));
  expect(count).toBe(1);
});
