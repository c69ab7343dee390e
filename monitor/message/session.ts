/** What members say to each other for their clients. */
import { list, record, u53 } from "../../cluster/wire/codec.ts";
import { versioned } from "../../cluster/wire/versioned.ts";

/** Sessions in one report; the rest goes into the next. */
export const TOUCHED_MAX = 65_536;

export const SESSION_MESSAGES = {
  /** To the leader: entries for the log, in this order. They are the payload (forwardedEntries). */
  forward: { id: 0x0250, body: versioned(1, record({})) },
  /** The leader took none or not all of what was forwarded: to be sent again, a little later. */
  forwardRefused: { id: 0x0251, body: versioned(1, record({})) },
  /** To the leader: something came from these sessions. */
  touched: {
    id: 0x0252,
    body: versioned(1, record({ sessions: list(u53, { max: TOUCHED_MAX }) })),
  },
  /** Confirm that you lead, and tell how far the log is chosen. */
  syncAsk: { id: 0x0253, body: versioned(1, record({ tag: u53 })) },
  syncTell: { id: 0x0254, body: versioned(1, record({ tag: u53, slot: u53 })) },
} as const;
