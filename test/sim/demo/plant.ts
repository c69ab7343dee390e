/**
 * Bugs that can be planted in the counter, for tests of the simulator: it must find each of them.
 *
 * - primary-answers-early: the primary answers clients outside `then`, before their entry is
 *   durable anywhere.
 * - primary-replicates-early: it sends an entry to backups before that is durable on its own disk.
 * - backup-acks-early: a backup acknowledges what is not yet durable.
 * - primary-never-resends: what a backup did not get, it never gets.
 */
export const PLANTS = [
  "primary-answers-early",
  "primary-replicates-early",
  "backup-acks-early",
  "primary-never-resends",
] as const;
export type Plant = (typeof PLANTS)[number] | "none";
