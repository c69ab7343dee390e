import { once } from "node:events";
import type { Writable } from "node:stream";

/** Few large writes are much cheaper than one for each line. */
const CHUNK_SIZE = 64 * 1024;

/**
 * Writes at the reader's pace, however much there is. A reader that stops reading ends it early.
 */
export async function writeOut(output: Writable, pieces: Iterable<string>): Promise<void> {
  let chunk = "";
  for (const piece of pieces) {
    chunk += piece;
    if (chunk.length < CHUNK_SIZE) continue;
    if (!(await accepts(output, chunk))) return;
    chunk = "";
  }
  await accepts(output, chunk);
}

/** The same for pieces that take time to come: they are not held back while the next is awaited. */
export async function writeOutSlowly(
  output: Writable,
  pieces: AsyncIterable<string>,
): Promise<void> {
  for await (const piece of pieces) {
    if (!(await accepts(output, piece))) return;
  }
}

async function accepts(output: Writable, chunk: string): Promise<boolean> {
  if (output.destroyed || output.errored) return false;
  if (output.write(chunk)) return true;
  try {
    await once(output, "drain");
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EPIPE") return false;
    throw error;
  }
}
