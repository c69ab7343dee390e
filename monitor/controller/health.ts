/**
 * What is wrong with the cluster, as checks with stable codes (health-codes.ts), worst first. Nothing here is remembered:
 * the same input gives the same checks, and what must last a while before it counts has its time in the input.
 */
import {
  HEALTH_STATUSES,
  type HealthCheck,
  type HealthReport,
} from "../../cluster/message/query.ts";
import { HEALTH_CODES, healthCheck } from "./health-codes.ts";
import type { HealthInput } from "./health-input.ts";
import { osdChecks } from "./health-osd.ts";
import { pgChecks } from "./health-pg.ts";
import { poolChecks } from "./health-pool.ts";
import { type Mute, reportOf } from "./mutes.ts";

export const EPOCHS_KEPT_MAX = 10_000;

const ORDER = Object.keys(HEALTH_CODES);

export function healthOf(input: HealthInput, mutes: readonly Mute[]): HealthReport {
  return reportOf(healthChecks(input), mutes);
}

export function healthChecks(input: HealthInput): HealthCheck[] {
  const checks = [
    ...monitorChecks(input),
    ...osdChecks(input),
    ...poolChecks(input),
    ...pgChecks(input),
    ...historyChecks(input),
  ];
  const rank = ({ severity }: HealthCheck): number => HEALTH_STATUSES.indexOf(severity);
  const place = ({ code }: HealthCheck): number => ORDER.indexOf(code);
  return checks.sort((left, right) => rank(right) - rank(left) || place(left) - place(right));
}

function* monitorChecks({ monitors }: HealthInput): Generator<HealthCheck> {
  const down = monitors.filter(({ isInQuorum }) => !isInQuorum);
  if (down.length === 0) return;
  const quorum = monitors.filter(({ isInQuorum }) => isInQuorum).map(({ name }) => name);
  yield healthCheck("MON_DOWN", {
    summary: `${down.length}/${monitors.length} mons down, quorum ${quorum.join(",")}`,
    count: down.length,
    details: down.map(({ name }) => `mon.${name} is down (out of quorum)`),
  });
}

function* historyChecks({ epochsKept, floor, pgs }: HealthInput): Generator<HealthCheck> {
  if (epochsKept <= EPOCHS_KEPT_MAX) return;
  const why =
    floor === undefined
      ? `nobody has told of ${pgs.unheardCount} PGs since the controller was elected`
      : `a PG was clean last, or created, in epoch ${floor}`;
  yield healthCheck("EPOCH_HISTORY_LONG", {
    summary: `${epochsKept} epochs of the map are kept`,
    count: epochsKept,
    details: [why],
  });
}
