/**
 * What the process that is killed writes and the test that killed it looks for: lanes of numbered
 * batches.
 */
import { utf8 } from "../../../cluster/base/bytes.ts";
import type { Write } from "../../../cluster/kv/store.ts";

export const LANES = 4;
export const BATCH_WRITES = 3;

export function keyOf(lane: number, number: number, write: number): Uint8Array {
  return utf8(`${lane}/${String(number).padStart(8, "0")}/${write}`);
}

export function bytesOf(lane: number, number: number, write: number): Uint8Array {
  return new Uint8Array(1000 + ((number * 37) % 3000)).fill(lane + number + write);
}

export function writesOf(lane: number, number: number): Write[] {
  return Array.from({ length: BATCH_WRITES }, (_, write) => ({
    type: "put",
    key: keyOf(lane, number, write),
    value: bytesOf(lane, number, write),
  }));
}
