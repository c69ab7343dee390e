/** Shell: whether a daemon is there, as its peers and the controller look (C4). */
import type { Clock } from "../base/clock.ts";
import { isClusterError } from "../base/error.ts";
import type { Epoch, PeerName } from "../base/ids.ts";
import type { ControllerMessage } from "../message/controller.ts";
import { isRefusal, type StreamNetwork } from "../runtime/stream.ts";
import type { Transport } from "../runtime/transport.ts";

/** `refused`: nobody listens there, or another process does: the one that was asked for is gone. */
export type ProbeOutcome = "answered" | "refused" | "silent";

export const PROBE_MS = 2_000;

export interface ProbeOptions {
  readonly peer: PeerName;
  readonly address: string;
  /** Of the process that is asked for. */
  readonly nonce: number;
  /** Of the asker's map. */
  readonly epoch: Epoch;
  /** What comes next of the map, by whoever answers; it may be none. */
  readonly onRecords?: (records: readonly Uint8Array[]) => void;
  readonly network: StreamNetwork;
  readonly clock: Clock;
  readonly transport: Transport<ControllerMessage>;
}

/**
 * The process is asked; that its kernel takes a connection means little, it does so for one that stands still. Only where
 * no answer comes is it looked whether a connection is refused, which is known at once and certain.
 */
export async function probe({
  peer,
  address,
  nonce,
  epoch,
  onRecords,
  network,
  clock,
  transport,
}: ProbeOptions): Promise<ProbeOutcome> {
  transport.route(peer, address);
  try {
    const outgoing = { message: { type: "probe", epoch } } as const;
    const { message } = await transport.request(peer, outgoing, { timeoutMs: PROBE_MS });
    if (message.type !== "probed") return "silent";
    onRecords?.(message.records);
    return message.nonce === nonce ? "answered" : "refused";
  } catch (error) {
    if (!isClusterError(error)) throw error;
  }
  const abort = new AbortController();
  const timer = clock.after(PROBE_MS, () => abort.abort());
  try {
    const stream = await network.connect(address, abort.signal);
    stream.destroy();
    return "silent";
  } catch (error) {
    if (!isClusterError(error)) throw error;
    return isRefusal(error) ? "refused" : "silent";
  } finally {
    timer.cancel();
  }
}
