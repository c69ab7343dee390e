/** Several operations that happen all or not at all, put together one by one. */

import { EMPTY_BYTES } from "../base/bytes.ts";
import { type Acl, OPEN_ACL } from "./acl.ts";
import type { MultiOp, MultiResult } from "./multi-records.ts";
import { ANY_VERSION, CREATE_FLAGS } from "./node-records.ts";

/** A way to create a node: TTL nodes need the servers to allow them. */
export type CreateMode = keyof typeof CREATE_FLAGS;

export interface CreateOptions {
  readonly mode?: CreateMode;
  readonly acl?: readonly Acl[];
  /** For the two modes with a TTL: how long the node stays without change or children. */
  readonly ttlMs?: number;
}

export class Transaction {
  readonly #commit: (ops: readonly MultiOp[]) => Promise<readonly MultiResult[]>;
  readonly #acl: readonly Acl[];
  readonly #ops: MultiOp[] = [];

  constructor(
    commit: (ops: readonly MultiOp[]) => Promise<readonly MultiResult[]>,
    acl: readonly Acl[] = OPEN_ACL,
  ) {
    this.#commit = commit;
    this.#acl = acl;
  }

  create(path: string, data: Uint8Array = EMPTY_BYTES, options: CreateOptions = {}): this {
    return this.#add(createOp(path, data, { acl: this.#acl, ...options }));
  }

  delete(path: string, version: number = ANY_VERSION): this {
    return this.#add({ type: "delete", path, version });
  }

  setData(path: string, data: Uint8Array, version: number = ANY_VERSION): this {
    return this.#add({ type: "setData", path, data, version });
  }

  /** Without effect of its own; all fails if the node is not there in this version. */
  check(path: string, version: number = ANY_VERSION): this {
    return this.#add({ type: "check", path, version });
  }

  /** A result for each operation, in their order; or throws with the first that failed. */
  commit(): Promise<readonly MultiResult[]> {
    return this.#commit(this.#ops);
  }

  #add(op: MultiOp): this {
    this.#ops.push(op);
    return this;
  }
}

export type CreateOp = Extract<MultiOp, { type: "create2" | "createContainer" | "createTTL" }>;

export function createOp(path: string, data: Uint8Array, options: CreateOptions): CreateOp {
  const { mode = "PERSISTENT", acl = OPEN_ACL, ttlMs = 0 } = options;
  const flags = CREATE_FLAGS[mode];
  switch (mode) {
    case "CONTAINER":
      return { type: "createContainer", path, data, acl, flags };
    case "PERSISTENT_WITH_TTL":
    case "PERSISTENT_SEQUENTIAL_WITH_TTL":
      return { type: "createTTL", path, data, acl, flags, ttl: ttlMs };
    default:
      return { type: "create2", path, data, acl, flags };
  }
}

export function isSequential(flags: number): boolean {
  return (
    flags === CREATE_FLAGS.PERSISTENT_SEQUENTIAL ||
    flags === CREATE_FLAGS.EPHEMERAL_SEQUENTIAL ||
    flags === CREATE_FLAGS.PERSISTENT_SEQUENTIAL_WITH_TTL
  );
}
