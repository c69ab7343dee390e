/** Times of many operations, kept whole: a percentile is not worth an approximation here. */
export interface LatencySummary {
  readonly count: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

export class Latencies {
  #values = new Float64Array(1 << 16);
  #count = 0;

  get count(): number {
    return this.#count;
  }

  add(ms: number): void {
    if (this.#count === this.#values.length) {
      const grown = new Float64Array(2 * this.#count);
      grown.set(this.#values);
      this.#values = grown;
    }
    this.#values[this.#count] = ms;
    this.#count += 1;
  }

  /** 0 for times that were never taken. */
  summary(): LatencySummary {
    const sorted = this.#values.subarray(0, this.#count).toSorted();
    const at = (share: number): number =>
      sorted[Math.min(this.#count - 1, Math.floor(share * this.#count))] ?? 0;
    const [p50Ms, p95Ms, p99Ms, maxMs] = [at(0.5), at(0.95), at(0.99), at(1)];
    return { count: this.#count, p50Ms, p95Ms, p99Ms, maxMs };
  }
}
