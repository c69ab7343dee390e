/**
 * What a bench is: a command, not a timed test. `full` is what docs/benchmarks.md quotes; `tiny` runs in the test
 * suite so that no bench rots, and measures nothing worth reading.
 */
export type Scale = "full" | "tiny";

export interface Measurement {
  /** "echo 4 KiB, 64 in flight" */
  readonly what: string;
  readonly value: number;
  /** "messages/s", "GB/s", "x" for a ratio to something measured in the same run. */
  readonly unit: string;
  /** What it must reach, where there is a target. */
  readonly atLeast?: number;
  readonly atMost?: number;
  /** Least and greatest of the repetitions whose median `value` is. */
  readonly spread?: readonly [min: number, max: number];
}

export interface Bench {
  readonly name: string;
  readonly about: string;
  /** What is missing here that it cannot do without, if anything. */
  readonly unavailable?: () => string | undefined;
  /** `progress` says, in a few words, what is being measured now. */
  run(scale: Scale, progress: (step: string) => void): Promise<Measurement[]>;
}
