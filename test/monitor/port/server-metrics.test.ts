import { expect, test } from "vitest";
import { Metrics } from "../../../cluster/runtime/metrics.ts";
import { addServerMetrics } from "../../../monitor/port/server-metrics.ts";
import { OPEN_ACL, ServerWorld } from "../zookeeper/server-world.ts";
import { askWord } from "../zookeeper/words-world.ts";

test("Prometheus sees what the core counts, and counters never go back", async () => {
  const world = new ServerWorld();
  const metrics = new Metrics();
  let rejected = 3;
  const collect = addServerMetrics(metrics, world.server, () => rejected);
  const client = world.session();
  client.ask("create", { path: "/e", data: undefined, acl: OPEN_ACL, flags: 1 });
  world.nowMs += 500;
  world.commit();
  client.ask("exists", { path: "/e", watch: true });
  collect();
  const first = (await metrics.expose()).text.split("\n");
  expect(first).toEqual(
    expect.arrayContaining([
      "kelp_monitor_connections 1",
      "kelp_monitor_serving 1",
      "kelp_monitor_watches 1",
      "kelp_monitor_znodes 5",
      "kelp_monitor_ephemerals 1",
      "kelp_monitor_sessions 1",
      "kelp_monitor_packets_received_total 3",
      "kelp_monitor_packets_sent_total 3",
      "kelp_monitor_connections_rejected_total 3",
      'kelp_monitor_requests_total{kind="read"} 1',
      'kelp_monitor_request_seconds_total{kind="write"} 0.5',
    ]),
  );
  askWord(world, "srst");
  rejected = 5;
  collect();
  const second = (await metrics.expose()).text;
  expect(second).toContain("kelp_monitor_packets_sent_total 4");
  expect(second).toContain("kelp_monitor_connections_rejected_total 5");
});
