/**
 * Every health code: how grave it is, what it means, and the command that helps or shows what does. A code never changes its
 * meaning: people mute it and scripts look for it. Where Ceph has the same trouble it is Ceph's code.
 */
import {
  HEALTH_DETAILS_MAX,
  type HealthCheck,
  type HealthStatus,
} from "../../cluster/message/query.ts";

interface HealthCodeInfo {
  readonly severity: Exclude<HealthStatus, "HEALTH_OK">;
  readonly explanation: string;
  readonly command: string;
}

const WARN = "HEALTH_WARN";
const ERR = "HEALTH_ERR";

export const HEALTH_CODES = {
  MON_DOWN: {
    severity: WARN,
    explanation:
      "Monitors are not in the quorum. When a majority is gone, nothing can change any more.",
    command: "kelp quorum",
  },
  COORDINATOR_TROUBLE: {
    severity: WARN,
    explanation:
      "Many OSDs lost their sessions at once, so the coordinator is suspected and not they: absence alone marks no OSD down.",
    command: "kelp quorum",
  },
  OSD_DOWN: {
    severity: WARN,
    explanation: "OSDs that should hold data are not running or cannot be reached.",
    command: "kelp osd tree",
  },
  OSD_HOST_DOWN: {
    severity: WARN,
    explanation: "All OSDs of a host are down: look at the machine or its network first.",
    command: "kelp osd tree",
  },
  OSD_RACK_DOWN: {
    severity: WARN,
    explanation: "All OSDs of a rack are down: look at its power and its switch first.",
    command: "kelp osd tree",
  },
  OSD_SUBTREE_DOWN: {
    severity: WARN,
    explanation: "All OSDs below a bucket of the CRUSH map are down: look for what they share.",
    command: "kelp osd tree",
  },
  OSD_NEARFULL: {
    severity: WARN,
    explanation:
      "OSDs are nearly full. Add OSDs, delete data, or move data off them before they are.",
    command: "kelp osd df",
  },
  OSD_BACKFILLFULL: {
    severity: WARN,
    explanation: "OSDs are so full that no data is moved onto them, so recovery may not finish.",
    command: "kelp osd df",
  },
  OSD_FULL: {
    severity: ERR,
    explanation: "OSDs are full. Clients cannot write to any pool that they hold.",
    command: "kelp osd df",
  },
  OSD_FLAPPING: {
    severity: WARN,
    explanation:
      "OSDs went down and came back again and again, so they are kept down for a while. Often a network or a disk is at fault.",
    command: "kelp osd tree",
  },
  OSD_OUT_BRAKE: {
    severity: WARN,
    explanation:
      "OSDs are down for long enough but are not marked out, so their data is not copied elsewhere. The details say why.",
    command: "kelp osd out ID",
  },
  OSD_NO_STATS: {
    severity: WARN,
    explanation:
      "OSDs are up but report no statistics, so what is shown of them and their PGs is old.",
    command: "kelp osd df",
  },
  OSD_SCRUB_ERRORS: {
    severity: ERR,
    explanation: "Scrubbing found copies that differ from each other.",
    command: "kelp pg ls --state inconsistent",
  },
  OSDMAP_FLAGS: {
    severity: WARN,
    explanation:
      "Flags stop parts of what the cluster does by itself, or clients. Take them back when they are not needed.",
    command: "kelp flag unset FLAG",
  },
  SLOW_OPS: {
    severity: WARN,
    explanation:
      "Operations wait for longer than they should: a slow disk, a lost peer or too much load.",
    command: "kelp osd df",
  },
  TOO_FEW_OSDS: {
    severity: WARN,
    explanation:
      "There are fewer OSDs than a new pool has replicas, so its PGs cannot be complete.",
    command: "kelp osd tree",
  },
  TOO_MANY_PGS: {
    severity: WARN,
    explanation:
      "OSDs carry so many PGs that memory and recovery suffer. Add OSDs or delete pools.",
    command: "kelp pool ls",
  },
  POOL_TOO_FEW_PGS: {
    severity: WARN,
    explanation:
      "A pool holds more than its PGs can spread well. Move its data to a new pool with more PGs.",
    command: "kelp pool ls",
  },
  POOL_TOO_MANY_PGS: {
    severity: WARN,
    explanation: "A pool has many more PGs than its data needs, on OSDs that carry too many.",
    command: "kelp pool ls",
  },
  POOL_FULL: {
    severity: WARN,
    explanation:
      "Clients cannot write to these pools: a quota is used up, or an OSD that holds them is full.",
    command: "kelp pool ls",
  },
  POOL_NEARFULL: {
    severity: WARN,
    explanation:
      "A pool has used most of its quota. Raise the quota or delete data before writes are refused.",
    command: "kelp pool set-quota POOL",
  },
  POOL_NO_REDUNDANCY: {
    severity: WARN,
    explanation: "Each object of these pools is there once: a lost disk loses data.",
    command: "kelp pool set POOL size 3",
  },
  POOL_APP_NOT_ENABLED: {
    severity: WARN,
    explanation:
      "Nobody said what these pools are for, so nobody can tell whose data would be deleted with them.",
    command: "kelp pool set POOL application NAME",
  },
  PG_AVAILABILITY: {
    severity: WARN,
    explanation:
      "PGs do not serve clients, or their state is not known: reads and writes of their objects wait.",
    command: "kelp pg ls --stuck inactive",
  },
  PG_DEGRADED: {
    severity: WARN,
    explanation:
      "Some objects have fewer copies than they should. They are copied again as soon as there is a place for them.",
    command: "kelp pg ls --state degraded",
  },
  PG_UNDERSIZED: {
    severity: WARN,
    explanation:
      "PGs are held by fewer OSDs than the size of their pool, because OSDs are down or the rule finds too few.",
    command: "kelp pg ls --state undersized",
  },
  PG_DAMAGED: {
    severity: ERR,
    explanation: "Copies of objects are damaged or missing, and repair needs to be looked after.",
    command: "kelp pg ls --state inconsistent",
  },
  PG_BACKFILL_FULL: {
    severity: WARN,
    explanation: "Data cannot be moved to where it belongs, because OSDs there are too full.",
    command: "kelp osd df",
  },
  OBJECT_UNFOUND: {
    severity: WARN,
    explanation:
      "Of these objects no copy of the newest version is found. Bring back OSDs that are down before giving them up.",
    command: "kelp pg ls --state recovery_unfound",
  },
  OBJECT_MISPLACED: {
    severity: WARN,
    explanation:
      "Objects have all their copies, but not where they belong. They are moved by and by; nothing has to be done.",
    command: "kelp status",
  },
  EPOCH_HISTORY_LONG: {
    severity: WARN,
    explanation:
      "Old epochs of the map cannot be forgotten, because PGs may still need them: make all PGs clean, or start those that nobody serves.",
    command: "kelp pg ls --stuck unclean",
  },
} as const satisfies Readonly<Record<string, HealthCodeInfo>>;

export type HealthCode = keyof typeof HEALTH_CODES;

export interface Finding {
  readonly summary: string;
  /** What grows as it gets worse. */
  readonly count: number;
  readonly details: readonly string[];
  /** How many details there would be; only the first are made. */
  readonly detailCount?: number;
}

export function healthCheck(code: HealthCode, finding: Finding): HealthCheck {
  const { summary, count, details, detailCount = details.length } = finding;
  const shown = details.slice(0, HEALTH_DETAILS_MAX);
  const more = detailCount - shown.length;
  const all = more > 0 ? [...shown, `and ${more} more`] : shown;
  return { code, ...HEALTH_CODES[code], summary, count, details: all, isMuted: false };
}
