/** What a command may know besides the map, and what comes of it. */
import type { Epoch, OsdId } from "../../../cluster/base/ids.ts";
import type { PgId } from "../../../cluster/map/pg-id.ts";
import type { PgState } from "../../../cluster/map/pg-state.ts";
import type { Inverse } from "../../../cluster/map/undo.ts";
import type { Edit, Refusal } from "../edit.ts";

/** What is known of a PG. Where it is may be taken from what its primary said, or from the newest map. */
export interface PgReport {
  readonly pg: PgId;
  /** As its primary said last; 0 if nobody has said anything, and then the PG may as well be left out. */
  readonly state: PgState;
  /** Those that are to have it, up or not. */
  readonly up: readonly OsdId[];
  /** Those that serve it. */
  readonly acting: readonly OsdId[];
  /** Of the map that its primary had when it said so. */
  readonly epoch: Epoch;
}

export interface PgReports {
  /** At most one for each PG. */
  reports(): Iterable<PgReport>;
}

/** Of the central configuration. */
export interface CommandSettings {
  readonly poolDefaultSize: number;
  readonly poolDeleteAllowed: boolean;
  readonly pgsPerOsdMax: number;
}

export interface CommandContext {
  readonly wallMs: number;
  readonly stats: PgReports;
  readonly settings: CommandSettings;
  /** What an epoch did to intent; undefined if its history is gone. */
  readonly inverseOf: (epoch: Epoch) => Inverse | undefined;
}

export type Json =
  | string
  | number
  | boolean
  | null
  | readonly Json[]
  | { readonly [key: string]: Json };

export type CommandResult = (Edit & { readonly reply?: Json }) | Refusal;
