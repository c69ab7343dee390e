/**
 * Shell: sends this member's rows to another (M6). One iterator is one moment of the store, so all parts are of the same
 * applied slot, however long it takes. A part is sent when the one before it is durable there.
 */
import type { ClusterErrorCode } from "../../cluster/base/error.ts";
import { isClusterError } from "../../cluster/base/error.ts";
import type { PeerName } from "../../cluster/base/ids.ts";
import type { Log } from "../../cluster/base/log.ts";
import type { KeyRange, KeyValue, KvStore } from "../../cluster/kv/store.ts";
import { MESSAGE_LIMITS } from "../../cluster/runtime/outgoing.ts";
import type { Transport } from "../../cluster/runtime/transport.ts";
import { encodeRows } from "../message/rows.ts";
import { splitRowKey } from "./rows.ts";

const PART_BYTES = 256 << 10;
const PART_ROWS_MAX = 4_096;
const KEY_BYTES_SHOWN = 100;
const PART_TIMEOUT_MS = 10_000;
/** With what else is in a part that was not yet full. */
const ROW_BYTES_MAX = MESSAGE_LIMITS.payloadSizeMax - 2 * PART_BYTES;

export interface RowsMessage {
  readonly type: "rows";
  readonly transfer: number;
  readonly index: number;
  readonly isLast: boolean;
}

/** True when all rows are durable there; false if it refused them, they do not fit, or the connection failed. */
export async function sendRows<Message>(options: {
  readonly store: KvStore;
  readonly range: KeyRange;
  readonly transport: Transport<Message>;
  readonly peer: PeerName;
  readonly transfer: number;
  readonly message: (part: RowsMessage) => Message;
  readonly isTaken: (answer: Message) => boolean;
  readonly log: Log;
}): Promise<boolean> {
  const { store, range, transport, peer, transfer } = options;
  let index = 0;
  let rows: KeyValue[] = [];
  let bytes = 0;

  const sendPart = async (isLast: boolean): Promise<boolean> => {
    const message = options.message({ type: "rows", transfer, index, isLast });
    const part = { message, payload: encodeRows(rows) };
    const answer = await transport.request(peer, part, { timeoutMs: PART_TIMEOUT_MS });
    index += 1;
    rows = [];
    bytes = 0;
    return options.isTaken(answer.message);
  };

  try {
    for await (const [key, value] of store.iterate(range)) {
      const size = key.byteLength + value.byteLength;
      if (size > ROW_BYTES_MAX) {
        const why = `a row of ${size} bytes cannot be sent to ${peer}, which needs all rows`;
        options.log.error(why, { key: key.subarray(0, KEY_BYTES_SHOWN) });
        return false;
      }
      rows.push([splitRowKey(key).key, value]);
      bytes += size;
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
