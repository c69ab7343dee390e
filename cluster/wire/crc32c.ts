/** CRC-32C (Castagnoli), by which LevelDB protects its blocks and log records, and Ceph its maps. */

const POLYNOMIAL = 0x82f63b78;
/** Tables for eight bytes at a time: tables[n][b] is the remainder of b followed by n zero bytes. */
const TABLES = makeTables();

export function crc32c(bytes: Uint8Array): number {
  const [t0, t1, t2, t3, t4, t5, t6, t7] = TABLES;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let crc = 0xffffffff;
  let at = 0;
  for (; at + 8 <= bytes.byteLength; at += 8) {
    const low = (crc ^ view.getUint32(at, true)) >>> 0;
    const high = view.getUint32(at + 4, true);
    crc =
      get(t7, low & 0xff) ^
      get(t6, (low >>> 8) & 0xff) ^
      get(t5, (low >>> 16) & 0xff) ^
      get(t4, low >>> 24) ^
      get(t3, high & 0xff) ^
      get(t2, (high >>> 8) & 0xff) ^
      get(t1, (high >>> 16) & 0xff) ^
      get(t0, high >>> 24);
  }
  for (; at < bytes.byteLength; at++) {
    crc = (crc >>> 8) ^ get(t0, (crc ^ view.getUint8(at)) & 0xff);
  }
  return (crc ^ 0xffffffff) >>> 0;
}

function get(table: Uint32Array, index: number): number {
  return table[index] as number;
}

type Tables = [
  Uint32Array,
  Uint32Array,
  Uint32Array,
  Uint32Array,
  Uint32Array,
  Uint32Array,
  Uint32Array,
  Uint32Array,
];

function makeTables(): Tables {
  const tables = Array.from({ length: 8 }, () => new Uint32Array(256)) as Tables;
  const [first] = tables;
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? POLYNOMIAL : 0);
    first[byte] = crc;
  }
  for (let byte = 0; byte < 256; byte++) {
    for (const [index, table] of tables.entries()) {
      const previous = tables[index - 1];
      if (previous === undefined) continue;
      const crc = get(previous, byte);
      table[byte] = (crc >>> 8) ^ get(first, crc & 0xff);
    }
  }
  return tables;
}
