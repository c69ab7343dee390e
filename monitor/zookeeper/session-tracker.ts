/**
 * Which sessions a leader may declare over. A session has a deadline that every sign of life moves;
 * followers report theirs in batches. Nothing safe rests on these clocks (PROTOCOLS M8): a session
 * that ends too early is a nuisance, one whose client was alive all the time a broken promise, so:
 *
 * - A new leader gives each session its full timeout: it cannot know whom its predecessor heard.
 * - A leader that did not run for a while moves all deadlines by that: what its clients sent still
 *   waits in its queue.
 * - A session is due only when a heartbeat round that *began* after its deadline has been
 *   acknowledged: the acknowledgements bring what the followers heard until then.
 *
 * Deadlines move with each sign of life, heap entries do not: an entry that comes up early goes back
 * in with the present deadline, about once per timeout.
 */
import { assert } from "../../cluster/base/assert.ts";
import { Heap } from "../../cluster/base/heap.ts";

interface TrackedSession {
  readonly id: number;
  timeoutMs: number;
  deadlineMs: number;
  /** Of its one entry in the heap that counts. */
  dueMs: number;
  /** Its end has been proposed and not applied; it has no entry that counts. */
  isExpiring: boolean;
}

interface HeapEntry {
  readonly session: TrackedSession;
  readonly dueMs: number;
}

export interface SessionDeadline {
  readonly session: number;
  readonly deadlineMs: number;
}

export class SessionTracker {
  readonly #sessions = new Map<number, TrackedSession>();
  #heap = newHeap();

  get count(): number {
    return this.#sessions.size;
  }

  /** Leadership began: everybody has a full timeout from now on, and nothing is proposed. */
  reset(
    sessions: Iterable<{ readonly id: number; readonly timeoutMs: number }>,
    nowMs: number,
  ): void {
    this.clear();
    for (const { id, timeoutMs } of sessions) this.open(id, timeoutMs, nowMs);
  }

  clear(): void {
    this.#sessions.clear();
    this.#heap = newHeap();
  }

  /** A session was created or moved, by an applied entry. */
  open(id: number, timeoutMs: number, nowMs: number): void {
    assert(timeoutMs > 0, "a session has a timeout");
    const known = this.#sessions.get(id);
    if (known !== undefined) {
      known.timeoutMs = timeoutMs;
      known.deadlineMs = nowMs + timeoutMs;
      if (known.isExpiring || known.deadlineMs < known.dueMs) this.#push(known);
      known.isExpiring = false;
      return;
    }
    const deadlineMs = nowMs + timeoutMs;
    const session = { id, timeoutMs, deadlineMs, dueMs: deadlineMs, isExpiring: false };
    this.#sessions.set(id, session);
    this.#push(session);
  }

  close(id: number): void {
    this.#sessions.delete(id);
  }

  /**
   * A sign of life, not one from a session that is unknown or whose end is already on its way: that
   * would come after its ephemeral nodes are gone.
   */
  touch(id: number, nowMs: number): void {
    const session = this.#sessions.get(id);
    if (session === undefined) return;
    // Never sooner: `delay` may have moved it further.
    session.deadlineMs = Math.max(session.deadlineMs, nowMs + session.timeoutMs);
  }

  touchAll(ids: Iterable<number>, nowMs: number): void {
    for (const id of ids) this.touch(id, nowMs);
  }

  /** This process stood still for `lateMs`. */
  delay(lateMs: number): void {
    if (lateMs === 0) return;
    for (const session of this.#sessions.values()) session.deadlineMs += lateMs;
  }

  /**
   * The sessions whose end is to be proposed, each once: their deadline had passed when a heartbeat
   * round began that a quorum has since acknowledged.
   */
  takeExpired(roundBeganMs: number): number[] {
    const expired: number[] = [];
    for (;;) {
      const entry = this.#heap.peek();
      if (entry === undefined || entry.dueMs >= roundBeganMs) return expired;
      this.#heap.pop();
      const { session } = entry;
      if (this.#sessions.get(session.id) !== session || session.isExpiring) continue;
      if (entry.dueMs !== session.dueMs) continue;
      if (session.deadlineMs >= roundBeganMs) {
        this.#push(session);
        continue;
      }
      session.isExpiring = true;
      expired.push(session.id);
    }
  }

  /** What was proposed got lost: it is due again. */
  proposalLost(id: number): void {
    const session = this.#sessions.get(id);
    if (session === undefined || !session.isExpiring) return;
    session.isExpiring = false;
    this.#push(session);
  }

  /** By rising deadline, for the operator's `dump`. */
  deadlines(): SessionDeadline[] {
    return [...this.#sessions.values()]
      .map(({ id, deadlineMs }) => ({ session: id, deadlineMs }))
      .sort((left, right) => left.deadlineMs - right.deadlineMs || left.session - right.session);
  }

  #push(session: TrackedSession): void {
    session.dueMs = session.deadlineMs;
    this.#heap.push({ session, dueMs: session.dueMs });
  }
}

function newHeap(): Heap<HeapEntry> {
  return new Heap((left, right) => left.dueMs < right.dueMs);
}
