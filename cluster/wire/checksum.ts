/**
 * xxh64 with seed 0, as the xxHash specification defines it: what guards frames, stored rows and
 * extents against damage. It is no defence against somebody who forges.
 */
import xxhash from "xxhash-wasm";

const { h64Raw, create64 } = await xxhash();

/**
 * The library copies its input into the memory of its WebAssembly module, which grows to the
 * largest input and never shrinks. In pieces of this size the copy stays in the processor's cache,
 * and that is also faster.
 */
const PIECE_SIZE = 128 * 1024;

export function xxh64(bytes: Uint8Array): bigint {
  return bytes.byteLength <= PIECE_SIZE ? h64Raw(bytes) : inPieces([bytes]);
}

/** The checksum of the chunks as if they were one. */
export function xxh64OfChunks(chunks: readonly Uint8Array[]): bigint {
  const [only] = chunks;
  return chunks.length === 1 && only !== undefined ? xxh64(only) : inPieces(chunks);
}

function inPieces(chunks: readonly Uint8Array[]): bigint {
  const state = create64();
  for (const chunk of chunks) {
    for (let from = 0; from < chunk.byteLength; from += PIECE_SIZE) {
      state.update(chunk.subarray(from, from + PIECE_SIZE));
    }
  }
  return state.digest();
}
