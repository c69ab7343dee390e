/** What applying a batch tells a member's server, which answers clients and fires watches by it. */
import type { Acl } from "../../cluster/zookeeper/acl.ts";
import type { ErrorCode } from "../../cluster/zookeeper/error-codes.ts";
import type { SessionId } from "./session-table.ts";

export type TriggerType = "nodeCreated" | "nodeDeleted" | "nodeDataChanged" | "nodeChildrenChanged";

/**
 * A change that watches may wait for, at the path where they would stand. A client gets the event
 * only if it may read the node: ZooKeeper has checked that since CVE-2024-23944, because a watch on
 * a whole subtree would otherwise show the names of nodes that its owner cannot list.
 */
export interface Trigger {
  readonly type: TriggerType;
  readonly path: string;
  readonly zxid: number;
  /** What the node at the path has, or had when it was removed. */
  readonly acl: readonly Acl[];
}

export interface Outcome {
  /**
   * - done: it took effect, or failed with `error`.
   * - repeat: it had been applied before and was ignored; the answer to it is lost here.
   * - skip: requests of its connection before it are missing, so it was ignored; it must be sent
   *   again, after them. Of an attachment: its session has moved since its server looked, so that
   *   it must look again.
   */
  readonly kind: "done" | "repeat" | "skip";
  /** What it took, or, if it took none, the last one before it: what a reply's header shows. */
  readonly zxid: number;
  readonly error: ErrorCode;
  /** The body of the reply as the client gets it; errors have none. */
  readonly response?: Uint8Array | undefined;
  /** The session that an entry about one speaks of, if it is or was there. */
  readonly session?: SessionId | undefined;
  readonly triggers: readonly Trigger[];
}

/** A batch is void as a whole, and then changed nothing at all, or has an outcome per entry. */
export type BatchOutcome =
  | { readonly isVoid: true }
  | { readonly isVoid: false; readonly outcomes: readonly Outcome[] };

export const NO_TRIGGERS: readonly Trigger[] = [];
