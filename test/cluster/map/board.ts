/** Boards of hand-written rows on the trees of world.ts. */
import { present } from "../../../cluster/base/assert.ts";
import { ruleShape } from "../../../cluster/map/rule-shape.ts";
import { UpmapBoard } from "../../../cluster/map/upmap-board.ts";
import { UpmapRows } from "../../../cluster/map/upmap-rows.ts";
import { compileText } from "../../../crush/text.ts";
import { crushText, osdCountOf, RULES, type Tree } from "./world.ts";

export interface BoardOptions {
  readonly tree: Tree;
  readonly steps?: readonly string[];
  readonly raw: readonly (readonly number[])[];
  /** With upmaps; as raw if not given. */
  readonly rows?: readonly (readonly number[])[];
  /** OSDs that take no data. */
  readonly without?: readonly number[];
  readonly pinned?: readonly number[];
  readonly surpluses?: readonly number[];
}

export function rowsOf({ tree, steps = RULES.host, raw, rows, without }: BoardOptions): UpmapRows {
  const size = present(raw[0], "the first row").length;
  const map = compileText(crushText(tree, steps));
  const reweights = Array.from({ length: osdCountOf(tree) }, (_, osd) =>
    without?.includes(osd) ? 0 : 1,
  );
  const shape = present(ruleShape(map, 0, { size, reweights }), "the shape");
  const upmapped = Int32Array.from((rows ?? raw).flat());
  return new UpmapRows({ shape, size, raw: Int32Array.from(raw.flat()), upmapped });
}

export function boardOf(options: BoardOptions): UpmapBoard {
  const { tree, surpluses = [], pinned = [] } = options;
  return new UpmapBoard({
    rows: rowsOf(options),
    surpluses: Float64Array.from({ length: osdCountOf(tree) }, (_, osd) => surpluses[osd] ?? 0),
    isPinned: (seed) => pinned.includes(seed),
  });
}

export function rowAt(rows: UpmapRows, seed: number): number[] {
  return Array.from({ length: rows.size }, (_, position) =>
    rows.osdAt(seed * rows.size + position),
  );
}
