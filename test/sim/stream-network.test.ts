import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { present } from "../../cluster/base/assert.ts";
import { concatBytes, equalBytes, textOf, utf8 } from "../../cluster/base/bytes.ts";
import { isClusterError } from "../../cluster/base/error.ts";
import { peerName } from "../../cluster/base/ids.ts";
import { createPrng, randomBytes } from "../../cluster/base/prng.ts";
import type { ByteStream, StreamNetwork } from "../../cluster/runtime/stream.ts";
import { WINDOW_BYTES } from "./pipe.ts";
import { Scheduler } from "./scheduler.ts";
import { NO_STREAM_FAULTS, SimStreamNetwork, type StreamFaults } from "./stream-network.ts";

const A = peerName("mon.0");
const B = peerName("osd.1");
const ADDRESS = "b:6800";
const NEVER = new AbortController().signal;

/** One end, with a list of all that it was told. */
class End {
  readonly stream: ByteStream;
  readonly chunks: Uint8Array[] = [];
  readonly events: string[] = [];

  constructor(stream: ByteStream, isStarted = true) {
    this.stream = stream;
    if (isStarted) this.start();
  }

  start(): void {
    this.stream.start({
      data: (chunk) => this.chunks.push(chunk),
      drain: () => this.events.push("drain"),
      close: (reason) => this.events.push(reason),
    });
  }

  get bytes(): Uint8Array {
    return concatBytes(new Uint8Array(0), ...this.chunks);
  }

  get text(): string {
    return textOf(this.bytes);
  }

  write(text: string): void {
    this.stream.write([utf8(text)]);
  }
}

class World {
  readonly scheduler = new Scheduler();
  readonly network: SimStreamNetwork;
  readonly accepted: ByteStream[] = [];

  constructor(faults: Partial<StreamFaults> = {}, seed = 1) {
    this.network = new SimStreamNetwork({
      scheduler: this.scheduler,
      prng: createPrng(seed),
      trace: { record: () => {} },
      faults: { ...NO_STREAM_FAULTS, ...faults },
    });
  }

  async runFor(durationMs: number): Promise<void> {
    let isOver = false;
    this.scheduler.after(durationMs, () => {
      isOver = true;
    });
    await this.scheduler.run(() => isOver, Number.POSITIVE_INFINITY);
  }

  /** What becomes of an attempt to connect. */
  dial(
    from: StreamNetwork,
    address = ADDRESS,
    signal = NEVER,
  ): { outcome: string; stream?: ByteStream } {
    const state: { outcome: string; stream?: ByteStream } = { outcome: "pending" };
    from.connect(address, signal).then(
      (stream) => {
        state.outcome = "connected";
        state.stream = stream;
      },
      (error: unknown) => {
        state.outcome = isClusterError(error) ? `${error.code} ${error.message}` : String(error);
      },
    );
    return state;
  }

  async listen(): Promise<void> {
    await this.network.host(B).listen(ADDRESS, (stream) => this.accepted.push(stream));
  }

  /** A connection from A to B, the second end started or not. */
  async pair(isStarted = true): Promise<[End, End]> {
    await this.listen();
    const { network } = this;
    const dialled = this.dial(network.host(A));
    await this.runFor(100);
    const far = this.accepted[0];
    if (dialled.stream === undefined || far === undefined) throw new Error(dialled.outcome);
    return [new End(dialled.stream), new End(far, isStarted)];
  }
}

describe("connecting", () => {
  test("gives both sides a stream that names the other", async () => {
    const [near, far] = await new World().pair();
    expect(near.stream.remoteAddress).toBe(ADDRESS);
    expect(far.stream.remoteAddress).toMatch(/^mon\.0:\d+$/);
  });

  test("is refused where nobody listens, or no longer does", async () => {
    const world = new World();
    const listener = await world.network.host(B).listen(ADDRESS, () => {});
    await listener.close();
    const dialled = world.dial(world.network.host(A));
    await world.runFor(100);
    expect(dialled.outcome).toMatch(/^UNREACHABLE .*b:6800: connection refused/);
  });

  test("port 0 takes a free one, a taken one is refused", async () => {
    const world = new World();
    const host = world.network.host(B);
    const first = await host.listen("b:0", () => {});
    const second = await host.listen("b:0", () => {});
    expect(first.address).toMatch(/^b:[1-9]\d*$/);
    expect(second.address).not.toBe(first.address);
    await expect(host.listen(first.address, () => {})).rejects.toMatchObject({
      code: "UNREACHABLE",
    });
  });

  test("an address that is none is a mistake in the configuration", async () => {
    const host = new World().network.host(A);
    const expected = { code: "CONFIG_INVALID" };
    await expect(host.connect("nowhere", NEVER)).rejects.toMatchObject(expected);
    await expect(host.listen("nowhere", () => {})).rejects.toMatchObject(expected);
  });

  test("gives up when the signal aborts, and the other side learns of it", async () => {
    const world = new World({ delayMsMin: 10 });
    await world.listen();
    const controller = new AbortController();
    const dialled = world.dial(world.network.host(A), ADDRESS, controller.signal);
    await world.runFor(15);
    expect(world.accepted).toHaveLength(1);
    const far = new End(world.accepted[0] as ByteStream);
    controller.abort();
    await world.runFor(100);
    expect(dialled.outcome).toMatch(/^UNREACHABLE .*gave up/);
    expect(far.events).toEqual(["the peer closed the connection"]);
    const late = world.dial(world.network.host(A), ADDRESS, controller.signal);
    await world.runFor(0);
    expect(late.outcome).toMatch(/^UNREACHABLE/);
  });

  test("waits for the end of a partition, but not for ever", async () => {
    const world = new World();
    await world.listen();
    world.network.partition([[A], [B]], "one-way");
    const patient = world.dial(world.network.host(A));
    await world.runFor(2_500);
    expect(patient.outcome).toBe("pending");
    world.network.heal();
    await world.runFor(1_000);
    expect(patient.outcome).toBe("connected");
    world.network.partition([[B], [A]], "one-way");
    const hopeless = world.dial(world.network.host(A));
    await world.runFor(60_000);
    expect(hopeless.outcome).toMatch(/^UNREACHABLE .*no answer/);
  });
});

describe("bytes", () => {
  test("arrive in order, cut anew, and are nobody else's", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer(),
        fc.array(fc.uint8Array({ maxLength: 300 })),
        async (seed, sent) => {
          const world = new World({ pieceBytesMax: 50, delayMsMean: 5 }, seed);
          const [near, far] = await world.pair();
          const expected = concatBytes(new Uint8Array(0), ...sent);
          const copies = sent.map((chunk) => chunk.slice());
          near.stream.write(copies);
          for (const chunk of copies) chunk.fill(0);
          await world.runFor(1_000);
          expect(equalBytes(far.bytes, expected)).toBe(true);
          expect(far.chunks.every((chunk) => chunk.byteLength > 0)).toBe(true);
          expect(Math.max(0, ...far.chunks.map((chunk) => chunk.byteLength))).toBeLessThanOrEqual(
            50,
          );
        },
      ),
      { numRuns: 30 },
    );
  });

  test("that arrive before the start are told after it returns", async () => {
    const world = new World();
    const [near, far] = await world.pair(false);
    near.write("early");
    await world.runFor(100);
    far.start();
    expect(far.chunks).toEqual([]);
    await world.runFor(0);
    await world.runFor(0);
    expect(far.text).toBe("early");
  });

  test("flow both ways at once", async () => {
    const world = new World();
    const [near, far] = await world.pair();
    near.write("ping");
    far.write("pong");
    await world.runFor(100);
    expect([far.text, near.text]).toEqual(["ping", "pong"]);
  });
});

describe("back-pressure", () => {
  test("a reader that pauses fills the window, then the writer's queue, and loses nothing", async () => {
    const world = new World();
    const [near, far] = await world.pair();
    const sent = randomBytes(createPrng(9), 3 * WINDOW_BYTES);
    far.stream.pause();
    near.stream.write([sent]);
    await world.runFor(10_000);
    expect(near.stream.queuedBytes).toBe(2 * WINDOW_BYTES);
    expect([far.chunks.length, near.events.length]).toEqual([0, 0]);
    far.stream.resume();
    await world.runFor(10_000);
    expect(near.stream.queuedBytes).toBe(0);
    expect(near.events).toEqual(["drain"]);
    expect(Buffer.compare(far.bytes, sent)).toBe(0);
  });

  test("a handler that pauses gets nothing more until it resumes", async () => {
    const world = new World({ pieceBytesMax: 1 });
    const [near, far] = await world.pair(false);
    let received = "";
    far.stream.start({
      data: (chunk) => {
        received += textOf(chunk);
        far.stream.pause();
      },
      drain: () => {},
      close: () => {},
    });
    near.write("abc");
    await world.runFor(100);
    expect(received).toBe("a");
    far.stream.resume();
    await world.runFor(100);
    expect(received).toBe("ab");
  });
});

describe("endings", () => {
  test("end: all that was written arrives, on both sides, then both close once", async () => {
    const world = new World();
    const [near, far] = await world.pair();
    far.stream.write([new Uint8Array(2 * WINDOW_BYTES)]);
    near.write("last");
    near.stream.end();
    near.write("too late");
    await world.runFor(1_000);
    expect(far.text).toBe("last");
    expect(near.bytes.byteLength).toBe(2 * WINDOW_BYTES);
    expect(near.events).toEqual(["the peer closed the connection"]);
    expect(far.events).toEqual(["drain", "the peer closed the connection"]);
  });

  test("destroy: closes here in a later turn, and there once the news arrive", async () => {
    const world = new World({ delayMsMin: 10 });
    const [near, far] = await world.pair();
    near.stream.destroy();
    near.stream.destroy();
    expect(near.events).toEqual([]);
    await world.runFor(0);
    await world.runFor(0);
    expect([near.events, far.events]).toEqual([["closed on this side"], []]);
    await world.runFor(1_000);
    expect(far.events).toEqual(["the peer closed the connection"]);
    expect(near.events).toHaveLength(1);
  });

  test("a paused end that writes to a destroyed one is told by a reset", async () => {
    const world = new World();
    const [near, far] = await world.pair();
    far.stream.pause();
    near.stream.destroy();
    await world.runFor(100);
    expect(far.events).toEqual([]);
    far.write("hello?");
    await world.runFor(100);
    expect(far.events).toEqual(["connection reset"]);
  });

  test("a stream that closed before it was started tells so once it is", async () => {
    const world = new World();
    const [, far] = await world.pair(false);
    world.network.reset(B, A);
    await world.runFor(100);
    expect(far.events).toEqual([]);
    far.start();
    await world.runFor(0);
    await world.runFor(0);
    expect(far.events).toEqual(["connection reset"]);
  });

  test("a reset loses what is under way and closes both", async () => {
    const world = new World({ delayMsMin: 10 });
    const [near, far] = await world.pair();
    near.write("lost");
    world.network.reset(A, B);
    await world.runFor(1_000);
    expect(far.chunks).toEqual([]);
    expect([near.events, far.events]).toEqual([["connection reset"], ["connection reset"]]);
  });
});

describe("partitions", () => {
  test.each(["symmetric", "one-way"] as const)(
    "%s: bytes wait and nobody is told",
    async (mode) => {
      const world = new World();
      const [near, far] = await world.pair();
      near.write("before ");
      world.network.partition([[A], [B]], mode);
      near.stream.write([new Uint8Array(WINDOW_BYTES)]);
      far.write("back");
      await world.runFor(3_600_000);
      expect(far.bytes.byteLength).toBe(0);
      expect(near.text).toBe(mode === "one-way" ? "back" : "");
      expect(near.stream.queuedBytes).toBe("before ".length);
      world.network.heal();
      await world.runFor(1_000);
      expect(far.bytes.byteLength).toBe(WINDOW_BYTES + "before ".length);
      expect(near.text).toBe("back");
      expect([near.events, far.events]).toEqual([["drain"], []]);
    },
  );

  test("acknowledgements stall too: a window is used up although every byte arrives", async () => {
    const world = new World();
    const [near, far] = await world.pair();
    world.network.partition([[B], [A]], "one-way");
    near.stream.write([new Uint8Array(2 * WINDOW_BYTES)]);
    await world.runFor(60_000);
    expect(far.bytes.byteLength).toBe(WINDOW_BYTES);
    expect(near.stream.queuedBytes).toBe(WINDOW_BYTES);
    world.network.heal();
    await world.runFor(1_000);
    expect(far.bytes.byteLength).toBe(2 * WINDOW_BYTES);
  });
});

describe("crashes", () => {
  test("with a reset the peer learns of it, after what had been sent", async () => {
    const world = new World();
    const [near, far] = await world.pair();
    near.write("last words");
    world.network.crash(A, "reset");
    await world.runFor(1_000);
    expect(far.text).toBe("last words");
    expect(far.events).toEqual(["connection reset"]);
    expect(near.events).toEqual([]);
  });

  test("in silence the peer never learns of it, and its window fills up", async () => {
    const world = new World();
    const [near, far] = await world.pair();
    world.network.crash(A, "silence");
    far.stream.write([new Uint8Array(2 * WINDOW_BYTES)]);
    await world.runFor(3_600_000);
    expect(far.events).toEqual([]);
    expect(far.stream.queuedBytes).toBe(WINDOW_BYTES);
    expect([near.chunks, near.events]).toEqual([[], []]);
  });

  test("a crashed host listens no more, its successor can", async () => {
    const world = new World();
    await world.listen();
    world.network.crash(B, "silence");
    const refused = world.dial(world.network.host(A));
    await world.runFor(100);
    expect(refused.outcome).toMatch(/^UNREACHABLE/);
    await world.listen();
    const accepted = world.dial(world.network.host(A));
    await world.runFor(100);
    expect(accepted.outcome).toBe("connected");
  });

  test("an attempt of a crashed host never settles", async () => {
    const world = new World();
    const dialled = world.dial(world.network.host(A));
    world.network.crash(A, "reset");
    await world.runFor(1_000);
    expect(dialled.outcome).toBe("pending");
  });
});

test("the same seed cuts and times alike, another one does not", async () => {
  const run = async (seed: number): Promise<string[]> => {
    const world = new World({ pieceBytesMax: 100 }, seed);
    const [near, far] = await world.pair(false);
    const log: string[] = [];
    far.stream.start({
      data: (chunk) => log.push(`${world.scheduler.nowMs} ${chunk.byteLength}`),
      drain: () => {},
      close: (reason) => log.push(`${world.scheduler.nowMs} ${reason}`),
    });
    near.stream.write([new Uint8Array(2_000)]);
    near.stream.end();
    await world.runFor(1_000);
    return log;
  };
  const first = await run(1);
  expect(first.length).toBeGreaterThan(20);
  expect(await run(1)).toEqual(first);
  expect(await run(2)).not.toEqual(first);
});

describe("a clog", () => {
  test("holds back one direction until its time or the healing", async () => {
    const world = new World();
    const [near, far] = await world.pair();
    world.network.clog(A, B, world.scheduler.nowMs + 1_000);
    near.write("there");
    far.write("back");
    await world.runFor(900);
    expect([far.text, near.text]).toEqual(["", "back"]);
    await world.runFor(200);
    expect(far.text).toBe("there");
    world.network.clog(A, B, Number.POSITIVE_INFINITY);
    near.write(" again");
    world.network.heal();
    await world.runFor(100);
    expect(far.text).toBe("there again");
  });
});

test("a host is called only through its gate, and what waits there fills the window", async () => {
  const world = new World();
  const waiting: (() => void)[] = [];
  const host = world.network.host(B, (callback) => waiting.push(callback));
  await host.listen(ADDRESS, (stream) => world.accepted.push(stream));
  const dialled = world.dial(world.network.host(A));
  await world.runFor(100);
  expect(dialled.outcome).toBe("connected");
  expect(world.accepted).toEqual([]);
  for (const callback of waiting.splice(0)) callback();
  const far = new End(present(world.accepted[0], "the accepted stream"));
  const near = new End(present(dialled.stream, "the dialled stream"));
  near.stream.write([new Uint8Array(WINDOW_BYTES + 1)]);
  await world.runFor(100);
  expect([near.stream.queuedBytes, far.bytes.byteLength]).toEqual([1, 0]);
  for (const callback of waiting.splice(0)) callback();
  expect(far.bytes.byteLength).toBe(WINDOW_BYTES);
});
