import { expect, test } from "vitest";
import {
  addLatency,
  averageMs,
  newLatency,
  resetLatency,
} from "../../../monitor/zookeeper/latency.ts";

test("the least, the most and the average of what was added since the last reset", () => {
  const latency = newLatency();
  expect(averageMs(latency)).toBe(0);
  for (const ms of [5, 1, 3]) addLatency(latency, ms);
  expect(latency).toEqual({ count: 3, totalMs: 9, minMs: 1, maxMs: 5 });
  expect(averageMs(latency)).toBe(3);
  resetLatency(latency);
  expect(latency).toEqual(newLatency());
  addLatency(latency, 7);
  expect([latency.minMs, latency.maxMs]).toEqual([7, 7]);
});
