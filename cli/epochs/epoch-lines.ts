/** The history of the map for people: what changed when, and who wanted it. */
import type { EpochRecord } from "../../cluster/map/epoch-record.ts";
import { formatTime } from "../amount.ts";
import { type Column, type TableOptions, tableLines } from "../table.ts";

const COLUMNS: readonly Column[] = [
  { title: "EPOCH", align: "right" },
  { title: "WHEN (UTC)" },
  { title: "WHO" },
  { title: "WHAT" },
];

/** Whole lines, one for each cause. What had no cause that anybody gave is the controller's. */
export function epochLines(records: readonly EpochRecord[], options: TableOptions = {}): string[] {
  const rows = records.flatMap(({ epoch, wallMs, controller, causes }) => {
    const shown = causes.length > 0 ? causes : [{ author: controller, what: "-" }];
    return shown.map(({ author, what }, at) =>
      at === 0 ? [String(epoch), formatTime(wallMs), author, what] : ["", "", author, what],
    );
  });
  return tableLines(COLUMNS, rows, options);
}

export interface EpochJson {
  readonly epoch: number;
  readonly wallMs: number;
  readonly controller: string;
  readonly causes: EpochRecord["causes"];
  readonly rowCount: number;
  readonly digest: bigint;
}

export function epochJson(record: EpochRecord): EpochJson {
  const { epoch, wallMs, controller, causes, rows, digest } = record;
  return { epoch, wallMs, controller, causes, rowCount: rows.length, digest };
}
