import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { concatBytes, toHex, utf8 } from "../../../cluster/base/bytes.ts";
import { CodecError } from "../../../cluster/wire/codec-error.ts";
import { JUTE_MAXBUFFER, PacketDecoder } from "../../../cluster/zookeeper/packet-decoder.ts";

function framed(...packets: readonly Uint8Array[]): Uint8Array {
  return concatBytes(
    ...packets.flatMap((packet) => {
      const size = new Uint8Array(4);
      new DataView(size.buffer).setInt32(0, packet.byteLength);
      return [size, packet];
    }),
  );
}

function all(decoder: PacketDecoder): Uint8Array[] {
  const packets: Uint8Array[] = [];
  for (let packet = decoder.next(); packet !== undefined; packet = decoder.next()) {
    packets.push(packet);
  }
  return packets;
}

test("the same packets come out, however the stream was cut", () => {
  const sizes = fc.array(fc.integer({ min: 0, max: 20_000 }), { maxLength: 6 });
  const cuts = fc.array(fc.integer({ min: 1, max: 9000 }), { minLength: 1, maxLength: 8 });
  fc.assert(
    fc.property(sizes, cuts, (packetSizes, cutSizes) => {
      const packets = packetSizes.map((size, index) => new Uint8Array(size).fill(index + 1));
      const stream = framed(...packets);
      const decoder = new PacketDecoder();
      const found: Uint8Array[] = [];
      for (let at = 0, cut = 0; at < stream.byteLength; cut++) {
        const size = cutSizes[cut % cutSizes.length] ?? 1;
        decoder.push(stream.subarray(at, at + size));
        found.push(...all(decoder));
        at += size;
      }
      expect(found.map(toHex)).toEqual(packets.map(toHex));
    }),
    { numRuns: 60 },
  );
});

test("byte by byte", () => {
  const decoder = new PacketDecoder();
  const found: string[] = [];
  for (const byte of framed(utf8("ab"), utf8(""), utf8("c"))) {
    decoder.push(Uint8Array.of(byte));
    found.push(...all(decoder).map(toHex));
  }
  expect(found).toEqual(["6162", "", "63"]);
});

test("a packet within one chunk is not copied", () => {
  const chunk = framed(utf8("one"), utf8("two"));
  const decoder = new PacketDecoder();
  decoder.push(chunk);
  for (const packet of all(decoder)) expect(packet.buffer).toBe(chunk.buffer);
});

test("a size alone sets nothing aside", () => {
  const allocate = Buffer.allocUnsafeSlow;
  let largest = 0;
  Buffer.allocUnsafeSlow = (size) => {
    largest = Math.max(largest, size);
    return allocate(size);
  };
  try {
    const decoder = new PacketDecoder();
    decoder.push(framed(new Uint8Array(JUTE_MAXBUFFER)).subarray(0, 100));
    expect(decoder.next()).toBeUndefined();
  } finally {
    Buffer.allocUnsafeSlow = allocate;
  }
  expect(largest).toBeLessThanOrEqual(4096);
});

describe("sizes", () => {
  test.each([
    [JUTE_MAXBUFFER + 1, "TOO_LARGE"],
    [0x7fffffff, "TOO_LARGE"],
    [-1, "OUT_OF_RANGE"],
    [-(2 ** 31), "OUT_OF_RANGE"],
  ])("%i ends the stream", (size, code) => {
    const bytes = new Uint8Array(8);
    new DataView(bytes.buffer).setInt32(0, size);
    const decoder = new PacketDecoder();
    decoder.push(framed(utf8("ok")));
    decoder.push(bytes);
    expect(decoder.next()).toEqual(utf8("ok"));
    expect(() => decoder.next()).toThrow(CodecError);
    expect(() => decoder.push(bytes)).toThrow(expect.objectContaining({ code: "BAD_STATE" }));
    const again = new PacketDecoder();
    again.push(bytes);
    expect(() => again.next()).toThrow(expect.objectContaining({ code, offset: 0 }));
  });

  test("of the limit pass, and the limit can change between packets", () => {
    const decoder = new PacketDecoder(3);
    decoder.push(framed(utf8("abc"), utf8("abcd")));
    expect(decoder.next()).toEqual(utf8("abc"));
    decoder.setSizeMax(4);
    expect(decoder.next()).toEqual(utf8("abcd"));
  });

  test("take memory with what has arrived of them, until they are whole", () => {
    const decoder = new PacketDecoder(1_000_000);
    const bytes = framed(new Uint8Array(900_000));
    decoder.push(bytes.subarray(0, 100_000));
    expect([decoder.next(), decoder.gatheredBytes < 250_000]).toEqual([undefined, true]);
    expect(decoder.gatheredBytes).toBeGreaterThan(99_000);
    decoder.push(bytes.subarray(100_000));
    expect([decoder.next()?.byteLength, decoder.gatheredBytes]).toEqual([900_000, 0]);
  });

  test("can be looked at before they are judged", () => {
    const decoder = new PacketDecoder(10);
    decoder.push(utf8("ru"));
    expect(decoder.peekSize()).toBeUndefined();
    decoder.push(utf8("ok\n"));
    expect(decoder.peekSize()).toBe(0x72756f6b);
    expect(decoder.peekSize()).toBe(0x72756f6b);
    expect(() => decoder.next()).toThrow(expect.objectContaining({ code: "TOO_LARGE" }));
  });
});
