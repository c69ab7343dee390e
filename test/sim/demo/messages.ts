/** What the replicated counter's processes say to each other. */
import { list, record, type TypeOf, u32, u53 } from "../../../cluster/wire/codec.ts";
import { createRegistry, type MessageOf } from "../../../cluster/wire/registry.ts";
import { versioned } from "../../../cluster/wire/versioned.ts";

export const APPEND_ENTRIES_MAX = 64;

/** One increment. Who asks again gives the same session and request, and is counted once. */
export const entryCodec = record({ session: u32, request: u53 });
export type Entry = TypeOf<typeof entryCodec>;

export const counterRegistry = createRegistry({
  increment: { id: 0x0100, body: versioned(1, entryCodec) },
  read: { id: 0x0101, body: versioned(1, record({})) },
  /** Answers both of these: the counter after this increment, or as it is read. */
  counted: { id: 0x0102, body: versioned(1, record({ count: u53 })) },
  /** Primary to backup: the entries that follow the first `after`. */
  append: {
    id: 0x0103,
    body: versioned(
      1,
      record({ after: u53, entries: list(entryCodec, { max: APPEND_ENTRIES_MAX }) }),
    ),
  },
  /** Backup to primary: its first `count` entries are durable. */
  appended: { id: 0x0104, body: versioned(1, record({ count: u53 })) },
});
export type CounterMessage = MessageOf<typeof counterRegistry>;
