/**
 * A monitor of one without persistence: the server core in a real loop behind a real port, applying
 * what it forwards in the step in which it forwards it.
 */
import { randomBytes } from "node:crypto";
import { SILENT_LOG } from "../../../cluster/base/log.ts";
import { MemoryStore } from "../../../cluster/kv/memory-store.ts";
import type { Tick } from "../../../cluster/runtime/core.ts";
import { Loop } from "../../../cluster/runtime/loop.ts";
import { realClock } from "../../../cluster/runtime/real-clock.ts";
import { tcpNetwork } from "../../../cluster/runtime/tcp.ts";
import { ClientPort, type ClientPortOptions } from "../../../monitor/port/client-port.ts";
import type { Entry } from "../../../monitor/tree/batch.ts";
import { applyEntry } from "../../../monitor/tree/entry.ts";
import { applyBatch, createTree } from "../../../monitor/tree/tree.ts";
import { noteApplied } from "../../../monitor/zookeeper/applied.ts";
import { type ServerEvent, stepServer } from "../../../monitor/zookeeper/server-core.ts";
import type { ClientEffect, ServerEffect } from "../../../monitor/zookeeper/server-effects.ts";
import {
  createServer,
  type ServerLimits,
  type ServerState,
} from "../../../monitor/zookeeper/server-state.ts";
import type { WordFacts } from "../../../monitor/zookeeper/word-facts.ts";
import { parseZooCfg } from "../../../monitor/zookeeper/zoo-cfg.ts";

export interface SingleMonitorOptions {
  readonly limits?: Partial<ServerLimits>;
  readonly port?: Partial<ClientPortOptions>;
  readonly queueCapacity?: number;
  readonly address?: string;
}

export interface SingleMonitor {
  readonly address: string;
  readonly port: ClientPort;
  readonly server: ServerState;
  readonly logs: string[];
  close(): Promise<void>;
}

export async function startSingleMonitor(
  options: SingleMonitorOptions = {},
): Promise<SingleMonitor> {
  const clock = realClock;
  const tree = createTree();
  const server = createServer(
    {
      server: 1,
      tree,
      minSessionTimeoutMs: 4_000,
      maxSessionTimeoutMs: 40_000,
      wordsWhitelist: new Set(["*"]),
      limits: options.limits ?? {},
    },
    clock.nowMs(),
  );
  server.isServing = true;
  const logs: string[] = [];
  let index = 0;
  const apply = (entries: readonly Entry[], nowMs: number): readonly ServerEffect[] => {
    const batch = { epoch: 1, index: index++, wallMs: Math.floor(clock.wallMs()), entries: [] };
    applyBatch(tree, batch);
    for (const entry of entries) noteApplied(server, entry, applyEntry(tree, entry, batch), nowMs);
    return stepServer(server, { type: "applied" }, nowMs);
  };
  const step = (_: ServerState, event: ServerEvent | Tick, nowMs: number): ClientEffect[] => {
    const done: ClientEffect[] = [];
    const todo = [...stepServer(server, event, nowMs)];
    for (let effect = todo.shift(); effect !== undefined; effect = todo.shift()) {
      if (effect.type === "forward") todo.push(...apply(effect.entries, nowMs));
      else if (effect.type === "sync") {
        todo.push(...stepServer(server, { type: "syncDone", tag: effect.tag }, nowMs));
      } else if (effect.type === "log") logs.push(effect.message);
      else done.push(effect);
    }
    return done;
  };
  const loop = new Loop<ServerState, ServerEvent, ClientEffect>({
    state: server,
    step,
    perform: (effect) => port.perform(effect),
    store: new MemoryStore(),
    clock,
    fail: (error) => {
      throw error;
    },
    queueCapacity: options.queueCapacity ?? 10_000,
  });
  const port = new ClientPort({
    network: tcpNetwork,
    clock,
    log: { ...SILENT_LOG, warn: (message) => logs.push(message) },
    juteMaxBuffer: 0xfffff,
    connectionsPerAddressMax: 0,
    connectionsMax: 0,
    submit: (event) => loop.submit(event),
    room: () => loop.room(),
    facts: () => factsOf(port.rejectedCount),
    randomBytes,
    ...options.port,
  });
  loop.start();
  const address = await port.listen(options.address ?? "127.0.0.1:0");
  return {
    address,
    port,
    server,
    logs,
    async close() {
      await port.close();
      loop.stop();
    },
  };
}

export function factsOf(rejectedCount = 0): WordFacts {
  const cfg = parseZooCfg({
    path: "zoo.cfg",
    text: "dataDir=/data\ntickTime=2000\nclientPort=2181",
  });
  return {
    version: "3.8.0-kelp-0.1.0, built on 2026-11-25 10:00 UTC",
    mode: "standalone",
    wallMs: Math.floor(realClock.wallMs()),
    environment: [
      ["zookeeper.version", "3.8.0-kelp-0.1.0, built on 2026-11-25 10:00 UTC"],
      ["host.name", "localhost"],
    ],
    cfg,
    memberId: 0,
    client: { host: "0.0.0.0", port: 2181 },
    dataBytes: 10,
    logBytes: 20,
    openFileCount: 30,
    openFileCountMax: 40,
    rejectedCount,
  };
}
