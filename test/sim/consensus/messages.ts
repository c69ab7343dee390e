/** What members of a simulated ensemble and their clients say to each other. */
import { record, type TypeOf, u32, u53 } from "../../../cluster/wire/codec.ts";
import { createRegistry, type MessageOf } from "../../../cluster/wire/registry.ts";
import { versioned } from "../../../cluster/wire/versioned.ts";
import { CONSENSUS_MESSAGES } from "../../../monitor/message/consensus.ts";
import { ROWS_MESSAGES } from "../../../monitor/message/rows.ts";

/** Who asks again gives the same session and request, and is entered once. */
export const entryCodec = record({ session: u32, request: u53 });
export type Entry = TypeOf<typeof entryCodec>;

export const ledgerRegistry = createRegistry({
  ...CONSENSUS_MESSAGES,
  ...ROWS_MESSAGES,
  enter: { id: 0x0800, body: versioned(1, entryCodec) },
  read: { id: 0x0801, body: versioned(1, record({})) },
  /** Answers both: the entry's place, or how many entries there are. */
  place: { id: 0x0802, body: versioned(1, record({ place: u53 })) },
});
export type LedgerMessage = MessageOf<typeof ledgerRegistry>;
