/** Writes the parts of a log as LevelDB does. */
import { crc32c } from "../../../cluster/wire/crc32c.ts";

export const PART = { full: 1, first: 2, middle: 3, last: 4 } as const;

export function logPart(type: keyof typeof PART, data: Uint8Array): Uint8Array {
  const checked = Buffer.concat([Buffer.of(PART[type]), data]);
  const header = Buffer.alloc(6);
  const crc = crc32c(checked);
  header.writeUInt32LE(((((crc >>> 15) | (crc << 17)) >>> 0) + 0xa282ead8) >>> 0, 0);
  header.writeUInt16LE(data.byteLength, 4);
  return Buffer.concat([header, checked]);
}
