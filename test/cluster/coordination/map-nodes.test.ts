import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { equalBytes } from "../../../cluster/base/bytes.ts";
import { epoch } from "../../../cluster/base/ids.ts";
import { createPrng, randomBytes } from "../../../cluster/base/prng.ts";
import {
  CHUNK_COUNT_MAX,
  checkpointHead,
  decodeBody,
  EMBEDDED_SIZE_MAX,
  encodeRecord,
  encodeUndo,
  epochNode,
  epochOfChunk,
  joinChunks,
  PIECE_SIZE_MAX,
  prepareBody,
  splitBytes,
} from "../../../cluster/coordination/map-nodes.ts";
import { EMPTY_MAP } from "../../../cluster/map/osd-map-delta.ts";
import { decode, encode } from "../../../cluster/wire/codec.ts";
import { CodecError } from "../../../cluster/wire/codec-error.ts";
import { multiRequest } from "../../../cluster/zookeeper/multi-records.ts";
import { createOp } from "../../../cluster/zookeeper/transaction.ts";
import { ACL, changed } from "./map-world.ts";

/** ZooKeeper's jute.maxbuffer. */
const REQUEST_SIZE_MAX = 0xfffff;
const NAMED = { of: epoch(7), token: "abc" };
const content = (size: number): Uint8Array => randomBytes(createPrng(size), size);

describe("a body", () => {
  const sizes = [0, 1, 1000, PIECE_SIZE_MAX - 6, PIECE_SIZE_MAX, PIECE_SIZE_MAX + 1, 1_000_000];

  test.each(sizes)("of %i bytes comes back, from a node and perhaps chunks", (size) => {
    const body = content(size);
    const { node, chunks } = prepareBody(body, NAMED);
    expect(node.byteLength).toBeLessThanOrEqual(PIECE_SIZE_MAX);
    for (const { data } of chunks) expect(data.byteLength).toBeLessThanOrEqual(PIECE_SIZE_MAX);
    const stored = decodeBody(node);
    if (stored.type === "whole") {
      expect(chunks).toEqual([]);
      expect(equalBytes(stored.body, body)).toBe(true);
      return;
    }
    expect(size).toBeGreaterThan(PIECE_SIZE_MAX - 100);
    expect(stored.names).toEqual(chunks.map(({ name }) => name));
    const joined = joinChunks(
      stored,
      chunks.map(({ data }) => data),
    );
    expect(equalBytes(joined, body)).toBe(true);
  });

  test("whose chunks are others is refused", () => {
    const { node, chunks } = prepareBody(content(600_000), NAMED);
    const stored = decodeBody(node);
    const pieces = chunks.map(({ data }) => data);
    if (stored.type !== "chunks") throw new Error("it is large");
    expect(() => joinChunks(stored, pieces.slice(1))).toThrow(CodecError);
    expect(() => joinChunks(stored, pieces.toReversed())).toThrow(CodecError);
  });

  test("has chunks of its epoch and attempt", () => {
    const names = prepareBody(content(600_000), NAMED).chunks.map(({ name }) => name);
    expect(names).toEqual(["7-abc-0", "7-abc-1", "7-abc-2"]);
    expect(names.map(epochOfChunk)).toEqual([7, 7, 7]);
    expect(["", "x-1-0", "-7"].map(epochOfChunk)).toEqual([undefined, undefined, undefined]);
  });

  test("is cut into pieces that are all of it", () => {
    fc.assert(
      fc.property(fc.nat({ max: 3 * PIECE_SIZE_MAX }), (size) => {
        const pieces = splitBytes(content(size));
        expect(equalBytes(Buffer.concat(pieces), content(size))).toBe(true);
        for (const piece of pieces.slice(0, -1)) expect(piece.byteLength).toBe(PIECE_SIZE_MAX);
        expect(pieces.at(-1)?.byteLength).not.toBe(0);
      }),
      { numRuns: 20 },
    );
  });
});

test("the largest publish and the largest piece are requests that any server takes", () => {
  const largest = new Uint8Array(PIECE_SIZE_MAX);
  const names = Array.from(
    { length: CHUNK_COUNT_MAX },
    (_, index) => `${2 ** 52}-${"f".repeat(17)}-${index}`,
  );
  expect(JSON.stringify(names).length).toBeLessThan(PIECE_SIZE_MAX);
  const newest = encode(epochNode, {
    epoch: epoch(2 ** 52),
    digest: 2n ** 64n - 1n,
    checkpoint: epoch(2 ** 52),
    increment: new Uint8Array(EMBEDDED_SIZE_MAX),
  });
  const publish = encode(multiRequest, [
    { type: "check", path: `/kelp/controller/n-${"f".repeat(64)}-0000000000`, version: -1 },
    { type: "setData", path: "/kelp/map/epoch", data: newest, version: 1 },
    createOp("/kelp/map/inc/1", largest, { acl: ACL }),
    createOp("/kelp/map/undo/1", largest, { acl: ACL }),
  ]);
  expect(publish.byteLength).toBeLessThan(REQUEST_SIZE_MAX);
});

test("records, inverses, the epoch node and a checkpoint's head come back", () => {
  const { map, record, undo } = changed(EMPTY_MAP);
  const node = {
    epoch: map.epoch,
    digest: map.digest,
    checkpoint: epoch(0),
    increment: encodeRecord(record),
  };
  expect(decode(epochNode, encode(epochNode, node))).toEqual(node);
  expect(encodeUndo(undo).byteLength).toBeGreaterThan(0);
  const head = { digest: 5n, size: 9, pieceCount: 2 };
  expect(decode(checkpointHead, encode(checkpointHead, head))).toEqual(head);
});

test("bytes at random are refused, and nothing else happens", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
      for (const read of [
        () => decodeBody(bytes),
        () => decode(epochNode, bytes),
        () => decode(checkpointHead, bytes),
      ]) {
        try {
          read();
        } catch (error) {
          expect(error).toBeInstanceOf(CodecError);
        }
      }
    }),
  );
});
