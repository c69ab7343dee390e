/** What a multi has done so far, as far as it takes to undo it. */
import type { DigestSum } from "./digest.ts";
import type { Session } from "./session-table.ts";
import type { ZnodeId, ZnodeImage } from "./znode.ts";

export interface UndoLog {
  readonly sum: Readonly<DigestSum>;
  readonly dataSize: number;
  /** Nodes as they were before their first change, including changes of their links. */
  readonly images: Map<ZnodeId, ZnodeImage>;
  /** Creations and removals, in their order. */
  readonly moves: { readonly id: ZnodeId; readonly isCreation: boolean }[];
  readonly ephemeralsLogs: Map<Session, number>;
}
