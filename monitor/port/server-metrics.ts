/** What a monitor's server tells Prometheus. Its core only counts; this reads the counts. */
import { counter, gauge, type Metrics } from "../../cluster/runtime/metrics.ts";
import type { ServerState } from "../zookeeper/server-state.ts";

const SERVER_METRICS = {
  connections: gauge({
    name: "monitor_connections",
    help: "Connections of ZooKeeper clients to this monitor",
  }),
  outstanding: gauge({
    name: "monitor_requests_outstanding",
    help: "Requests of clients that have not been answered",
  }),
  watches: gauge({
    name: "monitor_watches",
    help: "Watches that clients of this monitor have set",
  }),
  znodes: gauge({ name: "monitor_znodes", help: "Nodes of the tree" }),
  ephemerals: gauge({ name: "monitor_ephemerals", help: "Ephemeral nodes of the tree" }),
  dataBytes: gauge({ name: "monitor_data_bytes", help: "Paths and data of the tree" }),
  sessions: gauge({ name: "monitor_sessions", help: "Sessions of the whole ensemble" }),
  isServing: gauge({
    name: "monitor_serving",
    help: "1 while this monitor serves clients, else 0",
  }),
  received: counter({ name: "monitor_packets_received_total", help: "Packets from clients" }),
  sent: counter({ name: "monitor_packets_sent_total", help: "Replies and events to clients" }),
  receivedBytes: counter({ name: "monitor_received_bytes_total", help: "Bytes from clients" }),
  events: counter({ name: "monitor_watch_events_total", help: "Watch events sent to clients" }),
  answers: counter({
    name: "monitor_requests_total",
    help: "Requests that were answered",
    labels: ["kind"],
  }),
  answerSeconds: counter({
    name: "monitor_request_seconds_total",
    help: "Time that answered requests took, added up",
    labels: ["kind"],
  }),
  authFailed: counter({
    name: "monitor_auth_failed_total",
    help: "Connections closed for bad credentials",
  }),
  slowClosed: counter({
    name: "monitor_slow_clients_closed_total",
    help: "Connections closed because the client did not read what it was sent",
  }),
  rejected: counter({
    name: "monitor_connections_rejected_total",
    help: "Connections that were one too many",
  }),
  applied: counter({ name: "monitor_entries_applied_total", help: "Entries of the log applied" }),
} as const;

/** The function that it returns brings the counters up to date, before each scrape. */
export function addServerMetrics(
  metrics: Metrics,
  state: ServerState,
  rejectedCount: () => number,
): () => void {
  const live = metrics.add(SERVER_METRICS);
  const { counts } = state;
  live.connections.read((set) => set(state.clients.size));
  live.outstanding.read((set) => set(state.outstanding));
  live.watches.read((set) => set(state.watches.size));
  live.znodes.read((set) => set(state.tree.znodes.count));
  live.ephemerals.read((set) => set(state.tree.ephemeralCount));
  live.dataBytes.read((set) => set(state.tree.dataSize));
  live.sessions.read((set) => set(state.tree.sessions.count));
  live.isServing.read((set) => set(state.isServing ? 1 : 0));
  const advance = [
    follow(
      () => counts.received,
      (by) => live.received.add(by),
    ),
    follow(
      () => counts.sent,
      (by) => live.sent.add(by),
    ),
    follow(
      () => counts.receivedBytes,
      (by) => live.receivedBytes.add(by),
    ),
    follow(
      () => counts.events,
      (by) => live.events.add(by),
    ),
    follow(
      () => counts.authFailed,
      (by) => live.authFailed.add(by),
    ),
    follow(
      () => counts.slowClosed,
      (by) => live.slowClosed.add(by),
    ),
    follow(
      () => counts.applied,
      (by) => live.applied.add(by),
    ),
    follow(rejectedCount, (by) => live.rejected.add(by)),
    ...(["read", "write"] as const).flatMap((kind) => {
      const latency = kind === "read" ? counts.readLatency : counts.writeLatency;
      return [
        follow(
          () => latency.count,
          (by) => live.answers.add(by, { kind }),
        ),
        follow(
          () => latency.totalMs / 1000,
          (by) => live.answerSeconds.add(by, { kind }),
        ),
      ];
    }),
  ];
  return () => {
    for (const step of advance) step();
  };
}

/** An operator can set the core's counts back (`srst`); a counter then goes on from zero. */
function follow(read: () => number, add: (by: number) => void): () => void {
  let last = 0;
  return () => {
    const value = read();
    add(value >= last ? value - last : value);
    last = value;
  };
}
