/** What is written down of an epoch: what changed, who changed it and why, and which requests that answered. */
import { list, record, str, type TypeOf, u53, u64 } from "../wire/codec.ts";
import { CodecError } from "../wire/codec-error.ts";
import { versioned } from "../wire/versioned.ts";
import { epochCodec } from "./osd-info.ts";
import type { OsdMap } from "./osd-map.ts";
import { applyDelta, deltaRows, nextEpoch } from "./osd-map-delta.ts";
import { inverse } from "./undo.ts";

/** So many requests share an epoch at most. */
export const REQUESTS_PER_EPOCH_MAX = 4_096;

export const epochRecord = versioned(
  1,
  record({
    epoch: epochCodec,
    /** By the controller's clock. */
    wallMs: u53,
    /** The controller that published it. */
    controller: str,
    /** Each a change that went into it: who asked, and for what, in words. */
    causes: list(record({ author: str, what: str }), { max: REQUESTS_PER_EPOCH_MAX }),
    /** Of the requests that it answers: a retry is answered from here and not done again (C2). */
    requests: list(str, { max: REQUESTS_PER_EPOCH_MAX }),
    rows: deltaRows,
    /** Of the map after it. */
    digest: u64,
  }),
);
export type EpochRecord = TypeOf<typeof epochRecord>;

/**
 * The map that was published. Throws CodecError if the record is of another epoch than the next, or its rows do not lead to
 * the map with that digest.
 */
export function applyRecord(map: OsdMap, { epoch, rows, digest }: EpochRecord): OsdMap {
  if (epoch !== nextEpoch(map)) {
    throw new CodecError("OUT_OF_RANGE", `epoch ${epoch} does not follow ${map.epoch}`, 0);
  }
  const next = applyDelta(map, rows);
  if (next.digest === digest) return next;
  throw new CodecError("BAD_CHECKSUM", `the rows of epoch ${epoch} give another map`, 0);
}

export const undoRecord = versioned(1, record({ epoch: epochCodec, inverse }));
export type UndoRecord = TypeOf<typeof undoRecord>;
