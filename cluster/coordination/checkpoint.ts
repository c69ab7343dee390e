/**
 * A whole map in the tree, as its rows one after the other, cut into pieces. The node above them is empty until the last
 * piece is there, and then says what they are: so a checkpoint that somebody began and did not end cannot be taken for one.
 */

import { concatBytes, equalBytes } from "../base/bytes.ts";
import type { Epoch } from "../base/ids.ts";
import type { OsdMap } from "../map/osd-map.ts";
import { deltaRow, mapOfRows, rowsOf } from "../map/osd-map-delta.ts";
import type { Row } from "../map/section.ts";
import { decode, encode } from "../wire/codec.ts";
import { CodecError } from "../wire/codec-error.ts";
import { Reader } from "../wire/reader.ts";
import type { Acl } from "../zookeeper/acl.ts";
import type { ZooKeeperClient } from "../zookeeper/client.ts";
import { unless } from "../zookeeper/recipe/retry.ts";
import { createOp } from "../zookeeper/transaction.ts";
import { guardedWrite, type Mandate } from "./guarded-write.ts";
import { type CheckpointHead, checkpointHead, PIECE_SIZE_MAX } from "./map-nodes.ts";
import { checkpointPath, checkpointPiecePath } from "./paths.ts";
import { readMany } from "./read-many.ts";

/** Whether all of it is written; false once the mandate is over. */
export async function writeCheckpoint(
  mandate: Mandate,
  map: OsdMap,
  acl: readonly Acl[],
): Promise<boolean> {
  const { client } = mandate;
  const create = async (path: string, data: Uint8Array): Promise<boolean> => {
    const isThere = async (): Promise<boolean> => (await client.exists(path)) !== undefined;
    const ops = [createOp(path, data, { acl })];
    return (await guardedWrite(mandate, ops, isThere)).type === "done";
  };
  const path = checkpointPath(map.epoch);
  if (!(await create(path, new Uint8Array(0)))) return false;
  let [size, pieceCount] = [0, 0];
  // Piece by piece as it is encoded: a map of many megabytes holds nobody up for longer than one of them.
  for (const piece of piecesOf(map)) {
    if (!(await create(checkpointPiecePath(map.epoch, pieceCount), piece))) return false;
    size += piece.byteLength;
    pieceCount += 1;
  }
  const head = encode(checkpointHead, { digest: map.digest, size, pieceCount });
  const hasHead = async (): Promise<boolean> => equalBytes((await client.getData(path)).data, head);
  const ops = [{ type: "setData", path, data: head, version: 0 } as const];
  return (await guardedWrite(mandate, ops, hasHead)).type === "done";
}

function* piecesOf(map: OsdMap): Generator<Uint8Array> {
  let parts: Uint8Array[] = [];
  let size = 0;
  for (const row of rowsOf(map)) {
    let left = encode(deltaRow, row);
    while (size + left.byteLength >= PIECE_SIZE_MAX) {
      const fits = PIECE_SIZE_MAX - size;
      yield concatBytes(...parts, left.subarray(0, fits));
      left = left.subarray(fits);
      parts = [];
      size = 0;
    }
    parts.push(left);
    size += left.byteLength;
  }
  if (size > 0) yield concatBytes(...parts);
}

/** Undefined if it is not there, not whole, or being removed. Throws CodecError on what is damaged. */
export async function readCheckpoint(
  client: ZooKeeperClient,
  of: Epoch,
): Promise<OsdMap | undefined> {
  const read = await unless("NONODE", client.getData(checkpointPath(of)));
  if (read === undefined || read.data.byteLength === 0) return undefined;
  const head = decode(checkpointHead, read.data);
  const paths = Array.from({ length: head.pieceCount }, (_, index) =>
    checkpointPiecePath(of, index),
  );
  const pieces = await readMany(client, paths);
  if (pieces === undefined) return undefined;
  const map = mapOfRows(of, rowsIn(concatBytes(...pieces), head));
  if (map.digest === head.digest) return map;
  throw new CodecError("BAD_CHECKSUM", `the checkpoint of epoch ${of} is not what it was`, 0);
}

function rowsIn(content: Uint8Array, { size }: CheckpointHead): Row[] {
  const input = new Reader(content);
  if (content.byteLength !== size) throw input.fail("TRUNCATED", `${size} bytes were written`);
  const rows: Row[] = [];
  while (input.remaining > 0) {
    const { section, key, value } = deltaRow.decode(input);
    if (value === undefined) throw input.fail("OUT_OF_RANGE", "a checkpoint removes no rows");
    rows.push({ section, key, value });
  }
  return rows;
}
