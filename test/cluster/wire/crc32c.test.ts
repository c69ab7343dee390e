import { expect, test } from "vitest";
import { utf8 } from "../../../cluster/base/bytes.ts";
import { crc32c } from "../../../cluster/wire/crc32c.ts";

/** Bit by bit, as the definition has it. */
function slowCrc(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0x82f63b78 : 0);
  }
  return (crc ^ 0xffffffff) >>> 0;
}

test.each([
  // The last four are the examples of RFC 3720, B.4.
  ["nothing", new Uint8Array(), 0],
  ["123456789", utf8("123456789"), 0xe3069283],
  ["32 zeros", new Uint8Array(32), 0x8a9136aa],
  ["32 ones", new Uint8Array(32).fill(0xff), 0x62a8ab43],
  ["0 to 31", Uint8Array.from({ length: 32 }, (_, index) => index), 0x46dd794e],
  ["31 to 0", Uint8Array.from({ length: 32 }, (_, index) => 31 - index), 0x113fdb5c],
])("the checksum of %s is the published one", (_, bytes, checksum) => {
  expect(crc32c(bytes)).toBe(checksum);
});

test("all lengths and alignments give what the definition gives", () => {
  const bytes = Uint8Array.from({ length: 80 }, (_, index) => (index * 167 + 13) & 0xff);
  for (let from = 0; from < 9; from++) {
    for (let to = from; to <= bytes.byteLength; to++) {
      const part = bytes.subarray(from, to);
      expect(crc32c(part)).toBe(slowCrc(part));
    }
  }
});
