import { expect, test } from "vitest";
import { createPrng } from "../../../cluster/base/prng.ts";
import type { ByteStream, StreamHandler } from "../../../cluster/runtime/stream.ts";
import { SessionShell } from "../../../cluster/zookeeper/session-shell.ts";
import { createSessionState } from "../../../cluster/zookeeper/session-state.ts";
import { Scheduler } from "../../sim/scheduler.ts";
import { virtualClock } from "../../support/virtual-clock.ts";
import { ScriptedSession } from "./scripted-session.ts";

interface Rig {
  readonly scheduler: Scheduler;
  readonly shell: SessionShell;
  readonly writes: (readonly Uint8Array[])[];
  readonly told: string[];
  readonly handler: () => StreamHandler;
  readonly destroyed: () => number;
  connect: () => void;
}

function rig(): Rig {
  const scheduler = new Scheduler();
  const writes: (readonly Uint8Array[])[] = [];
  const told: string[] = [];
  let handler: StreamHandler | undefined;
  let destroyed = 0;
  /** As whoever awaits an answer does, through some functions of its own. */
  const follow = async (id: number): Promise<void> => {
    for (let hop = 0; hop < 20; hop++) await Promise.resolve();
    told.push(`followed ${id}`);
  };
  const opened: ((stream: ByteStream) => void)[] = [];
  const stream: ByteStream = {
    remoteAddress: "a:1",
    queuedBytes: 0,
    start: (started) => {
      handler = started;
    },
    write: (chunks) => writes.push(chunks),
    pause: () => {},
    resume: () => {},
    end: () => {},
    destroy: () => {
      destroyed += 1;
    },
  };
  const shell = new SessionShell({
    state: createSessionState({ servers: ["a:1"], prng: createPrng(1) }),
    clock: virtualClock(scheduler),
    network: {
      listen: () => Promise.reject(new Error("a client does not listen")),
      connect: () => new Promise((resolve) => opened.push(resolve)),
    },
    responseSizeMax: 1000,
    listener: {
      replied: (id) => {
        told.push(`replied ${id}`);
        follow(id).catch(() => {});
      },
      notified: (_watchers, { type }) => told.push(type),
      statusChanged: (status) => told.push(status),
    },
  });
  return {
    scheduler,
    shell,
    writes,
    told,
    handler: () => handler as StreamHandler,
    destroyed: () => destroyed,
    connect: () => opened.shift()?.(stream),
  };
}

const settle = (of: Rig): Promise<unknown> => of.scheduler.run(() => false, of.scheduler.nowMs + 1);

/** What a server would send: made by a session that is scripted to receive the same. */
function framed(packet: Uint8Array): Uint8Array {
  const size = Buffer.alloc(4);
  size.writeInt32BE(packet.byteLength);
  return Buffer.concat([size, packet]);
}

function packetOf(say: (script: ScriptedSession) => void): Uint8Array {
  const script = new ScriptedSession();
  let packet = new Uint8Array();
  script.packet = (made) => {
    packet = Uint8Array.from(made);
    return [];
  };
  say(script);
  return framed(packet);
}

const welcomePacket = (): Uint8Array => packetOf((script) => script.welcome());

test("news behind an answer waits for those who awaited the answer, and answers behind news for it", async () => {
  const on = rig();
  await settle(on);
  on.connect();
  await settle(on);
  on.handler().data(welcomePacket());
  await settle(on);
  const about = { operation: "exists", body: { path: "/a", watch: true }, path: "/a" } as const;
  on.shell.submit({ type: "requested", id: 1, ...about, watcher: {} });
  on.shell.submit({ type: "requested", id: 2, ...about });
  await settle(on);
  const first = packetOf((script) => script.reply("exists", 1, { err: -101 }));
  const event = packetOf((script) => script.event("nodeCreated", "/a"));
  const second = packetOf((script) => script.reply("exists", 2, { err: -101 }));
  on.handler().data(Buffer.concat([first, event, second]));
  await settle(on);
  expect(on.told).toEqual([
    "connected",
    "replied 1",
    "followed 1",
    "nodeCreated",
    "replied 2",
    "followed 2",
  ]);
});

test("what is asked in one turn leaves in one write", async () => {
  const on = rig();
  await settle(on);
  on.connect();
  await settle(on);
  expect(on.writes).toHaveLength(1);
  on.handler().data(welcomePacket());
  await settle(on);
  expect(on.told).toEqual(["connected"]);
  for (const id of [1, 2, 3]) {
    const body = { path: "/a", version: 0 };
    on.shell.submit({ type: "requested", id, operation: "delete", body, path: "/a" });
  }
  await settle(on);
  expect(on.writes).toHaveLength(2);
  expect(on.writes[1]).toHaveLength(3);
});

test("a connection that comes when nobody waits for it any more is ended", async () => {
  const on = rig();
  await settle(on);
  on.shell.submit({ type: "closeRequested" });
  await settle(on);
  on.connect();
  await settle(on);
  expect(on.destroyed()).toBe(1);
  expect(on.writes).toEqual([]);
  expect(on.told).toEqual(["closed"]);
});

test("bytes that are no packet end the connection", async () => {
  const on = rig();
  await settle(on);
  on.connect();
  await settle(on);
  on.handler().data(Uint8Array.of(0x7f, 0xff, 0xff, 0xff));
  await settle(on);
  expect(on.destroyed()).toBe(1);
});
