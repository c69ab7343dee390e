/**
 * What operators ask of the controller. All commands are one message, so that whoever sends, records or refuses one needs
 * to know none of them; each is carried out by a function in monitor/controller/command/. A request id makes a command
 * safe to repeat: one that was done is answered and not done again (C2).
 *
 * Names are texts as people typed them, and numbers any: the controller refuses with a sentence what cannot be.
 */
import { epochCodec, osdIdCodec } from "../map/osd-info.ts";
import { MAP_FLAGS } from "../map/osd-map.ts";
import {
  bool,
  bytes,
  type Codec,
  checked,
  f64,
  list,
  oneOf,
  optional,
  record,
  str,
  type TypeOf,
  u32,
  u53,
  union,
} from "../wire/codec.ts";
import { versioned } from "../wire/versioned.ts";
import { pgIdCodec } from "./osd-report.ts";

export const OSDS_PER_COMMAND_MAX = 1_024;
/** Of a request id, and of the name of who asks: they stay in the history. */
export const COMMAND_NAME_LENGTH_MAX = 256;
const UPMAP_ROW_MAX = 64;

const shortText: Codec<string> = checked(str, (text) =>
  text.length <= COMMAND_NAME_LENGTH_MAX ? text : undefined,
);
const osds = list(osdIdCodec, { max: OSDS_PER_COMMAND_MAX });
const flags = list(oneOf(...MAP_FLAGS), { max: 256 });
const upmapPair = record({ from: osdIdCodec, to: osdIdCodec });
const ruleType = oneOf("replicated", "erasure");

/** Numbers are never used for another command. `confirm` is the operator's word that it is meant. */
const COMMANDS = {
  /** Without an id the lowest one that is free. */
  osdNew: { id: 1, body: record({ uuid: str, osd: optional(osdIdCodec) }) },
  osdIn: { id: 2, body: record({ osds }) },
  osdOut: { id: 3, body: record({ osds }) },
  osdDown: { id: 4, body: record({ osds }) },
  osdReweight: { id: 5, body: record({ osd: osdIdCodec, weight: f64 }) },
  osdPrimaryAffinity: { id: 6, body: record({ osd: osdIdCodec, affinity: f64 }) },
  osdDestroy: { id: 7, body: record({ osd: osdIdCodec, confirm: bool }) },
  osdPurge: { id: 8, body: record({ osd: osdIdCodec, confirm: bool }) },
  osdLost: { id: 9, body: record({ osd: osdIdCodec, confirm: bool }) },
  osdSafeToDestroy: { id: 10, body: record({ osds }) },
  osdOkToStop: { id: 11, body: record({ osds }) },

  poolCreate: {
    id: 20,
    body: record({
      name: str,
      pgNum: optional(u32),
      size: optional(u32),
      minSize: optional(u32),
      /** By its name; without it the first one for replicated pools. */
      rule: optional(str),
      application: str,
      confirm: bool,
    }),
  },
  poolDelete: { id: 21, body: record({ name: str, nameAgain: str, confirm: bool }) },
  poolRename: { id: 22, body: record({ from: str, to: str }) },
  /** What is not given stays. */
  poolSet: {
    id: 23,
    body: record({
      name: str,
      size: optional(u32),
      minSize: optional(u32),
      rule: optional(str),
      application: optional(str),
      nodelete: optional(bool),
      quotaBytes: optional(u53),
      quotaObjects: optional(u53),
      confirm: bool,
    }),
  },

  crushAddBucket: {
    id: 30,
    body: record({ name: str, bucketType: str, parent: optional(str) }),
  },
  crushAdd: {
    id: 31,
    body: record({ osd: osdIdCodec, weight: f64, parent: str, deviceClass: optional(str) }),
  },
  crushMove: { id: 32, body: record({ item: str, parent: str }) },
  crushLink: { id: 33, body: record({ item: str, parent: str }) },
  crushUnlink: { id: 34, body: record({ item: str, parent: str }) },
  crushRemove: { id: 35, body: record({ item: str }) },
  crushRename: { id: 36, body: record({ from: str, to: str }) },
  crushSwap: { id: 37, body: record({ first: str, second: str }) },
  /** Of a bucket, every device below it. */
  crushReweight: { id: 38, body: record({ item: str, weight: f64 }) },
  crushSetDeviceClass: { id: 39, body: record({ osds, deviceClass: str }) },
  crushRemoveDeviceClass: { id: 40, body: record({ osds }) },
  crushCreateRule: {
    id: 41,
    body: record({
      name: str,
      ruleType,
      root: str,
      failureDomain: str,
      deviceClass: optional(str),
    }),
  },
  crushRemoveRule: { id: 42, body: record({ name: str }) },
  crushTunables: { id: 43, body: record({ profile: str }) },
  /** A whole map, in its text or its binary form. */
  crushSetMap: { id: 44, body: record({ map: bytes }) },

  flagSet: { id: 50, body: record({ flags }) },
  flagUnset: { id: 51, body: record({ flags }) },
  ratiosSet: {
    id: 52,
    body: record({ nearfull: optional(f64), backfillfull: optional(f64), full: optional(f64) }),
  },
  /** For an hour if not given. */
  blocklistAdd: { id: 53, body: record({ address: str, durationMs: optional(u53) }) },
  blocklistRemove: { id: 54, body: record({ address: str }) },

  upmapSet: {
    id: 60,
    body: record({ pg: pgIdCodec, osds: list(osdIdCodec, { max: UPMAP_ROW_MAX }) }),
  },
  upmapRemove: { id: 61, body: record({ pg: pgIdCodec }) },
  upmapItemsSet: {
    id: 62,
    body: record({ pg: pgIdCodec, items: list(upmapPair, { max: UPMAP_ROW_MAX }) }),
  },
  upmapItemsRemove: { id: 63, body: record({ pg: pgIdCodec }) },
  /** Of its temporary acting set and primary; for repair, its primary asks again where it needs them. */
  pgTempClear: { id: 64, body: record({ pg: pgIdCodec }) },

  undo: { id: 70, body: record({ epoch: epochCodec }) },
} as const;

export const commandCodec = union(COMMANDS);
export type Command = TypeOf<typeof commandCodec>;
export type CommandName = Command["type"];
export type CommandOf<Name extends CommandName> = Extract<Command, { readonly type: Name }>;

/** Answered with `commandDone`, or with `refused` or `notController` of osd-report.ts. */
export const COMMAND_MESSAGES = {
  command: {
    id: 0x0340,
    body: versioned(1, record({ requestId: shortText, author: shortText, command: commandCodec })),
  },
  commandDone: {
    id: 0x0341,
    body: versioned(
      1,
      record({
        /** The map of that epoch has it. */
        epoch: epochCodec,
        text: str,
        /** What the command found out or made, for programs. */
        json: optional(str),
      }),
    ),
  },
} as const;
