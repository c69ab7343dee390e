/** A session core with a server that says what a test wants it to say, and effects as short lines. */
import { createPrng } from "../../../cluster/base/prng.ts";
import type { Tick } from "../../../cluster/runtime/core.ts";
import { type Codec, encode } from "../../../cluster/wire/codec.ts";
import { Reader } from "../../../cluster/wire/reader.ts";
import { replyHeader, requestHeader, XIDS } from "../../../cluster/zookeeper/header-records.ts";
import { opName } from "../../../cluster/zookeeper/op-codes.ts";
import { OPERATIONS, type OperationName } from "../../../cluster/zookeeper/operations.ts";
import { PacketDecoder } from "../../../cluster/zookeeper/packet-decoder.ts";
import { stepSession } from "../../../cluster/zookeeper/session-core.ts";
import { connectRequest, connectResponse } from "../../../cluster/zookeeper/session-records.ts";
import {
  createSessionState,
  type SessionConfig,
  type SessionEffect,
  type SessionEvent,
  type SessionState,
} from "../../../cluster/zookeeper/session-state.ts";
import {
  EVENT_TYPES,
  type EventType,
  KEEPER_STATES,
  watcherEvent,
} from "../../../cluster/zookeeper/watch-records.ts";

export const SESSION = 0x0100_0000_0000_0007n;

export class ScriptedSession {
  readonly state: SessionState;
  nowMs = 0;

  constructor(
    config: Partial<SessionConfig> & { servers?: readonly string[]; seed?: number } = {},
  ) {
    const { servers = ["a:1"], seed = 1, ...rest } = config;
    this.state = createSessionState({ ...rest, servers, prng: createPrng(seed) });
  }

  step(event: SessionEvent | Tick): string[] {
    return this.effects(event).map(lineOf);
  }

  effects(event: SessionEvent | Tick): SessionEffect[] {
    return stepSession(this.state, event, this.nowMs);
  }

  tickAt(nowMs: number, lateMs = 0): string[] {
    this.nowMs = nowMs;
    return this.step({ type: "tick", lateMs });
  }

  /** From nothing to a session, as long as nothing else has happened. */
  connect(timeOut = 9000): string[] {
    return [
      ...this.tickAt(this.nowMs),
      ...this.step({ type: "connected", attempt: this.state.attempt }),
      ...this.welcome(timeOut),
    ];
  }

  welcome(timeOut = 9000, sessionId = SESSION): string[] {
    const passwd = new Uint8Array(16).fill(7);
    const body = { protocolVersion: 0, timeOut, sessionId, passwd, readOnly: false };
    return this.packet(encode(connectResponse, body));
  }

  packet(packet: Uint8Array): string[] {
    return this.step({ type: "packetReceived", attempt: this.state.attempt, packet });
  }

  reply(
    operation: OperationName,
    xid: number,
    options: { zxid?: number; err?: number; body?: unknown } = {},
  ): string[] {
    return this.packet(replyPacket(operation, xid, options));
  }

  event(type: EventType, path: string): string[] {
    const header = encode(replyHeader, { xid: XIDS.notification, zxid: -1, err: 0 });
    const state = KEEPER_STATES.SyncConnected;
    return this.packet(
      Buffer.concat([header, encode(watcherEvent, { type: EVENT_TYPES[type], state, path })]),
    );
  }

  request(id: number, operation: OperationName, path: string, more: object = {}): string[] {
    const body = { path, watch: false, version: -1, data: undefined, ...more };
    return this.step({ type: "requested", id, operation, body, path, ...more });
  }

  lose(): string[] {
    return this.step({ type: "disconnected", attempt: this.state.attempt, reason: "gone" });
  }
}

export function replyPacket(
  operation: OperationName,
  xid: number,
  { zxid = 1, err = 0, body = {} }: { zxid?: number; err?: number; body?: unknown } = {},
): Uint8Array {
  const header = encode(replyHeader, { xid, zxid, err });
  if (err !== 0) return header;
  return Buffer.concat([header, encode(OPERATIONS[operation].response as Codec<unknown>, body)]);
}

function lineOf(effect: SessionEffect): string {
  switch (effect.type) {
    case "connect":
      return `connect ${effect.server}`;
    case "disconnect":
      return "disconnect";
    case "send":
      return `send ${packetLine(effect.packet)}`;
    case "reply":
      return `reply ${effect.id} ${outcomeLine(effect.outcome)}`;
    case "notify":
      return `notify ${effect.watchers.length} ${effect.event.type} ${effect.event.path}`;
    case "statusChanged":
      return effect.status;
    default:
      return "unknown";
  }
}

function outcomeLine(outcome: Extract<SessionEffect, { type: "reply" }>["outcome"]): string {
  switch (outcome.type) {
    case "answered":
      return "answered";
    case "refused":
      return `refused ${outcome.code}`;
    default:
      return outcome.why;
  }
}

/** A packet with its size in front, as it is sent. */
export function packetLine(sent: Uint8Array): string {
  const decoder = new PacketDecoder();
  decoder.push(sent);
  const input = new Reader(decoder.next() ?? new Uint8Array());
  const { xid, type } = requestHeader.decode(input);
  const name = opName(type);
  // A ConnectRequest has no header: its version and the high half of a zxid stand there.
  if (xid === 0) return helloLine(sent);
  const body = OPERATIONS[name as OperationName].request.decode(input) as object;
  if (name === "setWatches" || name === "setWatches2") {
    const lists = Object.entries(body).map(([, list]) => String(list));
    return `${xid} ${name} ${lists.join(";")}`;
  }
  return "path" in body ? `${xid} ${name} ${body.path}` : `${xid} ${name}`;
}

function helloLine(sent: Uint8Array): string {
  const { sessionId, lastZxidSeen, timeOut } = connectRequest.decode(new Reader(sent.subarray(4)));
  return `hello ${sessionId.toString(16)} ${lastZxidSeen} ${timeOut}`;
}
