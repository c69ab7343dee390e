import { expect, test } from "vitest";
import { textOf, utf8 } from "../../../cluster/base/bytes.ts";
import type { ByteStream, Listener } from "../../../cluster/runtime/stream.ts";
import { formatAddress, parseAddress, tcpNetwork } from "../../../cluster/runtime/tcp.ts";

const NEVER = new AbortController().signal;

/** One end of a connection, with what it was told and a way to wait for more. */
class End {
  readonly stream: ByteStream;
  received = "";
  closeReason: string | undefined;
  drainCount = 0;
  #changed: () => void = () => {};

  constructor(stream: ByteStream) {
    this.stream = stream;
    stream.start({
      data: (chunk) => {
        this.received += textOf(chunk);
        this.#changed();
      },
      drain: () => {
        this.drainCount += 1;
        this.#changed();
      },
      close: (reason) => {
        this.closeReason = reason;
        this.#changed();
      },
    });
  }

  async until(holds: (end: this) => boolean): Promise<void> {
    while (!holds(this)) {
      await new Promise<void>((resolve) => {
        this.#changed = resolve;
      });
    }
  }
}

async function connectPair(): Promise<{ dialled: End; accepted: End; listener: Listener }> {
  let accept: (stream: ByteStream) => void = () => {};
  const acceptedStream = new Promise<ByteStream>((resolve) => {
    accept = resolve;
  });
  const listener = await tcpNetwork.listen("127.0.0.1:0", (stream) => accept(stream));
  const dialled = new End(await tcpNetwork.connect(listener.address, NEVER));
  return { dialled, accepted: new End(await acceptedStream), listener };
}

test("bytes arrive in order, chunks of one write included", async () => {
  const { dialled, accepted, listener } = await connectPair();
  dialled.stream.write([utf8("one "), utf8("two "), utf8("three")]);
  await accepted.until((end) => end.received.length >= 13);
  accepted.stream.write([utf8("four")]);
  await dialled.until((end) => end.received.length >= 4);
  expect([accepted.received, dialled.received]).toEqual(["one two three", "four"]);
  dialled.stream.destroy();
  await accepted.until((end) => end.closeReason !== undefined);
  await listener.close();
});

test("end sends what was written, then both sides are closed", async () => {
  const { dialled, accepted, listener } = await connectPair();
  dialled.stream.write([utf8("last words")]);
  dialled.stream.end();
  await accepted.until((end) => end.closeReason !== undefined);
  await dialled.until((end) => end.closeReason !== undefined);
  expect(accepted.received).toBe("last words");
  await listener.close();
});

test("a paused reader makes the writer's queue grow; resuming drains it", async () => {
  const { dialled, accepted, listener } = await connectPair();
  accepted.stream.pause();
  const block = new Uint8Array(1 << 20).fill(97);
  while (dialled.stream.queuedBytes === 0) dialled.stream.write([block]);
  expect(accepted.received.length).toBeLessThan(1 << 20);
  accepted.stream.resume();
  await dialled.until((end) => end.drainCount > 0);
  expect(dialled.stream.queuedBytes).toBe(0);
  dialled.stream.destroy();
  await accepted.until((end) => end.closeReason !== undefined);
  await listener.close();
});

test("a closed listener takes no more connections and leaves those it has", async () => {
  const { dialled, accepted, listener } = await connectPair();
  await listener.close();
  await expect(tcpNetwork.connect(listener.address, NEVER)).rejects.toMatchObject({
    code: "UNREACHABLE",
  });
  dialled.stream.write([utf8("still here")]);
  await accepted.until((end) => end.received === "still here");
  dialled.stream.destroy();
  await accepted.until((end) => end.closeReason !== undefined);
});

test("a port in use is refused with its address", async () => {
  const listener = await tcpNetwork.listen("127.0.0.1:0", () => {});
  await expect(tcpNetwork.listen(listener.address, () => {})).rejects.toMatchObject({
    code: "UNREACHABLE",
    message: expect.stringContaining(`${listener.address}: another process uses this port`),
  });
  await listener.close();
});

test("connecting gives up when the signal aborts, before and during the attempt", async () => {
  await expect(tcpNetwork.connect("127.0.0.1:9", AbortSignal.abort())).rejects.toMatchObject({
    code: "UNREACHABLE",
  });
  const controller = new AbortController();
  const attempt = tcpNetwork.connect("127.0.0.1:9", controller.signal);
  controller.abort();
  await expect(attempt).rejects.toMatchObject({ message: expect.stringContaining("gave up") });
});

test.each([
  ["127.0.0.1:6789", { host: "127.0.0.1", port: 6789 }],
  ["localhost:0", { host: "localhost", port: 0 }],
  ["[::1]:6789", { host: "::1", port: 6789 }],
])("%s is an address", (text, expected) => {
  expect(parseAddress(text)).toEqual(expected);
  expect(formatAddress(expected.host, expected.port)).toBe(text);
});

test.each(["", "localhost", ":80", "host:", "host:65536", "host:1x", "::1:80", "a b:80"])(
  "%j is refused as an address",
  async (text) => {
    expect(() => parseAddress(text)).toThrow(expect.objectContaining({ code: "CONFIG_INVALID" }));
    await expect(tcpNetwork.connect(text, NEVER)).rejects.toMatchObject({ code: "CONFIG_INVALID" });
  },
);
