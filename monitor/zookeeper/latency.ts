/** How long answers took and how many there were: of a server, and of each of its connections. */

export interface Latency {
  count: number;
  totalMs: number;
  minMs: number;
  maxMs: number;
}

export function newLatency(): Latency {
  return { count: 0, totalMs: 0, minMs: 0, maxMs: 0 };
}

export function addLatency(latency: Latency, ms: number): void {
  if (latency.count === 0 || ms < latency.minMs) latency.minMs = ms;
  if (ms > latency.maxMs) latency.maxMs = ms;
  latency.count += 1;
  latency.totalMs += ms;
}

export function resetLatency(latency: Latency): void {
  latency.count = 0;
  latency.totalMs = 0;
  latency.minMs = 0;
  latency.maxMs = 0;
}

export function averageMs({ count, totalMs }: Latency): number {
  return count === 0 ? 0 : totalMs / count;
}
