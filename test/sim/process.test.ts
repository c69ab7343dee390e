import { describe, expect, test } from "vitest";
import { assert } from "../../cluster/base/assert.ts";
import { textOf, utf8 } from "../../cluster/base/bytes.ts";
import { ClusterError } from "../../cluster/base/error.ts";
import { peerName } from "../../cluster/base/ids.ts";
import { createPrng, randomExponential, randomU32 } from "../../cluster/base/prng.ts";
import { TICK_MS, type Tick } from "../../cluster/runtime/core.ts";
import { Loop } from "../../cluster/runtime/loop.ts";
import type { TransportHandler } from "../../cluster/runtime/transport.ts";
import { record, str } from "../../cluster/wire/codec.ts";
import { createRegistry, type MessageOf } from "../../cluster/wire/registry.ts";
import { versioned } from "../../cluster/wire/versioned.ts";
import { SimDisk } from "./disk.ts";
import { NO_DISK_FAULTS } from "./disk-faults.ts";
import { NO_NETWORK_FAULTS } from "./lane.ts";
import { SimNetwork } from "./network.ts";
import { type Boot, type SimEnv, SimProcess } from "./process.ts";
import { Scheduler } from "./scheduler.ts";
import { Trace } from "./trace.ts";

const registry = createRegistry({
  note: { id: 0x0100, body: versioned(1, record({ text: str })) },
});
type Note = MessageOf<typeof registry>;
type Env = SimEnv<Note>;

const A = peerName("osd.0");
const B = peerName("osd.1");

const note = (text: string): { message: Note } => ({ message: { type: "note", text } });
const sleep = (env: Env, ms: number) =>
  new Promise<void>((resolve) => {
    env.clock.after(ms, resolve);
  });

class World {
  readonly scheduler = new Scheduler();
  readonly lines: string[] = [];
  readonly trace = new Trace({ sink: (line) => this.lines.push(line) });
  readonly bugs: unknown[] = [];
  readonly prng = createPrng(1);
  readonly network = new SimNetwork({
    scheduler: this.scheduler,
    prng: createPrng(2),
    registry,
    trace: this.trace,
    faults: NO_NETWORK_FAULTS,
  });

  process(name: typeof A, boot: Boot<Note>): SimProcess<Note> {
    const { scheduler, trace, network, bugs } = this;
    const prng = createPrng(randomU32(this.prng));
    const disk = new SimDisk({ scheduler, prng, trace, faults: NO_DISK_FAULTS, name });
    const skew = { startMs: 0, driftPpm: 0, wallOffsetMs: 0 };
    const bug = (error: unknown): void => {
      bugs.push(error);
    };
    return new SimProcess({ name, boot, network, disk, scheduler, trace, prng, skew, bug });
  }

  async runTo(limitMs: number): Promise<void> {
    await this.scheduler.run(() => false, limitMs);
  }
}

const silent: TransportHandler<Note> = {
  receive: () => {},
  answer: () => Promise.reject(new ClusterError("REMOTE_FAILED", "nothing to say")),
};

describe("a restarted process", () => {
  test("finds what was durable, and none of its old life goes on", async () => {
    const world = new World();
    const seen: string[] = [];
    let life = 0;
    const process = world.process(A, async (env) => {
      life += 1;
      const me = life;
      const value = await env.store.get(utf8("lives"));
      seen.push(`life ${me} finds ${value === undefined ? "nothing" : textOf(value)}`);
      const write = { type: "put", key: utf8("lives"), value: utf8(String(me)) } as const;
      await env.store.batch([write], { durable: true });
      for (let count = 1; count <= 3; count++) {
        await sleep(env, 20);
        seen.push(`life ${me} at ${count}`);
      }
    });
    process.start();
    world.scheduler.at(50, () => process.crash("reset"));
    world.scheduler.at(60, () => process.start());
    await world.runTo(1_000);
    expect(seen).toEqual([
      "life 1 finds nothing",
      "life 1 at 1",
      "life 1 at 2",
      "life 2 finds 1",
      "life 2 at 1",
      "life 2 at 2",
      "life 2 at 3",
    ]);
  });

  test("hears nothing that was sent to the one before, and its store is another", async () => {
    const world = new World();
    const seen: string[] = [];
    const stores: unknown[] = [];
    const receiver = world.process(A, (env) => {
      stores.push(env.store);
      env.attach({ ...silent, receive: ({ message }) => void seen.push(message.text) });
    });
    const sender = world.process(B, async (env) => {
      const transport = env.attach(silent);
      transport.route(A, A);
      await sleep(env, 10);
      transport.send(A, note("to the first"));
      receiver.crash("reset");
      receiver.start();
      await sleep(env, 10);
      transport.send(A, note("to the second"));
    });
    receiver.start();
    sender.start();
    await world.runTo(1_000);
    expect(seen).toEqual(["to the second"]);
    expect(new Set(stores).size).toBe(2);
  });
});

describe("a stopped process", () => {
  const lateTicks = async (stopMs: number): Promise<number[]> => {
    const world = new World();
    const late: number[] = [];
    const process = world.process(A, (env) => {
      const step = (_: null, event: Tick) => {
        if (event.lateMs > 0) late.push(Math.round(event.lateMs));
        return [];
      };
      const { store, clock, exit } = env;
      const options = { store, clock, fail: exit, perform: () => {}, queueCapacity: 8 };
      new Loop<null, Tick, never>({ ...options, state: null, step }).start();
    });
    process.start();
    world.scheduler.at(100, () => process.stop());
    world.scheduler.at(100 + stopMs, () => process.resume());
    await world.runTo(5_000);
    return late;
  };

  test("learns from its first tick how late it is", async () => {
    const [late, ...others] = await lateTicks(1_000);
    expect(late).toBeGreaterThan(1_000 - TICK_MS);
    expect(late).toBeLessThanOrEqual(1_000);
    expect(others).toEqual([]);
  });

  test("is not late if it stopped for a moment only", async () => {
    expect(await lateTicks(100)).toEqual([]);
  });

  test("reads its messages and sees its requests answered when it runs again", async () => {
    const world = new World();
    const seen: string[] = [];
    const stopped = world.process(A, async (env) => {
      const receive: TransportHandler<Note>["receive"] = ({ message }) => {
        seen.push(`${message.text} at ${Math.round(env.clock.nowMs())}`);
      };
      const transport = env.attach({ ...silent, receive });
      transport.route(B, B);
      await sleep(env, 10);
      const { message } = await transport.request(B, note("ask"), { timeoutMs: 9_000 });
      seen.push(`${message.text} at ${Math.round(env.clock.nowMs())}`);
    });
    const peer = world.process(B, (env) => {
      const transport = env.attach({
        ...silent,
        answer: async ({ from }) => {
          stopped.stop();
          transport.send(from, note("one"));
          return note("answered");
        },
      });
    });
    stopped.start();
    peer.start();
    world.scheduler.at(500, () => stopped.resume());
    await world.runTo(1_000);
    expect(seen).toEqual(["one at 500", "answered at 500"]);
  });
});

describe("a process that ends by itself", () => {
  test.each([
    {
      what: "exits",
      boot: (env: Env) => env.exit(new ClusterError("STORE_FAILED", "the disk is gone")),
    },
    {
      what: "fails to boot",
      boot: () => Promise.reject(new ClusterError("STORE_CORRUPT", "damaged")),
    },
  ])("because its environment failed is started again: it $what", async ({ boot }) => {
    const world = new World();
    let lives = 0;
    const process = world.process(A, (env) => {
      lives += 1;
      return lives < 3 ? boot(env) : undefined;
    });
    process.start();
    await world.runTo(10_000);
    expect(lives).toBe(3);
    expect(process.isRunning).toBe(true);
    expect(world.bugs).toEqual([]);
  });

  const broken = (): never => {
    throw new TypeError("a bug");
  };
  test.each<{ where: string; boot: Boot<Note> }>([
    { where: "while booting", boot: broken },
    {
      where: "after an await",
      boot: async (env) => {
        await sleep(env, 5);
        broken();
      },
    },
    { where: "in a timer", boot: (env) => void env.clock.after(5, broken) },
    { where: "in its loop's fail", boot: (env) => env.exit(new TypeError("a bug")) },
  ])("of a bug stays down and is reported: $where", async ({ boot }) => {
    const world = new World();
    const process = world.process(A, boot);
    process.start();
    await world.runTo(10_000);
    expect(world.bugs).toEqual([new TypeError("a bug")]);
    expect(process.isRunning).toBe(false);
  });
});

test("asynchronous code runs the same way every time", async () => {
  const run = async (): Promise<string[]> => {
    const world = new World();
    const chatter: Boot<Note> = async (env) => {
      const answer: TransportHandler<Note>["answer"] = async ({ message }) => {
        await sleep(env, randomExponential(env.prng, 3));
        return note(`re: ${message.text}`);
      };
      const transport = env.attach({ ...silent, answer });
      const peer = env.name === A ? B : A;
      transport.route(peer, peer);
      const talk = async (topic: number): Promise<void> => {
        for (let round = 0; round < 5; round++) {
          const asked = transport.request(peer, note(`${topic}.${round}`), { timeoutMs: 4 });
          const text = await asked.then(
            ({ message }) => message.text,
            (error: ClusterError) => error.code,
          );
          const key = utf8(`${topic}.${round}`);
          await env.store.batch([{ type: "put", key, value: utf8(text) }], { durable: true });
          env.log.info(text, { topic, round });
        }
      };
      await Promise.all([talk(1), talk(2), talk(3)]);
      for await (const [key, value] of env.store.iterate({})) {
        env.log.info("kept", { key: textOf(key), value: textOf(value) });
      }
    };
    for (const name of [A, B]) world.process(name, chatter).start();
    await world.runTo(10_000);
    assert(world.bugs.length === 0, "nothing is thrown");
    return world.lines;
  };
  const first = await run();
  expect(first.filter((line) => line.includes("kept"))).toHaveLength(30);
  expect(await run()).toEqual(first);
});
