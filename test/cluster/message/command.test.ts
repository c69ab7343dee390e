import { expect, test } from "vitest";
import { AssertionError } from "../../../cluster/base/assert.ts";
import { utf8 } from "../../../cluster/base/bytes.ts";
import { epoch, osdId, poolId } from "../../../cluster/base/ids.ts";
import {
  COMMAND_MESSAGES,
  COMMAND_NAME_LENGTH_MAX,
  type Command,
  commandCodec,
} from "../../../cluster/message/command.ts";
import { CONTROLLER_ANSWERS, OSD_REPORTS } from "../../../cluster/message/osd-report.ts";
import { decode, encode } from "../../../cluster/wire/codec.ts";
import { CodecError } from "../../../cluster/wire/codec-error.ts";
import { createRegistry } from "../../../cluster/wire/registry.ts";
import { Writer } from "../../../cluster/wire/writer.ts";

const osds = [osdId(1), osdId(2)];
const osd = osdId(3);
const pg = { pool: poolId(1), seed: 7 };

const EXAMPLES: Command[] = [
  { type: "osdNew", uuid: "a", osd },
  { type: "osdIn", osds },
  { type: "osdOut", osds },
  { type: "osdDown", osds },
  { type: "osdReweight", osd, weight: 0.5 },
  { type: "osdPrimaryAffinity", osd, affinity: 0.5 },
  { type: "osdDestroy", osd, confirm: true },
  { type: "osdPurge", osd, confirm: false },
  { type: "osdLost", osd, confirm: true },
  { type: "osdSafeToDestroy", osds },
  { type: "osdOkToStop", osds },
  {
    type: "poolCreate",
    name: "rbd",
    pgNum: 8,
    size: 3,
    minSize: 2,
    rule: "r",
    application: "s3",
    confirm: false,
  },
  { type: "poolDelete", name: "rbd", nameAgain: "rbd", confirm: true },
  { type: "poolRename", from: "a", to: "b" },
  {
    type: "poolSet",
    name: "rbd",
    size: 3,
    minSize: 2,
    rule: "r",
    application: "s3",
    nodelete: true,
    quotaBytes: 2 ** 50,
    quotaObjects: 5,
    confirm: false,
  },
  { type: "crushAddBucket", name: "h", bucketType: "host", parent: "default" },
  { type: "crushAdd", osd, weight: 1, parent: "h", deviceClass: "ssd" },
  { type: "crushMove", item: "a", parent: "b" },
  { type: "crushLink", item: "a", parent: "b" },
  { type: "crushUnlink", item: "a", parent: "b" },
  { type: "crushRemove", item: "a" },
  { type: "crushRename", from: "a", to: "b" },
  { type: "crushSwap", first: "a", second: "b" },
  { type: "crushReweight", item: "a", weight: 2 },
  { type: "crushSetDeviceClass", osds, deviceClass: "ssd" },
  { type: "crushRemoveDeviceClass", osds },
  {
    type: "crushCreateRule",
    name: "r",
    ruleType: "erasure",
    root: "default",
    failureDomain: "host",
    deviceClass: "ssd",
  },
  { type: "crushRemoveRule", name: "r" },
  { type: "crushTunables", profile: "jewel" },
  { type: "crushSetMap", map: utf8("type 0 osd") },
  { type: "flagSet", flags: ["noout", "pause"] },
  { type: "flagUnset", flags: [] },
  { type: "ratiosSet", nearfull: 0.8, backfillfull: 0.9, full: 0.95 },
  { type: "blocklistAdd", address: "a:1/2", durationMs: 5 },
  { type: "blocklistRemove", address: "a:1/2" },
  { type: "upmapSet", pg, osds },
  { type: "upmapRemove", pg },
  { type: "upmapItemsSet", pg, items: [{ from: osdId(1), to: osdId(2) }] },
  { type: "upmapItemsRemove", pg },
  { type: "pgTempClear", pg },
  { type: "undo", epoch: epoch(12) },
];

test.each(EXAMPLES)("$type comes back from its bytes", (command) => {
  expect(decode(commandCodec, encode(commandCodec, command))).toEqual(command);
});

test("there is an example of every command, each with another number", () => {
  const numbers = EXAMPLES.map((command) => encode(commandCodec, command)[0] as number);
  expect(new Set(numbers).size).toBe(EXAMPLES.length);
  const used = Array.from({ length: 256 }, (_, number) => number).filter((number) => {
    try {
      decode(commandCodec, Uint8Array.of(number));
      return true;
    } catch (error) {
      if (!(error instanceof CodecError)) throw error;
      return error.code !== "UNKNOWN_TYPE";
    }
  });
  expect(used).toEqual(numbers.toSorted((left, right) => left - right));
});

test("what is not given comes back as not given", () => {
  const command: Command = { type: "poolSet", name: "rbd", confirm: false };
  const back = decode(commandCodec, encode(commandCodec, command));
  expect(back).toMatchObject({ size: undefined, rule: undefined, quotaBytes: undefined });
});

const registry = createRegistry({ ...OSD_REPORTS, ...CONTROLLER_ANSWERS, ...COMMAND_MESSAGES });

test("a command and its answer are messages beside the reports of OSDs", () => {
  const messages = [
    { type: "command", requestId: "r1", author: "client.admin", command: EXAMPLES[0] as Command },
    { type: "commandDone", epoch: epoch(4), text: "set noout", json: "{}" },
  ] as const;
  const ids = messages.map((message) => {
    const out = new Writer(64);
    const id = registry.encode(out, message);
    expect(registry.decode(id, out.finish())).toEqual(message);
    return id;
  });
  expect(ids).toEqual([0x0340, 0x0341]);
});

test("the names that stay in the history are short", () => {
  const author = "x".repeat(COMMAND_NAME_LENGTH_MAX + 1);
  const command = { type: "undo", epoch: epoch(1) } as const;
  const message = { type: "command", requestId: "r", author, command } as const;
  expect(() => registry.encode(new Writer(64), message)).toThrow(AssertionError);
});
