/** Placement groups (PGs) by name: `1.2f` is the PG with seed 0x2f of pool 1. */
import { type PoolId, poolId } from "../base/ids.ts";

export interface PgId {
  readonly pool: PoolId;
  /** From 0 to before the pool's `pgNum`. */
  readonly seed: number;
}

export function formatPgId({ pool, seed }: PgId): string {
  return `${pool}.${seed.toString(16)}`;
}

const PG_ID = /^(0|[1-9][0-9]{0,15})\.(0|[1-9a-f][0-9a-f]{0,7})$/;

/** The id if the text is one as `formatPgId` writes it, else undefined. */
export function parsePgId(text: string): PgId | undefined {
  const [, pool = "", seed = ""] = PG_ID.exec(text) ?? [];
  if (pool === "" || !Number.isSafeInteger(Number(pool))) return undefined;
  return { pool: poolId(Number(pool)), seed: Number.parseInt(seed, 16) };
}
