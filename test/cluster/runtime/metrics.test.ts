import { describe, expect, expectTypeOf, test } from "vitest";
import { AssertionError } from "../../../cluster/base/assert.ts";
import {
  type Counter,
  counter,
  gauge,
  histogram,
  LABEL_LENGTH_MAX,
  Metrics,
  OTHER,
} from "../../../cluster/runtime/metrics.ts";

const table = {
  operations: counter({
    name: "operations_total",
    help: "Client operations by kind and outcome.",
    labels: ["operation", "status"],
    seriesMax: 3,
  }),
  restarts: counter({ name: "restarts_total", help: "Restarts." }),
  latency: histogram({ name: "latency_seconds", help: "Latency.", buckets: [0.01, 0.1, 1] }),
  queue: gauge({ name: "queue_bytes", help: "Bytes that wait.", labels: ["peer"], seriesMax: 2 }),
  epoch: gauge({ name: "map_epoch", help: "Epoch of the map." }),
};

/** The samples of a scrape: "name{labels}" to value. */
async function samples(metrics: Metrics): Promise<Record<string, number>> {
  const { text } = await metrics.expose();
  const lines = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  return Object.fromEntries(
    lines.map((line) => {
      const space = line.lastIndexOf(" ");
      return [line.slice(0, space), Number(line.slice(space + 1))];
    }),
  );
}

test("a scrape has the type, help and prefix that Prometheus expects", async () => {
  const metrics = new Metrics();
  metrics.add(table).restarts.add(1);
  const { contentType, text } = await metrics.expose();
  expect(contentType).toBe("text/plain; version=0.0.4; charset=utf-8");
  expect(text).toContain(
    "# HELP kelp_restarts_total Restarts.\n# TYPE kelp_restarts_total counter",
  );
});

test("counters add up per combination of labels", async () => {
  const metrics = new Metrics();
  const { operations, restarts } = metrics.add(table);
  restarts.add(1);
  restarts.add(2);
  operations.add(1, { operation: "read", status: "ok" });
  operations.add(4, { status: "ok", operation: "read" });
  operations.add(1, { operation: "read", status: "failed" });
  expect(await samples(metrics)).toMatchObject({
    kelp_restarts_total: 3,
    'kelp_operations_total{operation="read",status="ok"}': 5,
    'kelp_operations_total{operation="read",status="failed"}': 1,
  });
  expect(() => restarts.add(-1)).toThrow(AssertionError);
});

test("histograms count into every bucket at or above the value", async () => {
  const metrics = new Metrics();
  const { latency } = metrics.add(table);
  for (const seconds of [0.005, 0.1, 0.5, 7]) latency.observe(seconds);
  expect(await samples(metrics)).toMatchObject({
    'kelp_latency_seconds_bucket{le="0.01"}': 1,
    'kelp_latency_seconds_bucket{le="0.1"}': 2,
    'kelp_latency_seconds_bucket{le="1"}': 3,
    'kelp_latency_seconds_bucket{le="+Inf"}': 4,
    kelp_latency_seconds_count: 4,
  });
});

describe("gauges", () => {
  test("are asked at every scrape", async () => {
    const metrics = new Metrics();
    let epoch = 7;
    metrics.add(table).epoch.read((set) => set(epoch));
    expect(await samples(metrics)).toMatchObject({ kelp_map_epoch: 7 });
    epoch = 8;
    expect(await samples(metrics)).toMatchObject({ kelp_map_epoch: 8 });
  });

  test("forget what is no longer there", async () => {
    const metrics = new Metrics();
    const queues = new Map([
      ["osd.1", 10],
      ["osd.2", 20],
    ]);
    metrics.add(table).queue.read((set) => {
      for (const [peer, bytes] of queues) set(bytes, { peer });
    });
    expect(await samples(metrics)).toMatchObject({ 'kelp_queue_bytes{peer="osd.2"}': 20 });
    queues.delete("osd.2");
    expect(await samples(metrics)).not.toHaveProperty(['kelp_queue_bytes{peer="osd.2"}']);
  });

  test("show the last value that a scrape sets for a series, not the sum", async () => {
    const metrics = new Metrics();
    const { queue, epoch } = metrics.add(table);
    epoch.read((set) => {
      set(5);
      set(7);
    });
    queue.read((set) => {
      set(5, { peer: "a" });
      set(7, { peer: "a" });
    });
    expect(await samples(metrics)).toMatchObject({
      kelp_map_epoch: 7,
      'kelp_queue_bytes{peer="a"}': 7,
    });
  });

  test("that nobody sets are not exposed, with labels or without", async () => {
    const metrics = new Metrics();
    metrics.add({ epoch: table.epoch, queue: table.queue });
    expect(await samples(metrics)).toEqual({});
  });

  test.each([
    [Number.NaN, "NaN"],
    [Number.POSITIVE_INFINITY, "+Inf"],
    [Number.NEGATIVE_INFINITY, "-Inf"],
  ])("spell %d as Prometheus does", async (value, spelt) => {
    const metrics = new Metrics();
    const help = "What is not a number is Nan";
    const odd = gauge({ name: "odd", help, labels: ["of"] });
    metrics.add({ odd }).odd.read((set) => set(value, { of: "a Nan" }));
    const { text } = await metrics.expose();
    expect(text).toContain(`# HELP kelp_odd ${help}\n`);
    expect(text).toContain(`\nkelp_odd{of="a Nan"} ${spelt}\n`);
  });

  test("beyond their bound show the sum of the rest, anew at every scrape", async () => {
    const metrics = new Metrics();
    let peers = ["a", "b", "c", "d"];
    metrics.add(table).queue.read((set) => {
      for (const peer of peers) set(10, { peer });
    });
    expect(await samples(metrics)).toMatchObject({
      'kelp_queue_bytes{peer="a"}': 10,
      'kelp_queue_bytes{peer="b"}': 10,
      'kelp_queue_bytes{peer="other"}': 20,
    });
    peers = ["d"];
    expect(await samples(metrics)).toMatchObject({ 'kelp_queue_bytes{peer="d"}': 10 });
  });
});

describe("labels that a client chooses", () => {
  test("make no more series than the bound, and lose no count", async () => {
    const metrics = new Metrics();
    const { operations } = metrics.add(table);
    for (let index = 0; index < 1_000; index++) {
      operations.add(1, { operation: `op${index % 100}`, status: "ok" });
    }
    const counts = Object.entries(await samples(metrics)).filter(([name]) =>
      name.startsWith("kelp_operations_total"),
    );
    expect(counts).toHaveLength(3 + 1);
    expect(counts.reduce((sum, [, count]) => sum + count, 0)).toBe(1_000);
    expect(Object.fromEntries(counts)).toMatchObject({
      'kelp_operations_total{operation="op2",status="ok"}': 10,
      [`kelp_operations_total{operation="${OTHER}",status="${OTHER}"}`]: 970,
    });
  });

  test("are cut", async () => {
    const metrics = new Metrics();
    metrics.add(table).operations.add(1, { operation: "x".repeat(100_000), status: "ok" });
    const cut = "x".repeat(LABEL_LENGTH_MAX);
    expect(await samples(metrics)).toHaveProperty([
      `kelp_operations_total{operation="${cut}",status="ok"}`,
    ]);
  });
});

test("two registries of one process share nothing", async () => {
  const [first, second] = [new Metrics(), new Metrics()];
  const live = first.add(table);
  second.add(table).restarts.add(5);
  live.restarts.add(1);
  expect(await samples(first)).toMatchObject({ kelp_restarts_total: 1 });
  expect(await samples(second)).toMatchObject({ kelp_restarts_total: 5 });
});

test("the same name twice in one registry is refused", () => {
  const metrics = new Metrics();
  metrics.add(table);
  expect(() => metrics.add(table)).toThrow();
});

test("the process's own metrics come only on request", async () => {
  const metrics = new Metrics();
  expect(await samples(metrics)).toEqual({});
  metrics.addProcessMetrics();
  expect(await samples(metrics)).toHaveProperty(["kelp_process_resident_memory_bytes"]);
});

test("labels are demanded by the types", () => {
  const { operations, restarts } = new Metrics().add(table);
  expectTypeOf(operations).toEqualTypeOf<Counter<"operation" | "status">>();
  expectTypeOf(restarts.add).parameters.toEqualTypeOf<[amount: number]>();
});
