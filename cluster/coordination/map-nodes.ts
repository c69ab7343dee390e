/**
 * The bytes of the map's nodes. A server takes no request above 1 MiB, and a publish is one request with the newest
 * increment in it up to three times; so what is larger than a node may be stands in chunk nodes, written before, and the
 * node names them:
 *
 *   epoch     version │ epoch │ digest │ checkpoint │ increment if <= 64 KiB
 *   inc, undo version │ whole: bytes │ or chunks: size, xxh64 of all, names      256 KiB at most
 *   full/<e>  version │ digest │ size │ count of pieces                          empty until all pieces are there
 *   full/<e>/<n>, chunk/<name>   a piece of at most 256 KiB
 */
import { assert } from "../base/assert.ts";
import { concatBytes } from "../base/bytes.ts";
import type { Epoch } from "../base/ids.ts";
import { type EpochRecord, epochRecord, type UndoRecord, undoRecord } from "../map/epoch-record.ts";
import { epochCodec } from "../map/osd-info.ts";
import { xxh64 } from "../wire/checksum.ts";
import {
  bytes,
  checked,
  decode,
  encode,
  list,
  optional,
  record,
  str,
  type TypeOf,
  u32,
  u53,
  u64,
  union,
} from "../wire/codec.ts";
import { CodecError } from "../wire/codec-error.ts";
import { versioned } from "../wire/versioned.ts";
import { epochOfName } from "./paths.ts";

/** Above this an increment is not in the epoch node too: each of many subscribers reads that. */
export const EMBEDDED_SIZE_MAX = 64 << 10;
export const PIECE_SIZE_MAX = 256 << 10;
/** 256 MiB: a map of 100,000 OSDs has a fraction of it. */
export const CHUNK_COUNT_MAX = 1024;

const CHECKPOINT_PIECES_MAX = 1 << 14;

export const epochNode = versioned(
  1,
  record({
    epoch: epochCodec,
    digest: u64,
    /** Of the newest checkpoint that is complete; 0 stands for the empty map, which everybody knows. */
    checkpoint: epochCodec,
    /** The newest increment, as an encoded EpochRecord. */
    increment: optional(bytes),
  }),
);
export type EpochNode = TypeOf<typeof epochNode>;

const storedBody = versioned(
  1,
  union({
    whole: { id: 1, body: record({ body: bytes }) },
    chunks: {
      id: 2,
      body: record({ size: u53, hash: u64, names: list(str, { max: CHUNK_COUNT_MAX }) }),
    },
  }),
);
/** What an inc or undo node holds: a body, or where its chunks are. */
export type StoredBody = TypeOf<typeof storedBody>;

export const checkpointHead = versioned(
  1,
  record({ digest: u64, size: u53, pieceCount: checked(u32, pieceCountOf) }),
);
export type CheckpointHead = TypeOf<typeof checkpointHead>;

/** So that bytes which say that there are many make nobody ask for them. */
function pieceCountOf(count: number): number | undefined {
  return count <= CHECKPOINT_PIECES_MAX ? count : undefined;
}

export interface Chunk {
  readonly name: string;
  readonly data: Uint8Array;
}

export interface PreparedBody {
  /** Of the node that names the body. */
  readonly node: Uint8Array;
  /** To be written before that node. */
  readonly chunks: readonly Chunk[];
}

/** `token` is random, so that chunks of attempts that came to nothing are in nobody's way. */
export function prepareBody(
  body: Uint8Array,
  { of, token }: { readonly of: Epoch; readonly token: string },
): PreparedBody {
  const whole = encode(storedBody, { type: "whole", body });
  if (whole.byteLength <= PIECE_SIZE_MAX) return { node: whole, chunks: [] };
  const pieces = splitBytes(body);
  assert(pieces.length <= CHUNK_COUNT_MAX, `an epoch of ${body.byteLength} bytes is too large`);
  const chunks = pieces.map((data, index) => ({ name: `${of}-${token}-${index}`, data }));
  const names = chunks.map(({ name }) => name);
  const reference = { type: "chunks", size: body.byteLength, hash: xxh64(body), names } as const;
  return { node: encode(storedBody, reference), chunks };
}

export function decodeBody(node: Uint8Array): StoredBody {
  return decode(storedBody, node);
}

/** Of which epoch's increment or undo a chunk is; undefined for a name that is none of this program's. */
export function epochOfChunk(name: string): Epoch | undefined {
  return epochOfName(name.split("-", 1)[0] ?? "");
}

/** Throws CodecError if they are not the body that the node speaks of. */
export function joinChunks(
  { size, hash }: Extract<StoredBody, { type: "chunks" }>,
  pieces: readonly Uint8Array[],
): Uint8Array {
  const body = concatBytes(...pieces);
  if (body.byteLength === size && xxh64(body) === hash) return body;
  throw new CodecError("BAD_CHECKSUM", `chunks of ${body.byteLength} bytes, not of ${size}`, 0);
}

export function splitBytes(body: Uint8Array): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  for (let from = 0; from < body.byteLength; from += PIECE_SIZE_MAX) {
    pieces.push(body.subarray(from, from + PIECE_SIZE_MAX));
  }
  return pieces;
}

export function encodeRecord(of: EpochRecord): Uint8Array {
  return encode(epochRecord, of);
}

export function encodeUndo(of: UndoRecord): Uint8Array {
  return encode(undoRecord, of);
}
