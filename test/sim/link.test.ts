import { describe, expect, test } from "vitest";
import { utf8 } from "../../cluster/base/bytes.ts";
import { ClusterError } from "../../cluster/base/error.ts";
import { OUTBOUND_BYTES_MAX } from "../../cluster/runtime/connection.ts";
import type { RequestContext } from "../../cluster/runtime/transport.ts";
import { A, B, note, Probe, SETTLED_MS, World, watch } from "./probe.ts";

describe("requests", () => {
  test("are answered by whom they asked", async () => {
    const world = new World();
    const [left] = world.pair();
    const answer = left.transport.request(B, { ...note("?"), payload: utf8("x") });
    await world.runFor(100);
    expect(await answer).toEqual({
      from: B,
      message: { type: "note", text: "re: ?" },
      payload: new Uint8Array(0),
    });
  });

  test("a ClusterError of the handler is answered with its code", async () => {
    const world = new World();
    const [left] = world.pair({
      answer: () => Promise.reject(new ClusterError("OVERLOADED", "busy")),
    });
    const request = watch(left.transport.request(B, note("?")));
    await world.runFor(100);
    expect(request.outcome).toBe("OVERLOADED");
  });

  test.each([
    ["answer", { answer: () => Promise.reject(new TypeError("bug")) }],
    ["receive", { receive: () => Promise.reject(new TypeError("bug")) }],
  ])("any other error of %s ends the simulation", async (_name, handler) => {
    const world = new World();
    const [left] = world.pair(handler);
    left.transport.send(B, note("!"));
    left.transport.request(B, note("?")).catch(() => {});
    await expect(world.runFor(100)).rejects.toThrow("bug");
  });

  test("end at their deadline, on both sides", async () => {
    const world = new World();
    let context: RequestContext | undefined;
    const [left] = world.pair({
      answer: (_received, given) => {
        context = given;
        return new Promise(() => {});
      },
    });
    const request = watch(left.transport.request(B, note("?"), { timeoutMs: 1_000 }));
    await world.runFor(500);
    expect(context?.signal.aborted).toBe(false);
    await world.runFor(499);
    expect(request.outcome).toBe("pending");
    await world.runFor(100);
    expect(request.outcome).toBe("TIMEOUT");
    expect(context?.signal.aborted).toBe(true);
  });

  test("a cancelled one rejects at once, and the handler's signal aborts", async () => {
    const world = new World();
    const signals: AbortSignal[] = [];
    const [left] = world.pair({
      answer: (_received, { signal }) => {
        signals.push(signal);
        return new Promise(() => {});
      },
    });
    const controller = new AbortController();
    const { signal } = controller;
    const request = watch(left.transport.request(B, note("?"), { signal }));
    await world.runFor(100);
    controller.abort();
    await world.runFor(0);
    expect(request.outcome).toBe("CANCELLED");
    const late = watch(left.transport.request(B, note("?"), { signal }));
    await world.runFor(100);
    expect(signals.map((each) => each.aborted)).toEqual([true, true]);
    expect(late.outcome).toBe("CANCELLED");
  });

  test("to a name that nobody has are refused", async () => {
    const world = new World();
    const left = new Probe(world, A);
    left.transport.route(B, "b:1");
    const request = watch(left.transport.request(B, note("?")));
    await world.runFor(100);
    expect(request.outcome).toBe("UNREACHABLE");
  });
});

describe("random faults", () => {
  test("loss: a message never arrives, a request times out", async () => {
    const world = new World({ lossChance: 1 });
    const [left, right] = world.pair();
    left.transport.send(B, note("lost"));
    const request = watch(left.transport.request(B, note("?"), { timeoutMs: 100 }));
    await world.runFor(SETTLED_MS);
    expect(right.messages).toEqual([]);
    expect(request.outcome).toBe("TIMEOUT");
    expect(world.records.filter((line) => line.includes("loss"))).toHaveLength(3);
  });

  test("duplication: a message comes twice in memory of its own, a request is run once", async () => {
    const world = new World({ duplicateChance: 1 });
    const payloads: string[] = [];
    const asked: string[] = [];
    const [left] = world.pair({
      receive: ({ payload }) => {
        payloads.push(String.fromCharCode(...payload));
        payload.fill(0);
      },
      answer: async ({ message }) => {
        asked.push(message.text);
        return note("yes");
      },
    });
    left.transport.send(B, { ...note("twice"), payload: utf8("xyz") });
    const request = watch(left.transport.request(B, note("once")));
    await world.runFor(100);
    expect(payloads).toEqual(["xyz", "xyz"]);
    expect(asked).toEqual(["once"]);
    expect(request).toEqual({ outcome: "yes", count: 1 });
  });

  const arrivals = async (inOrder: boolean, seed: number): Promise<number[]> => {
    const world = new World({ inOrder, delayMsMean: 10, tailChance: 0.1, tailMsMean: 100 }, seed);
    const [left, right] = world.pair();
    for (let index = 0; index < 50; index++) left.transport.send(B, note(String(index)));
    await world.runFor(SETTLED_MS);
    return right.messages.map((line) => Number(line.split(" ")[1]));
  };

  test("a link in order delivers in the order of sending, any other reorders", async () => {
    const sent = Array.from({ length: 50 }, (_, index) => index);
    for (let seed = 1; seed <= 5; seed++) {
      expect(await arrivals(true, seed)).toEqual(sent);
      const reordered = await arrivals(false, seed);
      expect(reordered).not.toEqual(sent);
      expect(reordered.toSorted((one, other) => one - other)).toEqual(sent);
    }
  });
});

describe("bounds", () => {
  const MIB = 1 << 20;
  const big = { ...note("big"), payload: new Uint8Array(MIB) };

  test("a link takes so many bytes and refuses more, until they have arrived", async () => {
    const world = new World();
    const [left, right] = world.pair();
    let sent = 0;
    while (left.transport.send(B, big)) sent += 1;
    expect(sent).toBeGreaterThan(16);
    expect(sent).toBeLessThan(OUTBOUND_BYTES_MAX / MIB);
    const refused = watch(left.transport.request(B, big));
    await world.runFor(100);
    expect(refused.outcome).toBe("OVERLOADED");
    expect(right.messages).toHaveLength(sent);
    expect(left.transport.send(B, big)).toBe(true);
  });

  test("messages that their receiver has not finished still count", async () => {
    const world = new World();
    const finish: (() => void)[] = [];
    const [left] = world.pair({
      receive: () => new Promise<void>((resolve) => finish.push(resolve)),
    });
    let sent = 0;
    while (left.transport.send(B, big)) sent += 1;
    await world.runFor(100);
    expect(finish).toHaveLength(sent);
    expect(left.transport.send(B, big)).toBe(false);
    for (const each of finish) each();
    await world.runFor(100);
    expect(left.transport.send(B, big)).toBe(true);
  });
});

describe("closing", () => {
  test("answers what runs, refuses what is new, and then tells its peers", async () => {
    const world = new World();
    const answers: (() => void)[] = [];
    const [left, right] = world.pair({
      answer: () => new Promise((resolve) => answers.push(() => resolve(note("done")))),
    });
    const running = watch(left.transport.request(B, note("?")));
    await world.runFor(100);
    let isClosed = false;
    void right.transport.close(1_000).then(() => {
      isClosed = true;
    });
    const late = watch(left.transport.request(B, note("late")));
    expect(right.transport.send(A, note("no more"))).toBe(false);
    const refused = watch(right.transport.request(A, note("no more")));
    await world.runFor(100);
    expect([isClosed, late.outcome]).toEqual([false, "INTERRUPTED"]);
    expect(refused.outcome).toBe("INTERRUPTED");
    for (const answer of answers) answer();
    await world.runFor(100);
    expect([isClosed, running.outcome]).toEqual([true, "done"]);
    expect(left.seen).toEqual([`${B} up`, `${B} down, ${B} is shutting down`]);
    expect(new Probe(world, B).transport.self).toBe(B);
  });

  test("waits for running requests no longer than its grace", async () => {
    const world = new World();
    const [left, right] = world.pair({ answer: () => new Promise(() => {}) });
    const request = watch(left.transport.request(B, note("?")));
    await world.runFor(100);
    void right.transport.close(1_000);
    await world.runFor(999);
    expect(request.outcome).toBe("pending");
    await world.runFor(100);
    expect(request.outcome).toBe("CONNECTION_LOST");
  });
});
