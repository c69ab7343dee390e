/**
 * A CRUSH map with its fast forms, each compiled when a pool first needs it. Most epochs of the
 * cluster map change no CRUSH map: whoever makes the next epoch hands the mapper on with it.
 */
import { type CompiledMap, compile } from "../../crush/compiled.ts";
import { type ChooseArgs, type CrushMap, chooseArgsFor } from "../../crush/types.ts";
import type { PoolId } from "../base/ids.ts";

export class CrushMapper {
  readonly map: CrushMap;
  /** Pools with the same choose_args, most often none, share a form. */
  readonly #compiled = new Map<ChooseArgs | undefined, CompiledMap>();

  constructor(map: CrushMap) {
    this.map = map;
  }

  forPool(pool: PoolId): CompiledMap {
    const args = chooseArgsFor(this.map, pool);
    const compiled = this.#compiled.get(args) ?? compile(this.map, args);
    this.#compiled.set(args, compiled);
    return compiled;
  }
}
