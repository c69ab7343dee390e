import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { utf8 } from "../../cluster/base/bytes.ts";
import type { ClusterErrorCode } from "../../cluster/base/error.ts";
import type { PeerName } from "../../cluster/base/ids.ts";
import { createPrng, randomInt } from "../../cluster/base/prng.ts";
import { SILENCE_MS } from "../../cluster/runtime/framed-stream.ts";
import { NO_NETWORK_FAULTS } from "./lane.ts";
import { A, B, C, note, Probe, SETTLED_MS, World, watch } from "./probe.ts";

describe("messages", () => {
  test("arrive with their payload, decoded anew and sharing no memory", async () => {
    const world = new World();
    const received: Uint8Array[] = [];
    const [left] = world.pair({
      receive: ({ payload }) => {
        received.push(payload);
      },
    });
    const payload = utf8("bytes");
    expect(left.transport.send(B, { ...note("hello"), payload })).toBe(true);
    expect(left.transport.send(B, { ...note("parts"), payload: [utf8("a"), utf8("b")] })).toBe(
      true,
    );
    payload.fill(0);
    await world.runFor(SETTLED_MS);
    expect(received).toEqual([utf8("bytes"), utf8("ab")]);
  });

  test("take at least the least delay of their way, which is its own once it was set", async () => {
    const world = new World();
    world.network.setFaults(
      { ...NO_NETWORK_FAULTS, delayMsMin: 500, delayMsMean: 0 },
      { from: A, to: B },
    );
    world.network.setFaults(NO_NETWORK_FAULTS);
    const [left, right] = world.pair();
    left.transport.send(B, note("slow"));
    await world.runFor(499);
    expect(right.messages).toEqual([]);
    await world.runFor(2);
    expect(right.messages).toEqual([`${A} slow`]);
  });

  test("without a route there is no way, until the peer has called", async () => {
    const world = new World();
    const [left, right] = world.pair();
    expect(right.transport.send(A, note("too early"))).toBe(false);
    const early = watch(right.transport.request(A, note("too early")));
    left.transport.send(B, note("hello"));
    expect(right.transport.send(A, note("still too early"))).toBe(false);
    await world.runFor(100);
    expect(right.transport.send(A, note("back"))).toBe(true);
    await world.runFor(100);
    expect(early.outcome).toBe("UNREACHABLE");
    expect(left.messages).toEqual([`${B} back`]);
  });

  test("a changed address ends the connection, and both ends are told", async () => {
    const world = new World();
    const [left, right] = world.pair();
    left.transport.send(B, note("one"));
    await world.runFor(100);
    left.transport.route(B, "b:2");
    await world.runFor(100);
    expect(left.seen).toEqual([`${B} up`, `${B} down, the peer's address changed`]);
    expect(right.seen).toEqual([`${A} up`, `${A} one`, `${A} down, the peer's address changed`]);
    left.transport.send(B, note("two"));
    await world.runFor(100);
    expect(right.messages).toEqual([`${A} one`, `${A} two`]);
  });
});

describe("partitions", () => {
  const deliveries = async (mode: "symmetric" | "one-way"): Promise<string[]> => {
    const world = new World();
    const [left, right] = world.pair();
    const third = new Probe(world, C);
    left.transport.route(C, "c:1");
    left.transport.send(B, note("before"));
    await world.runFor(100);
    world.network.partition([[A], [B]], mode);
    left.transport.send(B, note("there"));
    right.transport.send(A, note("back"));
    left.transport.send(C, note("elsewhere"));
    await world.runFor(100);
    world.network.heal();
    left.transport.send(B, note("after"));
    await world.runFor(100);
    return [...right.messages, ...left.messages, ...third.messages];
  };

  test("symmetric: nothing passes between groups, all else does", async () => {
    expect(await deliveries("symmetric")).toEqual([`${A} before`, `${A} after`, `${A} elsewhere`]);
  });

  test("one-way: a later group does not hear an earlier one", async () => {
    expect(await deliveries("one-way")).toEqual([
      `${A} before`,
      `${A} after`,
      `${B} back`,
      `${A} elsewhere`,
    ]);
  });

  test("what is in flight when one begins is lost", async () => {
    const world = new World({ delayMsMin: 10 });
    const [left, right] = world.pair();
    left.transport.send(B, note("on its way"));
    await world.runFor(5);
    world.network.partition([[A], [B]], "symmetric");
    await world.runFor(100);
    expect(right.seen).toEqual([]);
  });

  test.each(["symmetric", "one-way"] as const)(
    "%s: a long one ends the connection",
    async (mode) => {
      const world = new World();
      const [left, right] = world.pair();
      left.transport.send(B, note("hello"));
      await world.runFor(100);
      world.network.partition([[A], [B]], mode);
      const request = watch(left.transport.request(B, note("?")));
      await world.runFor(SILENCE_MS - 1);
      expect(request.outcome).toBe("pending");
      await world.runFor(2);
      expect(request.outcome).toBe("CONNECTION_LOST");
      const reason = `heard nothing for ${SILENCE_MS} ms`;
      expect(left.seen.at(-1)).toBe(`${B} down, ${reason}`);
      expect(right.seen.at(-1)).toBe(`${A} down, ${reason}`);
    },
  );

  test("a short one does not", async () => {
    const world = new World();
    const [left] = world.pair();
    left.transport.send(B, note("hello"));
    await world.runFor(100);
    world.network.partition([[A], [B]], "symmetric");
    await world.runFor(SILENCE_MS - 1);
    world.network.heal();
    await world.runFor(SETTLED_MS);
    expect(left.seen).toEqual([`${B} up`]);
  });

  test("a connection tried across one fails after the silence, and holds for restarted names", async () => {
    const world = new World();
    world.network.partition([[A], [B]], "symmetric");
    const [left, right] = world.pair();
    const request = watch(left.transport.request(B, note("?")));
    await world.runFor(SILENCE_MS + 1);
    expect(request.outcome).toBe("CONNECTION_LOST");
    expect([...left.seen, ...right.seen]).toEqual([]);
  });
});

describe("attempts to connect to a name that nobody has", () => {
  test.each([
    ["is refused soon after a partition", 1_500, 2_100],
    ["is given up if the partition lasts", 60_000, SILENCE_MS + 100],
  ])("one %s", async (_what, healedMs, knownMs) => {
    const world = new World();
    const left = new Probe(world, A);
    left.transport.route(B, "b:1");
    world.network.partition([[A], [B]], "symmetric");
    world.scheduler.at(healedMs, () => world.network.heal());
    const request = watch(left.transport.request(B, note("?")));
    await world.runFor(knownMs - 200);
    expect(request.outcome).toBe("pending");
    await world.runFor(200);
    expect(request.outcome).toBe("UNREACHABLE");
    await world.runFor(SETTLED_MS);
    const right = new Probe(world, B);
    left.transport.send(B, note("hello"));
    await world.runFor(100);
    expect(right.messages).toEqual([`${A} hello`]);
  });
});

describe("clogs and resets", () => {
  test("a clog holds what arrives, in order, and lets it go at its end", async () => {
    const world = new World();
    const [left, right] = world.pair();
    left.transport.send(B, note("in flight"));
    world.network.clog(A, B, 1_000);
    for (const text of ["1", "2", "3"]) left.transport.send(B, note(text));
    await world.runFor(999);
    expect(right.seen).toEqual([]);
    left.transport.send(B, note("4"));
    await world.runFor(100);
    expect(right.messages).toEqual(["in flight", "1", "2", "3", "4"].map((text) => `${A} ${text}`));
  });

  test("what arrives in the moment in which a clog ends comes behind what it held", async () => {
    const world = new World({ delayMsMin: 10, delayMsMean: 0 });
    const [left, right] = world.pair();
    world.network.clog(A, B, 20);
    world.scheduler.at(10, () => left.transport.send(B, note("second")));
    left.transport.send(B, note("first"));
    await world.runFor(100);
    expect(right.messages).toEqual([`${A} first`, `${A} second`]);
  });

  test("a clog that is made longer holds on, and healing ends it", async () => {
    const world = new World();
    const [left, right] = world.pair();
    left.transport.send(B, note("held"));
    world.network.clog(A, B, 1_000);
    await world.runFor(500);
    world.network.clog(A, B, 30_000);
    await world.runFor(10_000);
    expect(right.messages).toEqual([]);
    world.network.heal();
    await world.runFor(1);
    expect(right.messages).toEqual([`${A} held`]);
  });

  test("a reset loses what is in flight both ways and tells both ends", async () => {
    const world = new World({ delayMsMin: 10 });
    const [left, right] = world.pair();
    left.transport.send(B, note("hello"));
    await world.runFor(100);
    left.transport.send(B, note("lost"));
    right.transport.send(A, note("lost"));
    const request = watch(left.transport.request(B, note("?")));
    world.network.reset(B, A);
    await world.runFor(1_000);
    expect(request).toEqual({ outcome: "CONNECTION_LOST", count: 1 });
    expect(left.seen).toEqual([`${B} up`, `${B} down, connection reset`]);
    expect(right.seen).toEqual([`${A} up`, `${A} hello`, `${A} down, connection reset`]);
  });

  test("a lost connection aborts what it was asking for", async () => {
    const world = new World();
    const signals: AbortSignal[] = [];
    const [left] = world.pair({
      answer: (_received, { signal }) => {
        signals.push(signal);
        return new Promise(() => {});
      },
    });
    left.transport.request(B, note("?")).catch(() => {});
    await world.runFor(100);
    world.network.reset(A, B);
    expect(signals.map((each) => each.aborted)).toEqual([true]);
  });
});

describe("crashes", () => {
  test("what was sent to a crashed process does not reach its successor", async () => {
    const world = new World({ delayMsMin: 10 });
    const [left] = world.pair();
    left.transport.send(B, note("to the first"));
    await world.runFor(5);
    world.network.detach(B);
    const second = new Probe(world, B);
    await world.runFor(1_000);
    expect(second.seen).toEqual([]);
    left.transport.send(B, note("to the second"));
    await world.runFor(1_000);
    expect(second.messages).toEqual([`${A} to the second`]);
  });

  test("what a crashed process had sent still arrives", async () => {
    const world = new World({ delayMsMin: 10 });
    const [left, right] = world.pair();
    left.transport.send(B, note("last words"));
    await world.runFor(5);
    world.network.detach(A);
    await world.runFor(1_000);
    expect(right.seen).toEqual([`${A} up`, `${A} last words`, `${A} down, connection reset`]);
  });

  test.each([
    ["reset" as const, 100, "connection reset"],
    ["silence" as const, SILENCE_MS + 100, `heard nothing for ${SILENCE_MS} ms`],
  ])("after a crash with %s, peers know within %d ms", async (notice, knownMs, reason) => {
    const world = new World();
    const [left, right] = world.pair({ answer: () => new Promise(() => {}) });
    const request = watch(left.transport.request(B, note("?")));
    await world.runFor(100);
    const own = watch(right.transport.request(A, note("?")));
    world.network.detach(B, notice);
    await world.runFor(knownMs);
    expect(request.outcome).toBe("CONNECTION_LOST");
    expect(left.seen).toEqual([`${B} up`, `${B} down, ${reason}`]);
    await world.runFor(SETTLED_MS);
    expect(own.outcome).toBe("pending");
    expect(right.seen).toEqual([`${A} up`]);
  });

  test("the silence after a crash ends when a successor is asked for what it does not know", async () => {
    const world = new World();
    const [left] = world.pair();
    left.transport.send(B, note("hello"));
    await world.runFor(100);
    world.network.detach(B, "silence");
    left.transport.send(B, note("to nobody"));
    await world.runFor(100);
    expect(left.seen).toEqual([`${B} up`]);
    const second = new Probe(world, B);
    left.transport.send(B, note("to the first"));
    await world.runFor(100);
    expect(left.seen).toEqual([`${B} up`, `${B} down, connection reset`]);
    left.transport.send(B, note("to the second"));
    await world.runFor(100);
    expect(second.messages).toEqual([`${A} to the second`]);
  });

  test("a crash that a partition hides is noticed by silence, also when the partition is short", async () => {
    const world = new World();
    const [left] = world.pair();
    left.transport.send(B, note("hello"));
    await world.runFor(100);
    world.network.partition([[A], [B]], "symmetric");
    world.network.detach(B);
    world.network.heal();
    await world.runFor(SILENCE_MS + 1);
    expect(left.seen).toEqual([`${B} up`, `${B} down, heard nothing for ${SILENCE_MS} ms`]);
  });

  test("a successor's connection replaces that of its predecessor, in this order", async () => {
    const world = new World();
    const [left, right] = world.pair();
    left.transport.send(B, note("one"));
    await world.runFor(100);
    world.network.detach(A, "silence");
    const successor = new Probe(world, A);
    successor.transport.route(B, "b:1");
    successor.transport.send(B, note("two"));
    await world.runFor(SETTLED_MS);
    expect(right.seen).toEqual([
      `${A} up`,
      `${A} one`,
      `${A} down, replaced by a newer connection`,
      `${A} up`,
      `${A} two`,
    ]);
  });
});

/** Three processes that talk at random while everything goes wrong at random; the list of what happened. */
async function turmoil(seed: number): Promise<{ records: string[]; outcomes: string[] }> {
  const world = new World(
    {
      delayMsMean: 2,
      tailChance: 0.05,
      tailMsMean: 200,
      lossChance: 0.05,
      duplicateChance: 0.1,
      inOrder: seed % 2 === 0,
    },
    seed,
  );
  const prng = createPrng(seed + 1_000);
  const names = [A, B, C];
  const probes = new Map(names.map((name) => [name, new Probe(world, name)]));
  const outcomes: { outcome: string; count: number }[] = [];
  const introduce = (name: PeerName): void => {
    for (const other of names) {
      if (other !== name) probes.get(name)?.transport.route(other, "x:1");
    }
  };
  names.forEach(introduce);
  const abandoned = new Set<{ outcome: string; count: number }>();
  const act = (step: number): void => {
    const from = names[step % 3] as PeerName;
    const to = names[(step + 1 + randomInt(prng, 2)) % 3] as PeerName;
    const probe = probes.get(from);
    probe?.transport.send(to, note(`${step}`));
    const request = probe?.transport.request(to, note(`${step}`), { timeoutMs: 1_000 });
    const watched = request && watch(request);
    if (watched !== undefined) outcomes.push(watched);
    const dice = randomInt(prng, 40);
    if (dice === 0) world.network.partition([[from], [to]], step % 2 ? "symmetric" : "one-way");
    else if (dice === 1) world.network.heal();
    else if (dice === 2) world.network.reset(from, to);
    else if (dice === 3) world.network.clog(from, to, world.scheduler.nowMs + 300);
    else if (dice === 4) {
      for (const each of outcomes) if (each.outcome === "pending") abandoned.add(each);
      world.network.detach(from, step % 2 ? "reset" : "silence");
      probes.set(from, new Probe(world, from));
      introduce(from);
    }
  };
  for (let step = 0; step < 300; step++) world.scheduler.at(step * 20, () => act(step));
  await world.runFor(SETTLED_MS);
  for (const each of outcomes) {
    expect(each.count).toBe(each.outcome === "pending" ? 0 : 1);
    expect(each.outcome === "pending" && !abandoned.has(each)).toBe(false);
  }
  return { records: world.records, outcomes: outcomes.map(({ outcome }) => outcome) };
}

describe("turmoil", () => {
  test("every request settles exactly once, and every ending occurs", async () => {
    const seen = new Set<string>();
    for (let seed = 1; seed <= 8; seed++) {
      for (const outcome of (await turmoil(seed)).outcomes) seen.add(outcome.replace(/\d+/, "N"));
    }
    const endings: (ClusterErrorCode | "pending" | "re: N")[] = [
      "CONNECTION_LOST",
      "TIMEOUT",
      "pending",
      "re: N",
    ];
    expect([...seen].toSorted()).toEqual(endings);
  });

  test("the same seed gives the same records, another one does not", async () => {
    const first = await turmoil(3);
    expect(first.records.length).toBeGreaterThan(500);
    expect((await turmoil(3)).records).toEqual(first.records);
    expect((await turmoil(4)).records).not.toEqual(first.records);
  });
});

test("between two processes every message that is not lost arrives whole, whatever it says", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(fc.string(), fc.uint8Array())), async (sent) => {
      const world = new World();
      const received: [string, Uint8Array][] = [];
      const [left] = world.pair({
        receive: ({ message, payload }) => {
          received.push([message.text, payload]);
        },
      });
      for (const [text, payload] of sent) left.transport.send(B, { ...note(text), payload });
      await world.runFor(100);
      expect(received).toEqual(sent);
    }),
    { numRuns: 30 },
  );
});
