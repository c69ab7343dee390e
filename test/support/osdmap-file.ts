/**
 * OSD maps as files of Ceph's osdmaptool, which can make only plain ones itself: no upmaps, no
 * pg_temp, one pool. So its plain map is taken as a template, and the parts that placement looks at
 * are written anew.
 *
 *   u8 8  u8 7  u32 size                          all of this up to the checksum
 *   u8 9  u8 1  u32 size                          the part that clients read:
 *     fsid[16]  u32 epoch  u64 created  u64 modified
 *     pools: table of s64 and pool · names: table of s64 and text · s32 pool_max
 *     u32 flags  s32 max_osd  u32 states[]  u32 weights[]  addresses[]
 *     pg_temp: table of pg and s32[] · primary_temp: table of pg and s32
 *     u32 affinities[] · crush: bytes · profiles: table of text and table of texts
 *     pg_upmap: table of pg and s32[] · pg_upmap_items: table of pg and (s32, s32)[] · ...
 *   the part that OSDs read                       as in the template
 *   u32 checksum                                  CRC-32C of everything before it
 */
import { type PgTable, pgEntries } from "../../cluster/map/pg-table.ts";
import type { PlacementMap } from "../../cluster/map/placement-map.ts";
import type { PlacementPool } from "../../cluster/map/pool.ts";
import { encodeBinary } from "../../crush/binary.ts";
import { RULE_TYPE } from "../../crush/types.ts";

const WRAPPER_SIZE = 6;
const DATES_SIZE = 16 + 4 + 8 + 8;
const EXISTS = 1;
const UP = 2;
const HASHPSPOOL = 1n;

/** `template` is what `osdmaptool --createsimple <number of OSDs> --with-default-pool` wrote. */
export function osdmapFile(template: Uint8Array, map: PlacementMap): Uint8Array {
  const input = new Cursor(template);
  input.skip(WRAPPER_SIZE);
  const clientEnd = input.offset + WRAPPER_SIZE + input.u32At(input.offset + 2);
  const clientHead = input.take(2);
  input.skip(4);
  const parts: Uint8Array[] = [input.take(DATES_SIZE)];
  parts.push(...pools(input, map));
  parts.push(input.take(4), u32(map.osds.length));
  input.skip(4);
  const states = map.osds.map(({ exists, up }) => (exists ? EXISTS : 0) | (up ? UP : 0));
  parts.push(row(states.map(u32)));
  input.skip(4 + 4 * input.u32());
  parts.push(row(map.osds.map(({ weight }) => u32(weight))));
  input.skip(4 + 4 * input.u32());
  parts.push(addresses(input));
  for (let table = 0; table < 3; table += 1) input.requireEmpty();
  parts.push(
    byPg(map.pgTemp, (osds) => row(osds.map(u32))),
    byPg(map.primaryTemp, u32),
  );
  parts.push(row(map.osds.map(({ primaryAffinity }) => u32(primaryAffinity))));
  input.skip(4 + input.u32());
  const crush = encodeBinary(map.crush.map);
  parts.push(u32(crush.length), crush, profiles(input));
  for (let table = 0; table < 2; table += 1) input.requireEmpty();
  parts.push(byPg(map.pgUpmap, (osds) => row(osds.map(u32))));
  parts.push(
    byPg(map.pgUpmapItems, (items) =>
      row(items.flatMap(({ from, to }) => [join([u32(from), u32(to)])])),
    ),
  );
  parts.push(input.take(clientEnd - input.offset));
  const client = join(parts);
  const osdPart = input.take(template.length - 4 - clientEnd);
  const body = join([clientHead, u32(client.length), client, osdPart]);
  // The size counts the checksum too.
  const file = join([template.subarray(0, 2), u32(body.length + 4), body]);
  return join([file, u32(crc32c(file))]);
}

/** Each pool is the template's only one with another head. */
function pools(input: Cursor, map: PlacementMap): Uint8Array[] {
  input.skip(4 + 8);
  const versions = input.take(2);
  const size = input.u32();
  input.skip(4);
  const body = input.take(size);
  input.skip(4 + 8);
  input.skip(4 + input.u32());
  input.skip(4);
  const sorted = [...map.pools.values()].sort((left, right) => left.id - right.id);
  const all = sorted.map((pool) => join([u64(pool.id), versions, u32(size), poolBody(body, pool)]));
  const names = sorted.map(({ id }) => join([u64(id), text(`pool${id}`)]));
  return [row(all), row(names), u32(Math.max(0, ...map.pools.keys()))];
}

/** Offset of the flags: behind numbers of PGs, an epoch, no snapshots and an owner. */
const POOL_FLAGS = 4 + 16 + 4 + 8 + 4 + 4 + 4 + 8;

/**
 * Offset of the numbers of PGs and PGPs that are wanted, and of PGs that are coming. If PGs are more
 * than wanted, the last ones are about to go, and no upmap of theirs stands.
 */
const POOL_TARGETS = 240;

function poolBody(template: Uint8Array, pool: PlacementPool): Uint8Array {
  const body = Uint8Array.from(template);
  const view = new DataView(body.buffer);
  for (const [index, wanted] of [pool.pgNum, pool.pgpNum, pool.pgNum].entries()) {
    const offset = POOL_TARGETS + 4 * index;
    if (view.getUint32(offset, true) !== view.getUint32(4, true)) {
      throw new Error(`the template has no number of PGs at ${offset} of its pool`);
    }
    view.setUint32(offset, wanted, true);
  }
  body.set([RULE_TYPE[pool.type], pool.size, pool.rule, pool.objectHash]);
  view.setUint32(4, pool.pgNum, true);
  view.setUint32(8, pool.pgpNum, true);
  const flags = view.getBigUint64(POOL_FLAGS, true) & ~HASHPSPOOL;
  view.setBigUint64(POOL_FLAGS, flags | (pool.hashpspool ? HASHPSPOOL : 0n), true);
  return body;
}

/** None of the OSDs has any, so each is a mark and a count of 0. */
function addresses(input: Cursor): Uint8Array {
  return input.take(4 + 5 * input.u32());
}

function profiles(input: Cursor): Uint8Array {
  const { offset } = input;
  for (let count = input.takeU32(); count > 0; count -= 1) {
    input.skip(4 + input.u32());
    for (let pair = input.takeU32(); pair > 0; pair -= 1) {
      input.skip(4 + input.u32());
      input.skip(4 + input.u32());
    }
  }
  return input.since(offset);
}

function byPg<T>(table: PgTable<T>, value: (value: T) => Uint8Array): Uint8Array {
  const entries = [...pgEntries(table)].sort(
    ([left], [right]) => left.pool - right.pool || left.seed - right.seed,
  );
  const pgHead = Uint8Array.of(1);
  return row(
    entries.map(([{ pool, seed }, content]) =>
      join([pgHead, u64(pool), u32(seed), u32(-1), value(content)]),
    ),
  );
}

class Cursor {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  offset = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** What comes next, without a step over it. */
  u32(): number {
    return this.u32At(this.offset);
  }

  u32At(offset: number): number {
    return this.#view.getUint32(offset, true);
  }

  takeU32(): number {
    this.offset += 4;
    return this.u32At(this.offset - 4);
  }

  skip(size: number): void {
    this.offset += size;
  }

  take(size: number): Uint8Array {
    this.offset += size;
    return this.since(this.offset - size);
  }

  since(offset: number): Uint8Array {
    return this.#bytes.subarray(offset, this.offset);
  }

  requireEmpty(): void {
    if (this.takeU32() !== 0) throw new Error(`something stands at ${this.offset} of the template`);
  }
}

function u32(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setInt32(0, value | 0, true);
  return bytes;
}

function u64(value: number): Uint8Array {
  return join([u32(value), u32(Math.floor(value / 2 ** 32))]);
}

function text(value: string): Uint8Array {
  return join([u32(value.length), Buffer.from(value, "latin1")]);
}

function row(parts: readonly Uint8Array[]): Uint8Array {
  return join([u32(parts.length), ...parts]);
}

function join(parts: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat(parts);
}

/** Ceph starts from all ones and does not invert the result. */
export function crc32c(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = (crc >>> 1) ^ (crc & 1 ? 0x82f63b78 : 0);
  }
  return crc >>> 0;
}
