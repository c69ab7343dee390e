/** How slow and how bad a simulated disk is, all the time. Chances are per operation, times in milliseconds. */
export interface DiskFaults {
  /** Means of exponential delays. */
  readonly readMsMean: number;
  readonly writeMsMean: number;
  readonly syncMsMean: number;
  /** This share of the syncs takes longer, exponentially with mean `slowSyncMsMean`. */
  readonly slowSyncChance: number;
  readonly slowSyncMsMean: number;
  /** This share of the batches finds that the disk does nothing for a while. */
  readonly stallChance: number;
  readonly stallMsMean: number;
  /** A read fails; the next may succeed. */
  readonly readErrorChance: number;
  /** The store fails until it is opened again. */
  readonly writeErrorChance: number;
  readonly syncErrorChance: number;
  /** A value comes back with one bit flipped; on the disk it is right. */
  readonly bitFlipChance: number;
  /** A value that is read turns out to have changed on the disk, by one bit. */
  readonly bitRotChance: number;
  /** Puts beyond it find the disk full. Batches of deletes alone always fit. */
  readonly capacityBytes: number;
}

/** A good SSD. */
export const NO_DISK_FAULTS: DiskFaults = {
  readMsMean: 0.1,
  writeMsMean: 0.05,
  syncMsMean: 0.5,
  slowSyncChance: 0,
  slowSyncMsMean: 0,
  stallChance: 0,
  stallMsMean: 0,
  readErrorChance: 0,
  writeErrorChance: 0,
  syncErrorChance: 0,
  bitFlipChance: 0,
  bitRotChance: 0,
  capacityBytes: Number.POSITIVE_INFINITY,
};
