/** What a message may weigh, checked by its sender: the receiver would have to end the whole connection. */
import { assert } from "../base/assert.ts";
import type { FrameLimits } from "../wire/frame.ts";
import type { Registry } from "../wire/registry.ts";
import { Writer } from "../wire/writer.ts";
import type { Outgoing } from "./transport.ts";

export const MESSAGE_LIMITS: FrameLimits = {
  controlSizeMax: 4 << 20,
  payloadSizeMax: 16 << 20,
};
/** What a message costs beside its bytes, so that a flood of empty ones is held back too. */
export const MESSAGE_OVERHEAD = 1024;

export function payloadSize<Message>({ payload }: Outgoing<Message>): number {
  if (payload === undefined) return 0;
  if (payload instanceof Uint8Array) return payload.byteLength;
  return payload.reduce((bytes, chunk) => bytes + chunk.byteLength, 0);
}

/** A caller that makes larger messages has a bug: it would repeat them for ever. */
export function assertWithinLimits(controlSize: number, payload: number): void {
  const { controlSizeMax, payloadSizeMax } = MESSAGE_LIMITS;
  assert(controlSize <= controlSizeMax, `a message of ${controlSize} bytes; ${controlSizeMax} fit`);
  assert(payload <= payloadSizeMax, `a payload of ${payload} bytes; ${payloadSizeMax} fit`);
}

/** What the message will take while it waits. It is encoded for that, and once more when it leaves. */
export function messageSize<Message>(
  registry: Registry<Message>,
  outgoing: Outgoing<Message>,
): number {
  const out = new Writer();
  registry.encode(out, outgoing.message);
  const payload = payloadSize(outgoing);
  assertWithinLimits(out.length, payload);
  return out.length + payload + MESSAGE_OVERHEAD;
}
