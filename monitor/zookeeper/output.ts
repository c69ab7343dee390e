/**
 * Replies and events of one step, gathered per client: each client gets them as one write at the
 * end of the step, and most as one chunk. Replies are written behind one another into a buffer that
 * a client borrows for the step; events for many clients are encoded once and shared.
 */
import { encode, record } from "../../cluster/wire/codec.ts";
import { Writer } from "../../cluster/wire/writer.ts";
import { replyHeader, XIDS } from "../../cluster/zookeeper/header-records.ts";
import { int } from "../../cluster/zookeeper/jute.ts";
import { EVENT_TYPES, KEEPER_STATES, watcherEvent } from "../../cluster/zookeeper/watch-records.ts";
import { closeClient } from "./closing.ts";
import type { Client, Output, ServerState } from "./server-state.ts";
import type { TriggerType } from "./watch-table.ts";

const HEADER_SIZE = 16;
const SIZE_SIZE = 4;
/** Larger bodies leave as they are instead of being copied. */
const COPIED_SIZE_MAX = 16 << 10;
const WRITER_SLAB_SIZE = 64 << 10;
const WRITERS_KEPT_MAX = 64;

const eventPacket = record({ size: int, header: replyHeader, event: watcherEvent });

export interface Reply {
  readonly xid: number;
  readonly zxid: number;
  readonly error: number;
  readonly response: Uint8Array | undefined;
}

export function writeReply(state: ServerState, client: Client, reply: Reply): void {
  const { response } = reply;
  const bodySize = response === undefined ? 0 : response.byteLength;
  const output = outputOf(state, client);
  const writer = writerOf(state, output);
  writer.i32be(HEADER_SIZE + bodySize);
  writer.i32be(reply.xid);
  writer.i32be(Math.floor(reply.zxid / 2 ** 32));
  writer.i32be(reply.zxid | 0);
  writer.i32be(reply.error);
  output.bytes += SIZE_SIZE + HEADER_SIZE + bodySize;
  client.counts.sent += 1;
  state.counts.sent += 1;
  if (response !== undefined && bodySize > 0) {
    if (bodySize <= COPIED_SIZE_MAX) writer.raw(response);
    else writeChunk(output, response);
  }
  // Not only at the end of the step: one step can answer a thousand large reads.
  if (client.unsentBytes + output.bytes > state.limits.outputBytesMax) giveUp(state, client);
}

/** The packet that tells of a change; the same for everybody who is told. */
export function encodeEvent(type: TriggerType, path: string): Uint8Array {
  const event = { type: EVENT_TYPES[type], state: KEEPER_STATES.SyncConnected, path };
  const header = { xid: XIDS.notification, zxid: -1, err: 0 };
  const packet = encode(eventPacket, { size: 0, header, event });
  new DataView(packet.buffer, packet.byteOffset).setInt32(0, packet.byteLength - SIZE_SIZE, false);
  return packet;
}

export function writeEvent(state: ServerState, client: Client, packet: Uint8Array): void {
  const output = outputOf(state, client);
  writeChunk(output, packet);
  output.bytes += packet.byteLength;
  client.counts.sent += 1;
  state.counts.sent += 1;
  state.counts.events += 1;
  state.counts.eventBytes += packet.byteLength;
}

/** A packet that is no reply to a request: a connect response, or the answer to a word. */
export function writePlain(state: ServerState, client: Client, bytes: Uint8Array): void {
  const output = outputOf(state, client);
  writeChunk(output, bytes);
  output.bytes += bytes.byteLength;
  client.counts.sent += 1;
  state.counts.sent += 1;
}

/** True if nothing more is to be answered before the client has taken some of it. */
export function isOutputFull({ limits }: ServerState, client: Client): boolean {
  return client.unsentBytes + (client.output?.bytes ?? 0) >= limits.outputBytesPaused;
}

/** At the end of a step: hands over what was gathered, and gives up clients that take nothing. */
export function flushOutputs(state: ServerState): void {
  const { dirty } = state;
  if (dirty.length === 0) return;
  state.dirty = [];
  for (const client of dirty) {
    const { output } = client;
    client.output = undefined;
    if (output === undefined) continue;
    takeWriter(state, output);
    if (!state.clients.has(client.id)) continue;
    setUnsent(state, client, client.unsentBytes + output.bytes);
    if (isTooSlow(state, client)) {
      giveUp(state, client);
      continue;
    }
    state.effects.push({ type: "write", client: client.id, chunks: output.chunks });
  }
}

/** So many bytes are on their way to the client. */
export function setUnsent(state: ServerState, client: Client, bytes: number): void {
  state.unsentBytes += bytes - client.unsentBytes;
  client.unsentBytes = bytes;
}

function isTooSlow({ limits, unsentBytes }: ServerState, client: Client): boolean {
  if (client.unsentBytes > limits.outputBytesMax) return true;
  return unsentBytes > limits.outputBytesTotal && client.unsentBytes > limits.outputBytesPaused;
}

function giveUp(state: ServerState, client: Client): void {
  state.counts.slowClosed += 1;
  const why = "it does not read what it is sent";
  closeClient(state, client, { how: "destroy", why, level: "warn" });
}

function outputOf(state: ServerState, client: Client): Output {
  if (client.output !== undefined) return client.output;
  const output: Output = { chunks: [], bytes: 0, writer: undefined };
  client.output = output;
  state.dirty.push(client);
  return output;
}

function writerOf(state: ServerState, output: Output): Writer {
  output.writer ??= state.writers.pop() ?? new Writer(WRITER_SLAB_SIZE);
  return output.writer;
}

function writeChunk(output: Output, bytes: Uint8Array): void {
  if (output.writer !== undefined && output.writer.length > 0) {
    output.chunks.push(output.writer.finish());
  }
  output.chunks.push(bytes);
}

function takeWriter(state: ServerState, output: Output): void {
  const { writer } = output;
  if (writer === undefined) return;
  if (writer.length > 0) output.chunks.push(writer.finish());
  output.writer = undefined;
  if (state.writers.length < WRITERS_KEPT_MAX) state.writers.push(writer);
}
