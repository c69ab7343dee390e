/**
 * Shell: sends this member's rows to another (M6). One iterator is one moment of the store, so all parts are of the same
 * applied slot, however long it takes. A part is sent when the one before it is durable there.
 */
import type { ClusterErrorCode } from "../../cluster/base/error.ts";
import { isClusterError } from "../../cluster/base/error.ts";
import type { PeerName } from "../../cluster/base/ids.ts";
import type { KeyRange, KeyValue, KvStore } from "../../cluster/kv/store.ts";
import type { Transport } from "../../cluster/runtime/transport.ts";
import { splitRowKey } from "./rows.ts";

const PART_BYTES = 256 << 10;
const PART_ROWS_MAX = 4_096;
const PART_TIMEOUT_MS = 10_000;

export interface RowsMessage {
  readonly type: "rows";
  readonly transfer: number;
  readonly index: number;
  readonly rows: readonly KeyValue[];
  readonly isLast: boolean;
}

/** True when all rows are durable there; false if it refused them, or the connection failed. */
export async function sendRows<Message>(options: {
  readonly store: KvStore;
  readonly range: KeyRange;
  readonly transport: Transport<Message>;
  readonly peer: PeerName;
  readonly transfer: number;
  readonly message: (rows: RowsMessage) => Message;
  readonly isTaken: (answer: Message) => boolean;
}): Promise<boolean> {
  const { store, range, transport, peer, transfer } = options;
  let index = 0;
  let rows: KeyValue[] = [];
  let bytes = 0;

  const sendPart = async (isLast: boolean): Promise<boolean> => {
    const message = options.message({ type: "rows", transfer, index, rows, isLast });
    const answer = await transport.request(peer, { message }, { timeoutMs: PART_TIMEOUT_MS });
    index += 1;
    rows = [];
    bytes = 0;
    return options.isTaken(answer.message);
  };

  try {
    for await (const [key, value] of store.iterate(range)) {
      rows.push([splitRowKey(key).key, value]);
      bytes += key.byteLength + value.byteLength;
      const isFull = bytes >= PART_BYTES || rows.length >= PART_ROWS_MAX;
      if (isFull && !(await sendPart(false))) return false;
    }
    return await sendPart(true);
  } catch (error) {
    if (isClusterError(error) && PEER_FAILURES.has(error.code)) return false;
    throw error;
  }
}

/** Of the peer or the way to it: it will ask again. A failure of our own store is another matter. */
const PEER_FAILURES: ReadonlySet<ClusterErrorCode> = new Set([
  "CONNECTION_LOST",
  "UNREACHABLE",
  "TIMEOUT",
  "OVERLOADED",
  "REMOTE_FAILED",
  "INTERRUPTED",
  "CANCELLED",
]);
