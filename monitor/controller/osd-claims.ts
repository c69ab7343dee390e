/** What an OSD says of itself, and what of it goes into the map: every text has a length and a form. */
import type { OsdId } from "../../cluster/base/ids.ts";
import type { OsdMap } from "../../cluster/map/osd-map.ts";
import { type Refusal, refused } from "./edit.ts";

/** Of an address, a host or a version. */
export const CLAIM_LENGTH_MAX = 255;

const UUID = /^[0-9A-Za-z-]{1,64}$/;
const CRUSH_NAME = /^[A-Za-z0-9_.-]+$/;
const PLAIN = /^[\x20-\x7e]*$/;

export interface Claims {
  readonly uuid: string;
  readonly host: string;
  readonly deviceClass: string;
  readonly address?: string;
  readonly heartbeatAddress?: string;
  readonly version?: string;
}

export function claimProblem(claims: Claims): Refusal | undefined {
  const { uuid, host, deviceClass, address, heartbeatAddress, version = "" } = claims;
  if (!UUID.test(uuid)) return invalid("the uuid of a store", uuid);
  if (!isName(host)) return invalid("a host as CRUSH can name it", host);
  if (deviceClass !== "" && !isName(deviceClass)) return invalid("a device class", deviceClass);
  if (!isPlain(version)) return invalid("a version", version);
  for (const where of [address, heartbeatAddress]) {
    if (where !== undefined && (where === "" || !isPlain(where)))
      return invalid("an address", where);
  }
  return undefined;
}

/** The id that has this store. */
export function osdOfStore({ osds }: OsdMap, uuid: string): OsdId | undefined {
  for (const [id, info] of osds) if (info.uuid === uuid) return id;
  return undefined;
}

function isName(text: string): boolean {
  return text.length <= CLAIM_LENGTH_MAX && CRUSH_NAME.test(text);
}

function isPlain(text: string): boolean {
  return text.length <= CLAIM_LENGTH_MAX && PLAIN.test(text);
}

function invalid(what: string, text: string): Refusal {
  return refused("INVALID", `${JSON.stringify(text.slice(0, CLAIM_LENGTH_MAX))} is not ${what}`);
}
