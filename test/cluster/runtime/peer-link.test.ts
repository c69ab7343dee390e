import { expect, test } from "vitest";
import { peerName } from "../../../cluster/base/ids.ts";
import { OUTBOUND_BYTES_MAX } from "../../../cluster/runtime/connection.ts";
import { A, B, B_ADDRESS, MessengerWorld, note } from "./messenger-world.ts";

test("what waits for a connection is UNREACHABLE when the attempt fails", async () => {
  const world = new MessengerWorld();
  const a = world.member(A);
  a.messenger.route(B, B_ADDRESS);
  expect(await world.ask(a, B, "anybody?")).toBe("UNREACHABLE");
});

test("it dials again by itself: a request succeeds once the peer is there", async () => {
  const world = new MessengerWorld();
  const [a, b] = [world.member(A), world.member(B)];
  a.messenger.route(B, B_ADDRESS);
  expect(await world.ask(a, B, "anybody?")).toBe("UNREACHABLE");
  await world.passMs(2_000);
  await world.settle(b.messenger.listen(B_ADDRESS));
  await world.passMs(5_100);
  expect(a.events).toEqual(["connected osd.2"]);
});

test("attempts get rarer, and none comes later than 5 s after the last", async () => {
  const world = new MessengerWorld();
  const host = world.network.host(B);
  const attempts: number[] = [];
  await world.settle(
    host.listen(B_ADDRESS, (stream) => {
      attempts.push(world.scheduler.nowMs);
      stream.destroy();
    }),
  );
  const a = world.member(A);
  a.messenger.route(B, B_ADDRESS);
  a.messenger.send(B, note("x"));
  await world.passMs(60_000);
  const pauses = attempts.slice(1).map((atMs, index) => atMs - (attempts[index] ?? 0));
  expect(pauses[0]).toBeLessThan(60);
  expect(Math.max(...pauses)).toBeLessThan(5_010);
  expect(pauses.at(-1)).toBeGreaterThan(2_500);
  expect(attempts.length).toBeLessThan(35);
});

test("hearing of the peer ends the pause", async () => {
  const world = new MessengerWorld();
  const [a, b] = [world.member(A), world.member(B)];
  a.messenger.route(B, B_ADDRESS);
  a.messenger.send(B, note("x"));
  await world.passMs(20_000); // The pauses are long by now.
  await world.settle(a.messenger.listen("a:6800"));
  await world.settle(b.messenger.listen(B_ADDRESS));
  b.messenger.route(A, "a:6800");
  await world.ask(b, A, "I am back");
  await world.passMs(20);
  expect(await world.ask(a, B, "welcome", 20)).toBe("WELCOME");
});

test("a lost connection is dialled again", async () => {
  const world = new MessengerWorld();
  const { a } = await world.pair();
  await world.ask(a, B, "hello");
  world.network.reset(A, B);
  await world.passMs(10);
  expect(await world.ask(a, B, "still there?")).toBe("STILL THERE?");
  expect(a.events).toEqual(["connected osd.2", "lost osd.2", "connected osd.2"]);
});

test("a request that waits for a connection can be cancelled and times out", async () => {
  const world = new MessengerWorld();
  const { a } = await world.pair();
  world.network.partition([[A], [B]], "symmetric");
  const controller = new AbortController();
  const cancelled = a.messenger.request(B, note("x"), { signal: controller.signal });
  controller.abort();
  expect(await world.settle(cancelled)).toBe("CANCELLED");
  const aborted = a.messenger.request(B, note("x"), { signal: AbortSignal.abort() });
  expect(await world.settle(aborted)).toBe("CANCELLED");
  const startMs = world.scheduler.nowMs;
  expect(await world.ask(a, B, "x", 700)).toBe("TIMEOUT");
  expect(world.scheduler.nowMs - startMs).toBeCloseTo(700, 0);
});

test("time spent waiting for the connection counts against the deadline", async () => {
  const world = new MessengerWorld();
  const { a, b } = await world.pair();
  b.answer = () => new Promise(() => {});
  world.network.partition([[A], [B]], "symmetric");
  const startMs = world.scheduler.nowMs;
  const outcome = world.settle(a.messenger.request(B, note("x"), { timeoutMs: 3_000 }));
  world.scheduler.after(500, () => world.network.heal());
  expect(await outcome).toBe("TIMEOUT");
  expect(world.scheduler.nowMs - startMs).toBeCloseTo(3_000, 0);
});

test("the waiting room is bounded: beyond it requests are OVERLOADED and messages dropped", async () => {
  const world = new MessengerWorld();
  const { a } = await world.pair();
  world.network.partition([[A], [B]], "symmetric");
  const payload = new Uint8Array(7 << 20);
  const room = Math.floor(OUTBOUND_BYTES_MAX / payload.byteLength);
  for (let count = 0; count < room; count++) {
    expect(a.messenger.send(B, { ...note("fits"), payload })).toBe(true);
  }
  expect(a.messenger.send(B, { ...note("dropped"), payload })).toBe(false);
  const refused = a.messenger.request(B, { ...note("refused"), payload });
  expect(await world.settle(refused)).toBe("OVERLOADED");
});

test("the waiting room counts the message, not only its payload", async () => {
  const world = new MessengerWorld();
  const { a } = await world.pair();
  world.network.partition([[A], [B]], "symmetric");
  const text = "x".repeat(3 << 20);
  const sent = Array.from({ length: 20 }, () => a.messenger.send(B, note(text)));
  expect(sent.filter((accepted) => accepted)).toHaveLength(10);
});

test("a peer that accepts and drops at once is dialled ever more rarely", async () => {
  const world = new MessengerWorld();
  const { a, b } = await world.pair();
  a.messenger.send(B, note("x"));
  for (let second = 0; second < 300; second++) {
    await world.passMs(100);
    world.network.reset(A, B);
  }
  const connected = b.events.filter((event) => event.startsWith("connected"));
  expect(connected.length).toBeLessThan(25);
});

test("pauses are jittered: two clients do not come back in step", async () => {
  const world = new MessengerWorld();
  const atMs = new Map<string, number[]>();
  for (const name of ["b1:1", "b2:1"]) {
    const host = world.network.host(B);
    atMs.set(name, []);
    await world.settle(
      host.listen(name, (stream) => {
        atMs.get(name)?.push(world.scheduler.nowMs);
        stream.destroy();
      }),
    );
  }
  const a = world.member(A);
  a.messenger.route(peerName("osd.8"), "b1:1");
  a.messenger.route(peerName("osd.9"), "b2:1");
  for (const name of ["osd.8", "osd.9"]) a.messenger.send(peerName(name), note("x"));
  await world.passMs(20_000);
  const pausesOf = (name: string): number[] => {
    const times = atMs.get(name) ?? [];
    return times.slice(1).map((time, index) => time - (times[index] ?? 0));
  };
  const differences = pausesOf("b1:1").map((ms, index) =>
    Math.abs(ms - (pausesOf("b2:1")[index] ?? 0)),
  );
  expect(Math.max(...differences)).toBeGreaterThan(100);
});

test("an open connection over its budget drops messages and holds requests until it has drained", async () => {
  const world = new MessengerWorld();
  const { a, b } = await world.pair();
  await world.ask(a, B, "hello");
  let release = (): void => {};
  const gate = new Promise<void>((resolve) => {
    release = resolve;
  });
  let received = 0;
  b.receive = () => {
    received += 1;
    return gate;
  };
  const payload = new Uint8Array(16 << 20);
  let sent = 0;
  while (a.messenger.send(B, { ...note("big"), payload })) {
    sent += 1;
    await world.passMs(1_000);
    expect(sent).toBeLessThan(20);
  }
  expect(sent).toBeGreaterThanOrEqual(4); // Two budgets: the sender's and the receiver's.
  const held = a.messenger.request(B, note("held"), { timeoutMs: 50_000 });
  await world.passMs(3_000);
  release();
  expect(await world.settle(held)).toMatchObject({ message: { text: "HELD" } });
  expect(received).toBe(sent);
});
