/**
 * The rules that the runtime keeps, one by one, each with the run of events that goes wrong without it. A rule's switch
 * turns it off in the core under test, and the same events then end badly: a test that could not fail proves nothing.
 */
import { describe, expect, test } from "vitest";
import { present } from "../../cluster/base/assert.ts";
import { utf8 } from "../../cluster/base/bytes.ts";
import { createPrng } from "../../cluster/base/prng.ts";
import type { KvStore, Write } from "../../cluster/kv/store.ts";
import type { Persist, Step } from "../../cluster/runtime/core.ts";
import { Loop } from "../../cluster/runtime/loop.ts";
import { SimDisk } from "./disk.ts";
import { type DiskFaults, NO_DISK_FAULTS } from "./disk-faults.ts";
import { Incarnation } from "./incarnation.ts";
import { Scheduler } from "./scheduler.ts";

const NO_TRACE = { record: () => {} };
const EVERY_SEED = Array.from({ length: 100 }, (_, index) => index + 1);

/** One process: a disk, a clock, and room for loops on both. */
class World {
  readonly scheduler = new Scheduler();
  readonly disk: SimDisk;
  clock = this.#newLife();

  constructor(seed: number, faults: Partial<DiskFaults> = {}) {
    this.disk = new SimDisk({
      scheduler: this.scheduler,
      prng: createPrng(seed),
      trace: NO_TRACE,
      faults: { ...NO_DISK_FAULTS, ...faults },
      name: "osd.0",
    });
  }

  async open(): Promise<KvStore> {
    let store: KvStore | undefined;
    void this.disk.open().then((opened) => {
      store = opened;
    });
    await this.scheduler.run(() => store !== undefined, this.scheduler.nowMs + 10_000);
    return present(store, "the opened store");
  }

  passMs(ms: number): Promise<unknown> {
    return this.scheduler.run(() => false, this.scheduler.nowMs + ms);
  }

  /** Power fails, and what the disk kept is opened again. */
  async restart(): Promise<KvStore> {
    this.clock.die();
    this.disk.crash();
    this.clock = this.#newLife();
    return this.open();
  }

  async read(store: KvStore, key: string): Promise<string | undefined> {
    let value: Uint8Array | undefined;
    let isRead = false;
    void store.get(utf8(key)).then((found) => {
      value = found;
      isRead = true;
    });
    await this.scheduler.run(() => isRead, this.scheduler.nowMs + 10_000);
    return value && Buffer.from(value).toString();
  }

  #newLife(): Incarnation {
    return new Incarnation({
      scheduler: this.scheduler,
      skew: { startMs: 0, driftPpm: 0, wallOffsetMs: 0 },
      bug: (error) => {
        throw error;
      },
    });
  }
}

function put(key: string, value: string): Write {
  return { type: "put", key: utf8(key), value: utf8(value) };
}

interface Reply {
  readonly type: "reply";
  readonly text: string;
}

function reply(text: string): Reply {
  return { type: "reply", text };
}

function persist(writes: readonly Write[], ...then: Reply[]): Persist<Reply> {
  return { type: "persist", writes, then };
}

function startLoop<Event>(
  world: World,
  store: KvStore,
  decide: (event: Event) => readonly (Reply | Persist<Reply>)[],
) {
  const replies: { text: string; atMs: number }[] = [];
  const failures: unknown[] = [];
  const step: Step<undefined, { type: "event"; event: Event }, Reply> = (_, event) =>
    event.type === "event" ? decide(event.event) : [];
  const loop = new Loop({
    state: undefined,
    step,
    perform: ({ text }) => replies.push({ text, atMs: world.scheduler.nowMs }),
    store,
    clock: world.clock,
    fail: (error) => failures.push(error),
    queueCapacity: 100,
  });
  loop.start();
  return { replies, failures, submit: (event: Event) => loop.submit({ type: "event", event }) };
}

describe("R1: what waits for nothing leaves beside the disk", () => {
  /** A leader tells a follower, which persists and answers; the leader's own batch takes as long. */
  async function commitMs(ruleOn: boolean): Promise<number> {
    const [leader, follower] = [new World(1), new World(2)];
    const syncMs = 20;
    for (const { disk } of [leader, follower]) disk.setFaults({ ...NO_DISK_FAULTS, syncMsMean: 0 });
    const stores = [await leader.open(), await follower.open()];
    const startMs = leader.scheduler.nowMs;
    leader.disk.stall(syncMs);
    const lead = startLoop<string>(leader, present(stores[0], "a store"), () =>
      ruleOn
        ? [reply("accept"), persist([put("slot", "1")], reply("durable here"))]
        : [persist([put("slot", "1")], reply("accept"), reply("durable here"))],
    );
    lead.submit("request");
    await leader.passMs(100);
    const sentMs = lead.replies.find(({ text }) => text === "accept")?.atMs ?? 0;
    const ownMs = lead.replies.find(({ text }) => text === "durable here")?.atMs ?? 0;
    await follower.passMs(100);
    const arrivedMs = follower.scheduler.nowMs;
    follower.disk.stall(syncMs);
    const follow = startLoop<string>(follower, present(stores[1], "a store"), () => [
      persist([put("slot", "1")], reply("accepted")),
    ]);
    follow.submit("accept");
    await follower.passMs(100);
    const followerMs = (follow.replies[0]?.atMs ?? 0) - arrivedMs;
    return Math.max(ownMs, sentMs + followerMs) - startMs;
  }

  test("a commit takes one sync, not two in series", async () => {
    expect(await commitMs(true)).toBeLessThan(25);
  });

  test("switched off, it takes two", async () => {
    expect(await commitMs(false)).toBeGreaterThan(39);
  });
});

describe("R1: an answer that speaks of earlier state waits for that state's batch", () => {
  /** An acceptor gets the same prepare twice while its promise syncs, then loses power. */
  async function forgottenPromise(seed: number, ruleOn: boolean): Promise<boolean> {
    const world = new World(seed);
    const store = await world.open();
    world.disk.stall(50);
    let promised = 0;
    const acceptor = startLoop<number>(world, store, (ballot) => {
      if (ballot < promised) return [];
      const isNew = ballot > promised;
      promised = ballot;
      if (isNew) return [persist([put("promised", String(ballot))], reply(`promise ${ballot}`))];
      return ruleOn ? [persist([], reply(`promise ${ballot}`))] : [reply(`promise ${ballot}`)];
    });
    acceptor.submit(7);
    await world.passMs(10);
    acceptor.submit(7);
    await world.passMs(10);
    const wasPromised = acceptor.replies.length > 0;
    const kept = await world.read(await world.restart(), "promised");
    return wasPromised && kept !== "7";
  }

  test("no promise that was told is forgotten", async () => {
    for (const seed of EVERY_SEED) expect(await forgottenPromise(seed, true)).toBe(false);
  });

  test("switched off, a duplicate prepare is answered before its promise is on disk", async () => {
    const forgotten = await Promise.all(EVERY_SEED.map((seed) => forgottenPromise(seed, false)));
    expect(forgotten).toContain(true);
  });
});

describe("R2: a durable batch makes only itself durable", () => {
  /** An entry and the pointer that names it, in two batches. True if the pointer survived without its entry. */
  async function dangling(seed: number, ruleOn: boolean): Promise<boolean> {
    const world = new World(seed);
    const store = await world.open();
    void store.batch([put("entry", "data")], { durable: ruleOn });
    void store.batch([put("pointer", "entry")], { durable: true });
    await world.passMs(100);
    const recovered = await world.restart();
    const pointer = await world.read(recovered, "pointer");
    return pointer !== undefined && (await world.read(recovered, "entry")) === undefined;
  }

  test("who needs both makes both durable, and has both", async () => {
    for (const seed of EVERY_SEED) expect(await dangling(seed, true)).toBe(false);
  });

  test("switched off, a later sync is trusted with an earlier batch, which is lost", async () => {
    const outcomes = await Promise.all(EVERY_SEED.map((seed) => dangling(seed, false)));
    expect(outcomes).toContain(true);
  });
});

describe("R5: a failed sync is never answered and never tried again", () => {
  /** A write whose sync fails. True if it was acknowledged and is gone after the restart. */
  async function lostAcknowledged(seed: number, ruleOn: boolean): Promise<boolean> {
    const world = new World(seed, { syncErrorChance: 1 });
    const store = await world.open();
    const { replies, failures, submit } = startLoop<string>(world, store, (value) => [
      persist([put("key", value)], reply(value)),
    ]);
    submit("written");
    await world.passMs(100);
    expect(failures).toHaveLength(1);
    expect(submit("more")).toBe(false);
    // Off: the process stays, takes a second sync that says nothing as success, and answers.
    if (!ruleOn) replies.push({ text: "written", atMs: world.scheduler.nowMs });
    world.disk.setFaults(NO_DISK_FAULTS);
    const kept = await world.read(await world.restart(), "key");
    return replies.length > 0 && kept === undefined;
  }

  test("nothing that was acknowledged is lost", async () => {
    for (const seed of EVERY_SEED) expect(await lostAcknowledged(seed, true)).toBe(false);
  });

  test("switched off, an acknowledged write is gone", async () => {
    const outcomes = await Promise.all(EVERY_SEED.map((seed) => lostAcknowledged(seed, false)));
    expect(outcomes).toContain(true);
  });
});

describe("R6: a process that was stopped knows how late it is", () => {
  const SESSION_MS = 4_000;
  const LEASE_MS = 2_000;

  /** Serves sessions that others keep alive and reads under a lease of its own, and is stopped for six seconds. */
  async function afterStop(rules: { forOthers: boolean; forSelf: boolean }) {
    const world = new World(1);
    const store = await world.open();
    let sessionEndMs = world.clock.nowMs() + SESSION_MS;
    let leaseEndMs = world.clock.nowMs() + LEASE_MS;
    const replies: string[] = [];
    const step: Step<undefined, { type: "ping" | "read" }, Reply> = (_, event, nowMs) => {
      if (event.type === "ping") sessionEndMs = nowMs + SESSION_MS;
      if (event.type === "read") {
        return [reply(nowMs < leaseEndMs ? "served" : "refused")];
      }
      if (event.type === "tick") {
        if (rules.forOthers) sessionEndMs += event.lateMs;
        if (!rules.forSelf) leaseEndMs += event.lateMs;
        if (nowMs >= sessionEndMs) return [reply("expired")];
      }
      return [];
    };
    const loop = new Loop({
      state: undefined,
      step,
      perform: ({ text }: Reply) => replies.push(text),
      store,
      clock: world.clock,
      fail: () => {},
      queueCapacity: 100,
    });
    loop.start();
    await world.passMs(1_000);
    world.clock.stop();
    // What arrives while it is stopped waits in its sockets.
    for (let second = 0; second < 6; second++) {
      await world.passMs(1_000);
      world.clock.run(() => loop.submit({ type: "ping" }));
    }
    world.clock.run(() => loop.submit({ type: "read" }));
    world.clock.resume();
    await world.passMs(1_000);
    return replies;
  }

  test("it expires nobody whose pings wait in its queue, and serves nothing on a dead lease", async () => {
    expect(await afterStop({ forOthers: true, forSelf: true })).toEqual(["refused"]);
  });

  test("switched off for others, it expires a session that was alive", async () => {
    expect(await afterStop({ forOthers: false, forSelf: true })).toContain("expired");
  });

  test("switched off for itself, it serves a read on a dead lease", async () => {
    expect(await afterStop({ forOthers: true, forSelf: false })).toContain("served");
  });
});
