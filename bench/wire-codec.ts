/** What the wire format costs without a wire: encode, checksum, decode, in one process. */
import { assert, present } from "../cluster/base/assert.ts";
import {
  bool,
  decode,
  encode,
  record,
  str,
  type TypeOf,
  u8,
  u32,
  u53,
} from "../cluster/wire/codec.ts";
import { encodeFrame, type Frame, FrameDecoder } from "../cluster/wire/frame.ts";
import { createRegistry } from "../cluster/wire/registry.ts";
import { versioned } from "../cluster/wire/versioned.ts";
import type { Measurement, Scale } from "./bench.ts";
import { median, spread } from "./placement/statistics.ts";

const KIB = 1024;
const MIB = 1024 * KIB;
/** What a socket hands over at a time. */
const CHUNK_SIZE = 64 * KIB;
const LIMITS = { controlSizeMax: 64 * KIB, payloadSizeMax: 16 * MIB };
const HEADER = { flags: 0, correlation: 7, timeoutMs: 1000 };

const write = record({ pool: u32, name: str, epoch: u53, offset: u53, kind: u8, isNew: bool });
type Write = TypeOf<typeof write>;
const WRITE: Write = {
  pool: 3,
  name: "photos/2024/07/harbour.jpg",
  epoch: 4711,
  offset: 3 * 2 ** 33,
  kind: 2,
  isNew: true,
};
const registry = createRegistry({ write: { id: 0x0100, body: versioned(1, write) } });

export function measureFrames(scale: Scale, progress: (step: string) => void): Measurement[] {
  const small = new Uint8Array(4 * KIB).fill(0x5a);
  const large = new Uint8Array(MIB).fill(0x5a);
  const decoder = new FrameDecoder(LIMITS);
  const bytes = encode(write, WRITE);
  const roundTrip = (payload: Uint8Array): void => {
    const frame = through(decoder, payload);
    const message = registry.decode(frame.type, frame.control);
    assert(message.offset === WRITE.offset, "what was sent arrives");
  };

  progress("encode, checksum and decode, 4 KiB");
  const messages = measure(scale, 20_000, () => roundTrip(small));
  progress("encode, checksum and decode, 1 MiB");
  const payloads = measure(scale, 200, () => roundTrip(large));
  progress("a record of 6 fields");
  const encoded = measure(scale, 200_000, () => encode(write, WRITE));
  const decoded = measure(scale, 200_000, () => decode(write, bytes));
  return [
    rate("frame of 4 KiB, there and back", messages, 1, "messages/s", 150_000),
    rate("frame of 1 MiB, there and back", payloads, MIB / 1e9, "GB/s", 1.5),
    time("encode a record of 6 fields", encoded),
    time("decode a record of 6 fields", decoded),
  ];
}

function through(decoder: FrameDecoder, payload: Uint8Array): Frame {
  const chunks = encodeFrame(
    HEADER,
    (out) => registry.encode(out, { type: "write", ...WRITE }),
    payload,
  );
  for (const chunk of chunks) {
    for (let from = 0; from < chunk.byteLength; from += CHUNK_SIZE) {
      decoder.push(chunk.subarray(from, from + CHUNK_SIZE));
      const frame = decoder.next();
      if (frame !== undefined) return frame;
    }
  }
  return present(decoder.next(), "the frame");
}

/** Seconds per run of `work`, once for each repetition. */
function measure(scale: Scale, count: number, work: () => void): number[] {
  const repetitions = scale === "full" ? 9 : 1;
  const runs = scale === "full" ? count : 10;
  const seconds: number[] = [];
  for (let repetition = 0; repetition <= repetitions; repetition++) {
    const startMs = performance.now();
    for (let run = 0; run < runs; run++) work();
    // The first one warms up and does not count.
    if (repetition > 0) seconds.push((performance.now() - startMs) / 1000 / runs);
  }
  return seconds;
}

function rate(
  what: string,
  seconds: readonly number[],
  amount: number,
  unit: string,
  atLeast: number,
): Measurement {
  const rates = seconds.map((duration) => amount / duration);
  return { what, value: median(rates), unit, atLeast, spread: spread(rates) };
}

function time(what: string, seconds: readonly number[]): Measurement {
  const times = seconds.map((duration) => duration * 1e9);
  return { what, value: median(times), unit: "ns", spread: spread(times) };
}
