/**
 * Whether a daemon is there: OSDs ask each other, and the controller asks those that are reported or have no session. Who is
 * asked hands over what its asker lacks of the map, so that a change reaches everybody without a read of the tree by each.
 */
import { epochCodec } from "../map/osd-info.ts";
import { bytes, list, record, u53 } from "../wire/codec.ts";
import { versioned } from "../wire/versioned.ts";

/** Increments that are handed over at once. */
export const HANDOVER_MAX = 100;

export const PROBE_MESSAGES = {
  /** With the epoch of the map that the asker has. */
  probe: { id: 0x0310, body: versioned(1, record({ epoch: epochCodec })) },
  /** By the process with that nonce; the records that come next, encoded. */
  probed: {
    id: 0x0311,
    body: versioned(1, record({ nonce: u53, records: list(bytes, { max: HANDOVER_MAX }) })),
  },
} as const;
