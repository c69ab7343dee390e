/** What the server core asks of its shell and of the monitor that it is part of. */
import type { Entry } from "../tree/batch.ts";

export type ServerEffect =
  | ClientEffect
  /** To the leader, in this order. Sending twice is safe, and losing is: see `leaderChanged`. */
  | { readonly type: "forward"; readonly entries: readonly Entry[] }
  /**
   * The leader is to confirm itself by a heartbeat round that begins after this; when its commit of
   * then is applied here, `syncDone` with this or a later tag answers.
   */
  | { readonly type: "sync"; readonly tag: number }
  | {
      readonly type: "log";
      readonly level: "warn" | "info" | "debug";
      readonly message: string;
      readonly fields: Readonly<Record<string, unknown>>;
    };

/** About one connection, by its number. */
export type ClientEffect =
  | { readonly type: "write"; readonly client: number; readonly chunks: readonly Uint8Array[] }
  /** Nothing more is to be read from it until `resume`. */
  | { readonly type: "pause"; readonly client: number }
  | { readonly type: "resume"; readonly client: number }
  /** Ends it after what was written has left. */
  | { readonly type: "end"; readonly client: number }
  | { readonly type: "destroy"; readonly client: number };
