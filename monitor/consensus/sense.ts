/**
 * Whether what another member says can be meant. Members do not lie, so this is no defence: it keeps a bug or a bad memory
 * over there from ending the process here, from being written down here, and from never being seen. What makes no sense
 * is dropped, as if it had got lost, and said.
 *
 * Only what a message says by itself, or against what this member knows for certain, is looked at. What contradicts the
 * safety of the protocol (two leaders of a round, two values chosen in a slot) stays an assertion: nothing may go on then.
 */
import {
  type ConsensusMessage,
  type ConsensusState,
  type LogEffect,
  type NodeId,
  ROUND_MAX,
} from "./state.ts";

type MessageOf<Type extends ConsensusMessage["type"]> = ConsensusMessage & { readonly type: Type };

/** Slots are counted on, and have to stay exact numbers. */
const SLOT_MAX = 2 ** 52;
/** A rejoining member wants the log to reach what others have accepted; that is never so far ahead of what we have. */
const WANTED_AHEAD_MAX = 4_096;
/** A member that makes no sense may go on with it at any rate. */
const COMPLAINT_MS = 1_000;

/** Undefined if it may be meant. */
export function nonsenseIn(
  state: ConsensusState,
  { message, payload }: { readonly message: ConsensusMessage; readonly payload: Uint8Array },
  nowMs: number,
): string | undefined {
  const general = numbersOutOfRange(message);
  if (general !== undefined) return general;
  switch (message.type) {
    case "hello":
      return nonsenseInHello(message);
    case "promised":
      return nonsenseInEntries(message.accepted, payload);
    case "chosen":
      return nonsenseInEntries(message.entries, payload);
    case "accept":
      if (message.prev > SLOT_MAX) return `a value in slot ${message.prev}`;
      return nonsenseInSizes(message.sizes, payload);
    case "accepted":
      return nonsenseInAccepted(state, message);
    case "heartbeat":
      return nonsenseInHeartbeat(state, message, nowMs);
    case "heartbeatAck":
      return Number.isFinite(message.sentMs) ? undefined : `sent at ${message.sentMs} ms`;
    case "fetch":
      return nonsenseInFetch(state, message);
    default:
      return undefined;
  }
}

/** Says who sent nonsense, and which: now and then, however much comes. */
export function complain(
  state: ConsensusState,
  { node, what }: { readonly node: NodeId; readonly what: string },
  nowMs: number,
  out: { push(effect: LogEffect): unknown },
): void {
  if (nowMs < state.complaintDueMs) return;
  state.complaintDueMs = nowMs + COMPLAINT_MS;
  const message = `mon.${node} sent what makes no sense, and it is dropped: ${what}`;
  out.push({ type: "log", level: "error", message, fields: {} });
}

function numbersOutOfRange(message: ConsensusMessage): string | undefined {
  if ("round" in message && message.round > ROUND_MAX) return `round ${message.round}`;
  const promised = promisedRound(message);
  if (promised > ROUND_MAX) return `a promise of round ${promised}`;
  if ("commit" in message && message.commit > SLOT_MAX) return `slot ${message.commit} is chosen`;
  return undefined;
}

function promisedRound(message: ConsensusMessage): number {
  if (message.type === "hello") return message.promise.round;
  return "promised" in message ? message.promised : 0;
}

function nonsenseInHello({ standing, ensemble, last }: MessageOf<"hello">): string | undefined {
  if (last > SLOT_MAX) return `its log ends at slot ${last}`;
  if ((standing === "empty") === (ensemble === undefined)) return undefined;
  return `${standing} in ${ensemble === undefined ? "no ensemble" : `ensemble ${ensemble}`}`;
}

function nonsenseInEntries(
  entries: readonly { readonly round: number; readonly size: number }[],
  payload: Uint8Array,
): string | undefined {
  const late = entries.find(({ round }) => round > ROUND_MAX);
  if (late !== undefined) return `a value of round ${late.round}`;
  return nonsenseInSizes(
    entries.map(({ size }) => size),
    payload,
  );
}

function nonsenseInSizes(sizes: readonly number[], payload: Uint8Array): string | undefined {
  const sum = sizes.reduce((bytes, size) => bytes + size, 0);
  if (sum === payload.byteLength) return undefined;
  return `values of ${sum} bytes in ${payload.byteLength}`;
}

/** Nobody holds what was never proposed. */
function nonsenseInAccepted(
  { role, log }: ConsensusState,
  { round, to }: MessageOf<"accepted">,
): string | undefined {
  if (role.type !== "leader" || round !== role.round || to <= log.last) return undefined;
  return `it holds slot ${to}, while the last one is ${log.last}`;
}

/** An echo is of our own clock, and what was before now. */
function nonsenseInHeartbeat(
  { life }: ConsensusState,
  heartbeat: MessageOf<"heartbeat">,
  nowMs: number,
): string | undefined {
  const { backedMs, echoMs } = heartbeat;
  if (heartbeat.life !== life || (echoMs <= nowMs && backedMs >= 0)) return undefined;
  return `it was backed ${backedMs} ms before ${echoMs}, and now is ${nowMs}`;
}

function nonsenseInFetch(
  { log }: ConsensusState,
  { from, want }: MessageOf<"fetch">,
): string | undefined {
  if (from < 1) return "it wants slot 0, which there is not";
  if (want <= log.last + WANTED_AHEAD_MAX) return undefined;
  return `it wants slot ${want}, while the last one is ${log.last}`;
}
