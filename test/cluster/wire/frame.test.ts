import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { EMPTY_BYTES, equalBytes, toHex } from "../../../cluster/base/bytes.ts";
import { createPrng, randomBytes } from "../../../cluster/base/prng.ts";
import { xxh64 } from "../../../cluster/wire/checksum.ts";
import { CodecError } from "../../../cluster/wire/codec-error.ts";
import { encodeFrame, type Frame, FrameDecoder, HEADER_SIZE } from "../../../cluster/wire/frame.ts";

const LIMITS = { controlSizeMax: 1000, payloadSizeMax: 100_000 };
const HEADER = { flags: 0x0203, correlation: 0x04050607, timeoutMs: 30_000 };

/** A frame of type 0x0101 in one piece. */
function frameOf(control: Uint8Array, payload: Uint8Array = EMPTY_BYTES): Uint8Array {
  const chunks = encodeFrame(
    HEADER,
    (out) => {
      out.raw(control);
      return 0x0101;
    },
    payload,
  );
  return Uint8Array.from(Buffer.concat(chunks));
}

function decodeAll(chunks: readonly Uint8Array[], limits = LIMITS): Frame[] {
  const decoder = new FrameDecoder(limits);
  const frames: Frame[] = [];
  for (const chunk of chunks) {
    decoder.push(chunk);
    for (let frame = decoder.next(); frame !== undefined; frame = decoder.next()) {
      frames.push(frame);
    }
  }
  return frames;
}

function codeOf(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    if (error instanceof CodecError) return error.code;
    throw error;
  }
  return "none";
}

/** Cuts at these positions, given as shares of the whole. */
function cutAt(bytes: Uint8Array, shares: readonly number[]): Uint8Array[] {
  const cuts = shares.map((share) => Math.floor(share * bytes.byteLength));
  const borders = [0, ...cuts.sort((left, right) => left - right), bytes.byteLength];
  return borders.slice(1).map((to, index) => bytes.subarray(borders[index], to));
}

describe("the format", () => {
  const golden = [
    "4b4c5031 0101 0302 07060504 02000000", // magic, type, flags, correlation, controlSize
    "03000000 30750000", // payloadSize, timeoutMs
    "02de9a5629cb7875", // xxh64 of the control part
    "a5e54e0cee133e74", // xxh64 of the payload
    "dd20f3270d222169", // xxh64 of all above
    "aabb 010203",
  ].join("");

  test("is exactly this", () => {
    const bytes = frameOf(Uint8Array.of(0xaa, 0xbb), Uint8Array.of(1, 2, 3));
    expect(toHex(bytes)).toBe(golden.replaceAll(" ", ""));
  });

  test("says 0 for the checksum of a payload that is not there", () => {
    const bytes = frameOf(Uint8Array.of(1));
    expect(toHex(bytes.subarray(32, 40))).toBe("0000000000000000");
    expect(decodeAll([bytes])[0]?.payloadChecksum).toBe(0n);
  });
});

describe("encodeFrame", () => {
  const send = (size: number): Uint8Array[] =>
    encodeFrame(HEADER, () => 0x0101, new Uint8Array(size));

  test("makes one chunk of a small frame, so that it costs the socket one write", () => {
    expect(send(512)).toHaveLength(1);
  });

  test("does not copy a large payload", () => {
    const parts = [new Uint8Array(50_000).fill(1), new Uint8Array(7).fill(2)];
    const chunks = encodeFrame(HEADER, () => 0x0101, parts);
    expect(chunks).toHaveLength(3);
    expect(chunks.slice(1).map((chunk) => chunk.buffer)).toEqual(parts.map((part) => part.buffer));
    const payload = decodeAll(chunks)[0]?.payload ?? EMPTY_BYTES;
    expect(equalBytes(payload, Buffer.concat(parts))).toBe(true);
  });

  test("hands out chunks that later frames do not change", () => {
    const frames = Array.from({ length: 100 }, (_, index) => frameBytes(index));
    const sent = frames.map((bytes) => encodeFrame(HEADER, () => 0x0101, bytes));
    const received = decodeAll(sent.flat());
    const same = received.map(({ payload }, index) =>
      equalBytes(payload, frames[index] ?? EMPTY_BYTES),
    );
    expect(same).toEqual(frames.map(() => true));
  });

  test("recovers from a control part that could not be encoded", () => {
    const fail = (): never => {
      throw new RangeError("half way");
    };
    expect(() =>
      encodeFrame(HEADER, (out) => {
        out.u32(1);
        return fail();
      }),
    ).toThrow(RangeError);
    expect(decodeAll([frameOf(Uint8Array.of(5))])[0]?.control).toEqual(Uint8Array.of(5));
  });
});

describe("FrameDecoder", () => {
  test("gives back what was encoded", () => {
    const payload = Uint8Array.of(1, 2, 3);
    expect(decodeAll([frameOf(Uint8Array.of(9), payload)])).toEqual([
      {
        ...HEADER,
        type: 0x0101,
        control: Uint8Array.of(9),
        payload,
        payloadChecksum: xxh64(payload),
      },
    ]);
  });

  test("does not copy a frame that lies within one chunk", () => {
    const bytes = frameOf(Uint8Array.of(9), Uint8Array.of(1, 2, 3));
    const [frame] = decodeAll([bytes]);
    expect(frame?.control.buffer).toBe(bytes.buffer);
    expect(frame?.payload.buffer).toBe(bytes.buffer);
  });

  test("gathers a payload of many chunks in one buffer of its exact size", () => {
    const payload = randomBytes(createPrng(1), 90_000);
    const bytes = frameOf(Uint8Array.of(9), payload);
    const [frame] = decodeAll(cutAt(bytes, [0.1, 0.3, 0.4, 0.9]));
    expect(equalBytes(frame?.payload ?? EMPTY_BYTES, payload)).toBe(true);
    expect(frame?.payload.buffer.byteLength).toBe(90_000);
  });

  test.each([
    ["both at their limits", 1000, 100_000, "none"],
    ["a control part one over", 1001, 0, "TOO_LARGE"],
    ["a payload one over", 0, 100_001, "TOO_LARGE"],
  ])("with %s", (_what, controlSize, payloadSize, code) => {
    const bytes = frameOf(new Uint8Array(controlSize), new Uint8Array(payloadSize));
    expect(codeOf(() => decodeAll([bytes]))).toBe(code);
  });

  test("refuses what is too large when only the header has arrived", () => {
    const header = frameOf(EMPTY_BYTES, new Uint8Array(100_001)).subarray(0, HEADER_SIZE);
    expect(codeOf(() => decodeAll([header]))).toBe("TOO_LARGE");
  });

  test("obeys new limits from the next frame of the same chunk on", () => {
    const decoder = new FrameDecoder({ controlSizeMax: 1, payloadSizeMax: 0 });
    decoder.push(Buffer.concat([frameOf(Uint8Array.of(1)), frameOf(Uint8Array.of(1, 2))]));
    expect(decoder.next()?.control.byteLength).toBe(1);
    decoder.setLimits({ controlSizeMax: 2, payloadSizeMax: 0 });
    expect(decoder.next()?.control.byteLength).toBe(2);
    decoder.push(frameOf(Uint8Array.of(1, 2, 3)));
    expect(codeOf(() => decoder.next())).toBe("TOO_LARGE");
  });

  test("says so when the other end speaks something else", () => {
    const http = Buffer.from("GET / HTTP/1.1\r\nHost: localhost:6800\r\nAccept: */*\r\n\r\n");
    expect(codeOf(() => decodeAll([http]))).toBe("BAD_MAGIC");
  });

  test("says where in the stream the bad frame begins", () => {
    const good = frameOf(Uint8Array.of(1));
    const bad = frameOf(Uint8Array.of(1));
    bad[HEADER_SIZE] = 2;
    expect(() => decodeAll([good, bad])).toThrow(
      expect.objectContaining({ code: "BAD_CHECKSUM", offset: good.byteLength }),
    );
  });

  test("is dead after an error, whatever comes", () => {
    const decoder = new FrameDecoder(LIMITS);
    decoder.push(new Uint8Array(HEADER_SIZE));
    expect(codeOf(() => decoder.next())).toBe("BAD_MAGIC");
    expect(codeOf(() => decoder.push(frameOf(EMPTY_BYTES)))).toBe("BAD_STATE");
    expect(codeOf(() => decoder.next())).toBe("BAD_STATE");
  });

  test("returns nothing, and no error, for a frame that is cut short", () => {
    const bytes = frameOf(Uint8Array.of(1, 2), Uint8Array.of(3));
    for (let size = 0; size < bytes.byteLength; size++) {
      expect(decodeAll([bytes.subarray(0, size)])).toEqual([]);
    }
  });
});

test("one flipped bit anywhere in a frame is detected", () => {
  const bytes = frameOf(Uint8Array.of(1, 2, 3), Uint8Array.of(4, 5));
  for (let bit = 0; bit < bytes.byteLength * 8; bit++) {
    const damaged = bytes.slice();
    damaged[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    const code = codeOf(() => decodeAll([damaged]));
    expect(code, `bit ${bit}`).toBe(bit < 32 ? "BAD_MAGIC" : "BAD_CHECKSUM");
  }
});

test("frames are the same wherever the stream is cut", () => {
  const part = fc.uint8Array({ maxLength: 200 });
  const frames = fc.array(fc.tuple(part, part), { minLength: 1, maxLength: 5 });
  const shares = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 12 });
  fc.assert(
    fc.property(frames, shares, (parts, cuts) => {
      const stream = Buffer.concat(parts.map(([control, payload]) => frameOf(control, payload)));
      const found = decodeAll(cutAt(stream, cuts));
      expect(found.map(({ control, payload }) => [control, payload])).toEqual(parts);
    }),
  );
});

test("frames are the same byte by byte", () => {
  const stream = Buffer.concat([
    frameOf(Uint8Array.of(1), Uint8Array.of(2, 3)),
    frameOf(EMPTY_BYTES),
    frameOf(EMPTY_BYTES, Uint8Array.of(4)),
  ]);
  const single = Array.from(stream, (byte) => Uint8Array.of(byte));
  expect(decodeAll(single)).toEqual(decodeAll([stream]));
  expect(decodeAll(single)).toHaveLength(3);
});

/** Some above and some below the size up to which a frame is one chunk. */
function frameBytes(index: number): Uint8Array {
  return randomBytes(createPrng(index), (index * 199) % 4000);
}
