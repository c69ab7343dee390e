/**
 * Reads that can look at many nodes and answer with few bytes. All others are bounded by what they
 * answer, as a client that does not take its answers gets no more of them; of these a single packet
 * of 64 KiB could hold up all clients, and the member's word to the others, for minutes. So what they
 * visit is counted, and beyond so much the rest waits for the next tick.
 *
 * A read that waits must not see writes that its client sent after it: those are held back, as they
 * are behind a sync.
 */
import { OPCODES } from "../../cluster/zookeeper/op-codes.ts";

export function isHeavy(op: number): boolean {
  return (
    op === OPCODES.getEphemerals || op === OPCODES.getAllChildrenNumber || op === OPCODES.multiRead
  );
}

interface Visits {
  readonly limits: { readonly visitsPerTick: number };
  readonly visits: number;
}

/** Whether such a read has to wait for the next tick. */
export function mustWait({ limits, visits }: Visits, op: number): boolean {
  return visits >= limits.visitsPerTick && isHeavy(op);
}
