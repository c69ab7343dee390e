import { expect, test } from "vitest";
import { ClusterError } from "../../../cluster/base/error.ts";
import { type PeerName, peerName } from "../../../cluster/base/ids.ts";
import { HANDSHAKE_MS, OUTBOUND_BYTES_MAX } from "../../../cluster/runtime/connection.ts";
import { SILENCE_MS } from "../../../cluster/runtime/framed-stream.ts";
import { INBOUND_BYTES_MAX, RUNNING_MAX } from "../../../cluster/runtime/serving.ts";
import { encodeFrame, TRANSPORT_FRAMES } from "../../../cluster/wire/frame.ts";
import { HandshakeInitiator } from "../../../cluster/wire/handshake.ts";
import {
  A,
  B,
  B_ADDRESS,
  type Member,
  MessengerWorld,
  note,
  noteRegistry,
} from "./messenger-world.ts";
import { RawPeer } from "./raw-peer.ts";

const NEVER = () => new Promise<never>(() => {});

async function rawPeer(): Promise<{ world: MessengerWorld; b: Member; raw: RawPeer }> {
  const world = new MessengerWorld();
  const b = world.member(B);
  await world.settle(b.messenger.listen(B_ADDRESS));
  const stream = await world.settle(
    world.network.host(A).connect(B_ADDRESS, new AbortController().signal),
  );
  if (typeof stream === "string") throw new Error(stream);
  return { world, b, raw: new RawPeer(stream) };
}

async function provenPeer(): Promise<{ world: MessengerWorld; b: Member; raw: RawPeer }> {
  const made = await rawPeer();
  const handshake = new HandshakeInitiator(
    {
      name: A,
      clusterKey: new Uint8Array(32).fill(1),
      versionMin: 1,
      versionMax: 1,
      features: [],
      requiredFeatures: [],
    },
    new Uint8Array(32).fill(5),
  );
  made.raw.write(handshake.start());
  for (const type of [TRANSPORT_FRAMES.CHALLENGE, TRANSPORT_FRAMES.WELCOME]) {
    await made.world.passMs(10);
    made.raw.write(handshake.receive(made.raw.take(type)).send);
  }
  return made;
}

function noteFrame(text: string, correlation: number, flags = 0): Uint8Array[] {
  const header = { flags, correlation, timeoutMs: 0 };
  return encodeFrame(header, (out) => noteRegistry.encode(out, { type: "note", text }));
}

test("who does not finish the handshake in time is disconnected", async () => {
  const { world, raw } = await rawPeer();
  await world.passMs(HANDSHAKE_MS - 100);
  expect(raw.closeReason).toBeUndefined();
  await world.passMs(200);
  expect(raw.closeReason).toBeDefined();
});

test("a message before the handshake ends the connection unread", async () => {
  const { world, b, raw } = await rawPeer();
  raw.write(noteFrame("let me in", 0));
  await world.passMs(10);
  expect(raw.closeReason).toBeDefined();
  expect(b.events).toEqual([]);
});

test("what is larger than a handshake may be is refused before it is proven", async () => {
  const { world, raw } = await rawPeer();
  const header = { flags: 0, correlation: 0, timeoutMs: 0 };
  raw.write(
    encodeFrame(header, (out) => {
      out.raw(new Uint8Array(2000));
      return TRANSPORT_FRAMES.HELLO;
    }),
  );
  await world.passMs(10);
  expect(raw.closeReason).toBeDefined();
});

test.each([
  ["a message of an unknown type", () => encodeHeaderOnly(0x7777)],
  ["a transport frame of an unknown type", () => encodeHeaderOnly(77)],
  ["a handshake frame", () => encodeHeaderOnly(TRANSPORT_FRAMES.HELLO)],
  ["bytes that are no frame", () => [new Uint8Array(48).fill(1)]],
])("%s after the handshake ends the connection", async (_, chunks) => {
  const { world, b, raw } = await provenPeer();
  raw.write(chunks());
  await world.passMs(10);
  expect(raw.closeReason).toBeDefined();
  expect(b.events).toEqual(["connected osd.1", "lost osd.1"]);
});

test("a number that is already running ends the connection", async () => {
  const { world, b, raw } = await provenPeer();
  b.answer = NEVER;
  raw.write([...noteFrame("x", 1), ...noteFrame("y", 1)]);
  await world.passMs(10);
  expect(raw.closeReason).toBeDefined();
});

test("an answer that nobody waits for is ignored", async () => {
  const { world, raw } = await provenPeer();
  raw.write([...noteFrame("late", 99, 1), ...noteFrame("hello", 1)]);
  await world.passMs(10);
  expect(raw.closeReason).toBeUndefined();
  expect(raw.take(0x0100).correlation).toBe(1);
});

test("a ClusterError is answered with its code and text, and where it happened", async () => {
  const world = new MessengerWorld();
  const { a } = await world.pair();
  let error: unknown;
  a.messenger.request(B, note("refuse")).catch((reason: unknown) => {
    error = reason;
  });
  await world.passMs(10);
  expect(error).toBeInstanceOf(ClusterError);
  expect(error).toMatchObject({ code: "STORE_FULL", message: "osd.2 (b:6800): no room" });
});

test("cancelling rejects at once and aborts the peer's handler, whose answer is dropped", async () => {
  const world = new MessengerWorld();
  const { a, b } = await world.pair();
  let signal: AbortSignal | undefined;
  let finish = (): void => {};
  b.answer = (_, context) => {
    signal = context.signal;
    return new Promise((resolve) => {
      finish = () => resolve(note("unwanted"));
    });
  };
  const controller = new AbortController();
  const request = a.messenger.request(B, note("x"), { signal: controller.signal });
  await world.passMs(10);
  expect(signal?.aborted).toBe(false);
  controller.abort();
  expect(await world.settle(request)).toBe("CANCELLED");
  await world.passMs(10);
  expect(signal?.aborted).toBe(true);
  finish();
  await world.passMs(10);
  expect(a.events).toEqual(["connected osd.2"]);
});

test("the peer is told how long the caller waits", async () => {
  const world = new MessengerWorld();
  const { a, b } = await world.pair();
  let leftMs = 0;
  b.answer = async (_, context) => {
    leftMs = context.deadlineMs - world.clock.nowMs();
    return note("ok");
  };
  await world.ask(a, B, "hello", 700);
  expect(leftMs).toBeGreaterThan(690);
  expect(leftMs).toBeLessThanOrEqual(701);
});

test("a lost connection rejects requests and aborts their handlers", async () => {
  const world = new MessengerWorld();
  const { a, b } = await world.pair();
  let signal: AbortSignal | undefined;
  b.answer = (_, context) => {
    signal = context.signal;
    return NEVER();
  };
  const request = a.messenger.request(B, note("x"));
  await world.passMs(10);
  world.network.reset(A, B);
  expect(await world.settle(request)).toBe("CONNECTION_LOST");
  await world.passMs(10); // B hears of it in its own time.
  expect(signal?.aborted).toBe(true);
});

test("unfinished messages beyond the budget stop the reading, and finishing them resumes it", async () => {
  const world = new MessengerWorld();
  const { a, b } = await world.pair();
  const finish: (() => void)[] = [];
  b.receive = () => new Promise((resolve) => finish.push(resolve));
  const payload = new Uint8Array(4 << 20);
  const total = (2 * INBOUND_BYTES_MAX) / payload.byteLength;
  for (let count = 0; count < total; count++) {
    a.messenger.send(B, { ...note("big"), payload });
    await world.passMs(100);
  }
  const handed = finish.length;
  expect(handed).toBeLessThan(total);
  expect(handed * payload.byteLength).toBeLessThanOrEqual(INBOUND_BYTES_MAX + payload.byteLength);
  for (const each of finish) each();
  await world.passMs(1_000);
  expect(finish.length).toBeGreaterThan(handed);
});

test("a peer that is slow is not a peer that is dead: held-back reading does not end the connection", async () => {
  const world = new MessengerWorld();
  const { a, b } = await world.pair();
  b.receive = NEVER;
  const payload = new Uint8Array(8 << 20);
  for (let count = 0; count < 6; count++) {
    a.messenger.send(B, { ...note("big"), payload });
    await world.passMs(100);
  }
  await world.passMs(30_000);
  expect([a.events, b.events]).toEqual([["connected osd.2"], ["connected osd.1"]]);
});

test("a peer that asks much and takes no answers costs a bounded amount, and is dropped", async () => {
  const { world, b, raw } = await provenPeer();
  let answered = 0;
  const payload = new Uint8Array(1 << 20);
  b.answer = async () => {
    answered += 1;
    return { ...note("much"), payload };
  };
  raw.pause();
  for (let correlation = 1; correlation <= 2_000; correlation++) {
    raw.write(noteFrame("give me much", correlation));
  }
  await world.passMs(1_000);
  expect(answered).toBeGreaterThan(30);
  expect(answered).toBeLessThanOrEqual(RUNNING_MAX + 2 * (OUTBOUND_BYTES_MAX >> 20));
  await world.passMs(SILENCE_MS + 2_000);
  expect(b.events.at(-1)).toBe("lost osd.1");
});

test("two peers that ask each other more than fits do not wait for each other", async () => {
  const world = new MessengerWorld();
  const { a, b } = await world.pair();
  const payload = new Uint8Array(8 << 20);
  for (const member of [a, b]) member.answer = async () => ({ ...note("much"), payload });
  await world.ask(a, B, "hello");
  // B has no address of A, so both use the one connection.
  const ask = (from: Member, to: PeerName) =>
    from.messenger.request(to, { ...note("x"), payload }, { timeoutMs: 60_000 });
  const asked = Array.from({ length: 4 }, () => [ask(a, B), ask(b, A)]).flat();
  const outcomes = await world.settle(Promise.all(asked.map((each) => each.then(() => "ok"))));
  expect(outcomes).toEqual(asked.map(() => "ok"));
});

test("the text of a failure is cut between characters", async () => {
  const world = new MessengerWorld();
  const { a, b } = await world.pair();
  b.answer = async () => {
    throw new ClusterError("STORE_FAILED", `${"x".repeat(2047)}\u{1f4a5} and more`);
  };
  expect(await world.ask(a, B, "x")).toBe("STORE_FAILED");
  expect(b.events).toEqual(["connected osd.1"]);
});

test("two members that require different things refuse each other", async () => {
  const world = new MessengerWorld();
  const b = world.member(B, { features: ["erasure"], requiredFeatures: ["erasure"] });
  const a = world.member(peerName("osd.3"));
  await world.settle(b.messenger.listen(B_ADDRESS));
  a.messenger.route(B, B_ADDRESS);
  expect(await world.ask(a, B, "hello")).toBe("UNREACHABLE");
});

function encodeHeaderOnly(type: number): Uint8Array[] {
  return encodeFrame({ flags: 0, correlation: 0, timeoutMs: 0 }, () => type);
}
