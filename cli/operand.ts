/** What people type for the things of a cluster: OSDs, PGs, weights, sizes. Throws what commander prints. */
import { InvalidArgumentError } from "commander";
import { type OsdId, osdId } from "../cluster/base/ids.ts";
import { OSD_COUNT_MAX } from "../cluster/map/osd-info.ts";
import { type PgId, parsePgId } from "../cluster/map/pg-id.ts";
import { OSDS_PER_COMMAND_MAX } from "../cluster/message/command.ts";
import { size } from "../cluster/runtime/config-value.ts";

const SIZE = size({ about: "" });

/** `3` or `osd.3`. */
export function osdOperand(text: string): OsdId {
  const [, digits = ""] = /^(?:osd\.)?(\d{1,10})$/.exec(text) ?? [];
  const id = Number(digits);
  if (digits !== "" && id < OSD_COUNT_MAX) return osdId(id);
  throw new InvalidArgumentError("An OSD is named by its id, as 3 or osd.3.");
}

/** One of several: `osd down 1 osd.2 3`. Commander hands over each with those before it. */
export function osdOperands(text: string, previous: readonly OsdId[] = []): OsdId[] {
  const osds = [...previous, ...text.split(",").map(osdOperand)];
  if (osds.length <= OSDS_PER_COMMAND_MAX) return osds;
  throw new InvalidArgumentError(`At most ${OSDS_PER_COMMAND_MAX} OSDs in one command.`);
}

export function pgOperand(text: string): PgId {
  const pg = parsePgId(text.toLowerCase());
  if (pg !== undefined) return pg;
  throw new InvalidArgumentError("A PG is its pool's id and its seed in hex, as 1.2f.");
}

export function numberOperand(text: string): number {
  if (/^\d+(\.\d+)?(e[+-]?\d+)?$/i.test(text) && Number.isFinite(Number(text))) return Number(text);
  throw new InvalidArgumentError("A number from 0 up is needed, as 0.5.");
}

export function countOperand(text: string): number {
  if (/^\d{1,10}$/.test(text) && Number(text) < 2 ** 32) return Number(text);
  throw new InvalidArgumentError("A whole number from 0 up is needed.");
}

export function positiveOperand(text: string): number {
  const count = countOperand(text);
  if (count > 0) return count;
  throw new InvalidArgumentError("A whole number from 1 up is needed.");
}

/** `10GiB`, or `4096` for bytes. */
export function sizeOperand(text: string): number {
  const value = SIZE.parse(text);
  if (value !== undefined) return value;
  throw new InvalidArgumentError(`Expected ${SIZE.expects}.`);
}

export function switchOperand(text: string): boolean {
  const value = SWITCHES.get(text.toLowerCase());
  if (value !== undefined) return value;
  throw new InvalidArgumentError("Write true or false.");
}

const SWITCHES = new Map([
  ["true", true],
  ["yes", true],
  ["on", true],
  ["1", true],
  ["false", false],
  ["no", false],
  ["off", false],
  ["0", false],
]);
