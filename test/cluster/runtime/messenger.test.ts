import { expect, test } from "vitest";
import { peerName } from "../../../cluster/base/ids.ts";
import { UNPROVEN_MAX } from "../../../cluster/runtime/messenger.ts";
import { A, B, B_ADDRESS, MessengerWorld, note } from "./messenger-world.ts";

test("a request is answered by the peer", async () => {
  const world = new MessengerWorld();
  const { a, b } = await world.pair();
  expect(await world.ask(a, B, "hello")).toBe("HELLO");
  expect(a.events).toEqual(["connected osd.2"]);
  expect(b.events).toEqual(["connected osd.1"]);
});

test("payloads arrive whole, however the bytes were cut on the way", async () => {
  const world = new MessengerWorld();
  const { a, b } = await world.pair();
  const parts = [new Uint8Array(30_000).fill(1), new Uint8Array(70_000).fill(2)];
  b.answer = async ({ payload }) => note(`${payload.length} ${payload[29_999]} ${payload[30_000]}`);
  const answer = await world.settle(
    a.messenger.request(B, { ...note("x"), payload: parts }, { timeoutMs: 1000 }),
  );
  expect(answer).toMatchObject({ message: { text: "100000 1 2" } });
});

test("one-way messages arrive in the order in which they were sent, also those before the connection", async () => {
  const world = new MessengerWorld();
  const { a, b } = await world.pair();
  for (const text of ["1", "2", "3"]) expect(a.messenger.send(B, note(text))).toBe(true);
  await world.passMs(10);
  for (const text of ["4", "5"]) expect(a.messenger.send(B, note(text))).toBe(true);
  await world.passMs(10);
  const notes = b.events.filter((event) => event.startsWith("note"));
  expect(notes).toEqual(["1", "2", "3", "4", "5"].map((text) => `note osd.1: ${text}`));
});

test("a peer without a known address is reached on the connection that it dialled", async () => {
  const world = new MessengerWorld();
  const { a, b } = await world.pair();
  expect(b.messenger.send(A, note("too early"))).toBe(false);
  expect(await world.ask(b, A, "too early")).toBe("UNREACHABLE");
  await world.ask(a, B, "hello");
  expect(b.messenger.send(A, note("pushed"))).toBe(true);
  expect(await world.ask(b, A, "asked back")).toBe("ASKED BACK");
  expect(a.events).toContain("note osd.2: pushed");
});

test("a peer with another cluster key is refused, and no handler hears of it", async () => {
  const world = new MessengerWorld();
  const b = world.member(B);
  const stranger = world.member(A, { clusterKey: new Uint8Array(32).fill(9) });
  await world.settle(b.messenger.listen(B_ADDRESS));
  stranger.messenger.route(B, B_ADDRESS);
  expect(await world.ask(stranger, B, "let me in")).toBe("UNREACHABLE");
  expect([...b.events, ...stranger.events]).toEqual([]);
});

test("another process at the peer's address is refused", async () => {
  const world = new MessengerWorld();
  const { a } = await world.pair();
  const other = peerName("osd.7");
  a.messenger.route(other, B_ADDRESS);
  expect(await world.ask(a, other, "are you osd.7?")).toBe("UNREACHABLE");
});

test("a changed address ends the old connection and is used from then on", async () => {
  const world = new MessengerWorld();
  const { a, b } = await world.pair();
  await world.ask(a, B, "hello");
  const waiting = a.messenger.request(B, note("never answered"));
  b.answer = () => new Promise(() => {});
  await world.settle(b.messenger.listen("b:6900"));
  a.messenger.route(B, "b:6900");
  expect(await world.settle(waiting)).toBe("CONNECTION_LOST");
  b.answer = async () => note("at the new address");
  expect(await world.ask(a, B, "hello")).toBe("at the new address");
});

test("a forgotten peer is unreachable", async () => {
  const world = new MessengerWorld();
  const { a } = await world.pair();
  await world.ask(a, B, "hello");
  a.messenger.route(B, undefined);
  await world.passMs(10);
  expect(await world.ask(a, B, "hello")).toBe("UNREACHABLE");
  expect(a.messenger.send(B, note("x"))).toBe(false);
});

test("closing lets running requests be answered and refuses new ones", async () => {
  const world = new MessengerWorld();
  const { a, b } = await world.pair();
  let finish = (): void => {};
  b.answer = () =>
    new Promise((resolve) => {
      finish = () => resolve(note("in time"));
    });
  const running = a.messenger.request(B, note("slow"));
  await world.passMs(10);
  const closed = b.messenger.close();
  expect(await world.ask(a, B, "too late")).toBe("INTERRUPTED");
  finish();
  expect(await world.settle(running)).toMatchObject({ message: { text: "in time" } });
  expect(await world.settle(closed)).toBeUndefined();
  expect(a.events.at(-1)).toBe("lost osd.2");
});

test("closing lets a handler ask others before it answers", async () => {
  const world = new MessengerWorld();
  const { a, b } = await world.pair();
  const client = world.member(peerName("client.1"));
  await world.settle(a.messenger.listen("a:6800"));
  client.messenger.route(A, "a:6800");
  a.answer = async ({ message }) => {
    const answer = await a.messenger.request(B, note(message.text));
    return note(`B said ${answer.message.text}`);
  };
  let finish = (): void => {};
  b.answer = () =>
    new Promise((resolve) => {
      finish = () => resolve(note("yes"));
    });
  const asked = client.messenger.request(A, note("is B there?"));
  await world.passMs(50);
  const closed = a.messenger.close();
  await world.passMs(50);
  finish();
  expect(await world.settle(asked)).toMatchObject({ message: { text: "B said yes" } });
  expect(await world.settle(closed)).toBeUndefined();
});

test("closing sends a large answer to its end, also if another request comes meanwhile", async () => {
  const world = new MessengerWorld();
  const { a, b } = await world.pair();
  await world.ask(a, B, "hello");
  const payload = new Uint8Array(12 << 20);
  b.answer = async () => ({ ...note("large"), payload });
  const large = a.messenger.request(B, note("give me much"));
  await world.passMs(1);
  const closed = b.messenger.close();
  const late = world.settle(a.messenger.request(B, note("too late")));
  expect(await world.settle(large)).toMatchObject({ message: { text: "large" } });
  expect(await late).toMatch(/INTERRUPTED|CONNECTION_LOST|UNREACHABLE/);
  expect(await world.settle(closed)).toBeUndefined();
});

test("closing does not wait for a handshake that is under way", async () => {
  const world = new MessengerWorld();
  const { a } = await world.pair();
  a.messenger.send(B, note("x"));
  await world.passMs(0.6); // Connected, and not yet answered.
  world.network.partition([[A], [B]], "symmetric");
  const startMs = world.scheduler.nowMs;
  const closed = a.messenger.close(300);
  world.scheduler.after(100, () => world.network.heal());
  expect(await world.settle(closed)).toBeUndefined();
  expect(world.scheduler.nowMs - startMs).toBeLessThan(301);
  expect(a.events).toEqual([]);
});

test("closing twice is closing once", async () => {
  const world = new MessengerWorld();
  const { a } = await world.pair();
  await world.ask(a, B, "hello");
  const both = [a.messenger.close(), a.messenger.close()];
  expect(await world.settle(Promise.all(both))).toEqual([undefined, undefined]);
});

test("strangers that sit and wait lock nobody out", async () => {
  const world = new MessengerWorld();
  const { a, b } = await world.pair();
  const stranger = world.network.host(peerName("client.bad"));
  const closed: number[] = [];
  for (let count = 0; count < UNPROVEN_MAX + 50; count++) {
    const stream = await world.settle(stranger.connect(B_ADDRESS, new AbortController().signal));
    if (typeof stream === "string") throw new Error(stream);
    stream.start({ data: () => {}, drain: () => {}, close: () => closed.push(count) });
  }
  expect(closed.slice(0, 3)).toEqual([0, 1, 2]);
  expect(await world.ask(a, B, "hello")).toBe("HELLO");
  expect(b.events).toEqual(["connected osd.1"]);
});

test("what is too large is refused to its sender and costs nobody else anything", async () => {
  const world = new MessengerWorld();
  const { a } = await world.pair();
  await world.ask(a, B, "hello");
  const other = a.messenger.request(B, note("small"));
  const payload = new Uint8Array((16 << 20) + 1);
  expect(() => a.messenger.send(B, { ...note("large"), payload })).toThrow(/16777216 fit/);
  expect(() => a.messenger.send(B, note("x".repeat((4 << 20) + 1)))).toThrow(/4194304 fit/);
  expect(await world.settle(other)).toMatchObject({ message: { text: "SMALL" } });
});

test.each([0, -5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 33])(
  "a request that waits %d ms is a bug of the caller",
  async (timeoutMs) => {
    const world = new MessengerWorld();
    const { a } = await world.pair();
    expect(() => a.messenger.request(B, note("x"), { timeoutMs })).toThrow(/a request waits/);
  },
);

test("closing waits no longer than its grace for a request that hangs", async () => {
  const world = new MessengerWorld();
  const { a, b } = await world.pair();
  b.answer = () => new Promise(() => {});
  const hanging = a.messenger.request(B, note("slow"));
  await world.passMs(10);
  const startMs = world.scheduler.nowMs;
  await world.settle(b.messenger.close(300));
  expect(world.scheduler.nowMs - startMs).toBeCloseTo(300, 0);
  expect(await world.settle(hanging)).toBe("CONNECTION_LOST");
});

test("a handler that throws what is no ClusterError ends the process", async () => {
  const world = new MessengerWorld();
  const { a, b } = await world.pair();
  b.answer = async () => {
    throw new TypeError("oops");
  };
  void world.settle(a.messenger.request(B, note("x")));
  await world.passMs(10);
  expect(b.events.at(-1)).toBe("bug: TypeError: oops");
});
