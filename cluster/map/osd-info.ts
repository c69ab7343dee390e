/** What the map says of an OSD: what is so (`OsdInfo`), and what people or the controller gave it (`OsdShare`). */
import { DEVICE_COUNT_MAX } from "../../crush/limits.ts";
import { WEIGHT_ONE } from "../../crush/weight.ts";
import { type Epoch, epoch, type OsdId, osdId } from "../base/ids.ts";
import {
  bool,
  type Codec,
  checked,
  oneOf,
  optional,
  record,
  str,
  type TypeOf,
  u32,
  u53,
} from "../wire/codec.ts";

/** Ids are indexes of arrays, here as in the CRUSH map. */
export const OSD_COUNT_MAX = DEVICE_COUNT_MAX;

export const epochCodec: Codec<Epoch> = checked(u53, epoch);
export const osdIdCodec: Codec<OsdId> = checked(u32, (id) =>
  id < OSD_COUNT_MAX ? osdId(id) : undefined,
);

/** How full its disk is, by the thresholds of the map. */
export const FULLNESS = ["ok", "nearfull", "backfillfull", "full"] as const;
export type Fullness = (typeof FULLNESS)[number];

export const osdInfo = record({
  /** Of its store; empty while the id has none: new, or destroyed. */
  uuid: str,
  /** The epoch at which a store of that uuid first booted (C6); 0 before. */
  born: epochCodec,
  /** Of the process that is or was up, random (C5); 0 before the first. */
  nonce: u53,
  up: bool,
  /** `host:port` where peers and clients reach it, and where heartbeats go. */
  address: str,
  heartbeatAddress: str,
  /** The host that it said to run on. */
  host: str,
  version: str,
  upFrom: epochCodec,
  /** It is known to have been alive in that epoch, so PGs may go active in it. */
  upThru: epochCodec,
  downAt: epochCodec,
  /** Up to there an operator gave up what it had; 0 if never. */
  lostAt: epochCodec,
  /** The last interval in which it ended cleanly. */
  cleanFrom: epochCodec,
  cleanTo: epochCodec,
  /** The id is free for another store. */
  destroyed: bool,
  fullness: oneOf(...FULLNESS),
  /** What it weighed before it was marked out for being down: given back when it boots. 16.16. */
  weightBeforeOut: optional(u32),
  /** It has never been up, so that the first boot marks it in. */
  isNew: bool,
});
export type OsdInfo = TypeOf<typeof osdInfo>;

const NEVER = epoch(0);

export const NEW_OSD: OsdInfo = {
  uuid: "",
  born: NEVER,
  nonce: 0,
  up: false,
  address: "",
  heartbeatAddress: "",
  host: "",
  version: "",
  upFrom: NEVER,
  upThru: NEVER,
  downAt: NEVER,
  lostAt: NEVER,
  cleanFrom: NEVER,
  cleanTo: NEVER,
  destroyed: false,
  fullness: "ok",
  weightBeforeOut: undefined,
  isNew: true,
};

/** Both 16.16. */
export const osdShare = record({
  /** The share of its data that the OSD takes; at 0 it is out. */
  weight: u32,
  /** The share of its PGs that it may lead. */
  primaryAffinity: u32,
});
export type OsdShare = TypeOf<typeof osdShare>;

export const FULL_SHARE: OsdShare = { weight: WEIGHT_ONE, primaryAffinity: WEIGHT_ONE };
