/**
 * Bugs that can be planted in the counter, for tests of the simulator: it must find each of them.
 *
 * - primary-acks-early: the primary speaks of an entry outside `then`, before it is durable.
 * - backup-acks-early: a backup does.
 * - primary-never-resends: what a backup did not get, it never gets.
 */
export const PLANTS = ["primary-acks-early", "backup-acks-early", "primary-never-resends"] as const;
export type Plant = (typeof PLANTS)[number] | "none";
