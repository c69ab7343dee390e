/**
 * What a leader has taken from clients in its round and not yet applied. Servers send again what they have no answer to,
 * often while it still waits for its batch: taken once more it would change nothing, but go through the log and onto
 * every disk, and so make the wait longer.
 *
 * Whatever is in here gets applied, or the round ends and with it this set. An entry that was applied,
 * were it only to be skipped, is out again and may come back.
 */
import type { Entry } from "./tree/batch.ts";

export type Submitted = Set<string>;

/** Undefined for what nobody sends twice. */
function keyOf(entry: Entry): string | undefined {
  switch (entry.type) {
    case "request":
      return `${entry.server}:${entry.connection}:${entry.sequence}`;
    case "createSession":
      return `${entry.server}:${entry.connection}`;
    case "attachSession": {
      // Moved from elsewhere it is another, which may be what makes the session move at all.
      const { from } = entry;
      return `${entry.server}:${entry.connection}:from:${from.server}:${from.connection}`;
    }
    default:
      return undefined;
  }
}

export function isSubmitted(submitted: Submitted, entry: Entry): boolean {
  const key = keyOf(entry);
  return key !== undefined && submitted.has(key);
}

export function noteSubmitted(submitted: Submitted, entry: Entry): void {
  const key = keyOf(entry);
  if (key !== undefined) submitted.add(key);
}

export function forgetSubmitted(submitted: Submitted, entry: Entry): void {
  if (submitted.size === 0) return;
  const key = keyOf(entry);
  if (key !== undefined) submitted.delete(key);
}
