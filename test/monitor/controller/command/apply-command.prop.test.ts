/** What must be true of every command, in random runs of them on random maps. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { utf8 } from "../../../../cluster/base/bytes.ts";
import { type Epoch, epoch, osdId, poolId } from "../../../../cluster/base/ids.ts";
import { mapProblems } from "../../../../cluster/map/map-problems.ts";
import type { OsdInfo } from "../../../../cluster/map/osd-info.ts";
import { MAP_FLAGS, type OsdMap } from "../../../../cluster/map/osd-map.ts";
import { applyDelta, deltaOf, digestOf, editOf } from "../../../../cluster/map/osd-map-delta.ts";
import { placementOf } from "../../../../cluster/map/osd-map-placement.ts";
import { SECTIONS } from "../../../../cluster/map/osd-map-sections.ts";
import { pgTable } from "../../../../cluster/map/pg-table.ts";
import { type Inverse, inverseOf, undo } from "../../../../cluster/map/undo.ts";
import { type Command, commandCodec } from "../../../../cluster/message/command.ts";
import { decode, encode } from "../../../../cluster/wire/codec.ts";
import { encodeBinary } from "../../../../crush/binary.ts";
import { TUNABLES_PROFILES } from "../../../../crush/tunables.ts";
import { applyCommand } from "../../../../monitor/controller/command/apply-command.ts";
import { osdMapWorld } from "../../../cluster/map/osd-map-world.ts";
import { crushText, osdCountOf, RULES } from "../../../cluster/map/world.ts";
import { cleanReports, contextOf } from "./desk.ts";

const { KELP_LONG } = process.env;
const RUNS = KELP_LONG === "1" ? 2_000 : 120;

const OSD_MAX = 6;
const osd = fc.nat(OSD_MAX).map(osdId);
const osds = fc.array(osd, { maxLength: 3 });
const pg = fc.record({ pool: fc.constantFrom(1, 1, 2, 3).map(poolId), seed: fc.nat(8) });
const share = fc.constantFrom(0, 0.25, 0.5, 1, 1, 1.5);
const confirm = fc.constantFrom(true, true, false);
const poolName = fc.constantFrom("pool1", "pool1", "pool2", "pool2", "new", "");
const item = fc.constantFrom(
  ...["osd.0", "osd.1", "osd.2", "osd.5", "host0", "host1", "host2", "rack0", "rack1"],
  ...["default", "extra", "spare", "default~ssd", "nothing"],
);
const bucket = fc.constantFrom("host0", "host1", "host2", "rack0", "rack1", "default", "extra");
const fresh = fc.constantFrom("extra", "spare", "host0", "a b");
const deviceClass = fc.constantFrom("ssd", "hdd");
const rule = fc.constantFrom("replicated", "erasure", "mine", "yours");
const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });
const pair = fc.record({ from: osd, to: osd });
const flags = fc.array(fc.constantFrom(...MAP_FLAGS), { maxLength: 2 });
const ratio = maybe(fc.constantFrom(0.5, 0.8, 0.9, 0.99));
const wholeMap = fc.oneof(
  fc.constantFrom(
    ...Object.values(RULES).map((steps) => utf8(crushText({ racks: 2, hosts: 2, osds: 1 }, steps))),
  ),
  fc
    .integer({ min: 1, max: 3 })
    .map((hosts) => encodeBinary(osdMapWorld({ racks: 2, hosts, osds: 2 }).crush)),
  fc.uint8Array({ maxLength: 8 }),
);

const named = <Name extends Command["type"], F extends object>(
  type: Name,
  fields: { [K in keyof F]: fc.Arbitrary<F[K]> },
) => fc.record({ type: fc.constant(type), ...fields });

const commands = fc.oneof(
  named("osdNew", { uuid: fc.constantFrom("a", "b", "c"), osd: maybe(osd) }),
  named("osdIn", { osds }),
  named("osdOut", { osds }),
  named("osdDown", { osds }),
  named("osdReweight", { osd, weight: share }),
  named("osdPrimaryAffinity", { osd, affinity: share }),
  named("osdDestroy", { osd, confirm }),
  named("osdPurge", { osd, confirm }),
  named("osdLost", { osd, confirm }),
  named("osdSafeToDestroy", { osds }),
  named("osdOkToStop", { osds }),
  named("poolCreate", {
    name: poolName,
    pgNum: maybe(fc.integer({ min: 0, max: 9 })),
    size: maybe(fc.integer({ min: 0, max: 12 })),
    minSize: maybe(fc.integer({ min: 0, max: 4 })),
    rule: maybe(rule),
    application: fc.constant("s3"),
    confirm,
  }),
  named("poolDelete", { name: poolName, nameAgain: poolName, confirm }),
  fc.constantFrom("pool2", "new").map((name) => ({
    type: "poolDelete" as const,
    name,
    nameAgain: name,
    confirm: true,
  })),
  named("poolRename", { from: poolName, to: poolName }),
  named("poolSet", {
    name: poolName,
    size: maybe(fc.integer({ min: 0, max: 12 })),
    minSize: maybe(fc.integer({ min: 0, max: 4 })),
    rule: maybe(rule),
    application: maybe(fc.constantFrom("s3", "rbd")),
    nodelete: maybe(fc.boolean()),
    quotaBytes: maybe(fc.nat(5)),
    confirm,
  }),
  named("crushAddBucket", {
    name: fresh,
    bucketType: fc.constantFrom("host", "rack", "root", "osd", "row"),
    parent: maybe(bucket),
  }),
  named("crushAdd", { osd, weight: share, parent: bucket, deviceClass: maybe(deviceClass) }),
  named("crushMove", { item, parent: bucket }),
  named("crushLink", { item, parent: bucket }),
  named("crushUnlink", { item, parent: bucket }),
  named("crushRemove", { item }),
  named("crushRename", { from: bucket, to: fresh }),
  named("crushSwap", { first: bucket, second: bucket }),
  named("crushReweight", { item, weight: fc.constantFrom(0, 1, 2.5, 101) }),
  named("crushSetDeviceClass", { osds, deviceClass }),
  named("crushRemoveDeviceClass", { osds }),
  named("crushCreateRule", {
    name: rule,
    ruleType: fc.constantFrom("replicated" as const, "erasure" as const),
    root: bucket,
    failureDomain: fc.constantFrom("osd", "host", "rack", "row"),
    deviceClass: maybe(deviceClass),
  }),
  named("crushRemoveRule", { name: rule }),
  named("crushTunables", { profile: fc.constantFrom(...TUNABLES_PROFILES.keys(), "x") }),
  named("crushSetMap", { map: wholeMap }),
  named("flagSet", { flags }),
  named("flagUnset", { flags }),
  named("ratiosSet", { nearfull: ratio, backfillfull: ratio, full: ratio }),
  named("blocklistAdd", { address: fc.constantFrom("a:1", "b:2"), durationMs: maybe(fc.nat(9)) }),
  named("blocklistRemove", { address: fc.constantFrom("a:1", "b:2") }),
  named("upmapSet", { pg, osds }),
  named("upmapRemove", { pg }),
  named("upmapItemsSet", { pg, items: fc.array(pair, { maxLength: 2 }) }),
  named("upmapItemsRemove", { pg }),
  named("pgTempClear", { pg }),
  named("undo", { epoch: fc.nat(12).map(epoch) }),
) as fc.Arbitrary<Command>;

const maps = fc
  .record({
    racks: fc.integer({ min: 1, max: 2 }),
    hosts: fc.integer({ min: 2, max: 3 }),
    osds: fc.integer({ min: 1, max: 2 }),
    rule: fc.constantFrom(...Object.values(RULES)),
    size: fc.integer({ min: 1, max: 4 }),
    down: fc.array(fc.nat(OSD_MAX), { maxLength: 2 }),
    out: fc.array(fc.nat(OSD_MAX), { maxLength: 2 }),
    upmaps: fc.array(fc.tuple(fc.nat(7), pair), { maxLength: 3 }),
    temporary: fc.array(fc.tuple(fc.nat(7), osd), { maxLength: 2 }),
  })
  .map(({ rule: steps, size, down, out, upmaps, temporary, ...tree }) => {
    const here = (seed: number) => ({ pool: poolId(1), seed });
    const isThere = (id: number) => id < osdCountOf(tree);
    const pairs = upmaps.filter(([, { from, to }]) => isThere(from) && isThere(to));
    const rows = temporary.filter(([, one]) => isThere(one));
    return osdMapWorld(tree, {
      steps,
      pools: [{ pgNum: 8, size }, { pgNum: 4 }],
      osd: (id) => ({
        up: !down.includes(id),
        ...(down.includes(id) && { downAt: epoch(1) }),
        ...(out.includes(id) && { weight: 0, weightBeforeOut: 0x8000 }),
      }),
      edit: (map) => ({
        ...map,
        pgUpmap: pgTable(rows.map(([seed, one]) => [here(seed), [one]])),
        pgUpmapItems: pgTable(pairs.map(([seed, one]) => [here(seed), [one]])),
        pgTemp: pgTable(rows.map(([seed, one]) => [here(seed), [one]])),
        primaryTemp: pgTable(rows.map(([seed, one]) => [here(seed), one])),
      }),
    });
  });

interface Step {
  readonly command: Command;
  readonly isPublished: boolean;
}

const runs = fc.record({
  start: maps,
  steps: fc.array(fc.record<Step>({ command: commands, isPublished: fc.boolean() }), {
    minLength: 1,
    maxLength: 12,
  }),
});

/** Calls `look` with each command and the drafts before and after it; they are the same one if it was refused. */
function checkRuns(look: (before: OsdMap, command: Command, after: OsdMap) => void): void {
  fc.assert(
    fc.property(runs, ({ start, steps }) => {
      const history = new Map<Epoch, Inverse>();
      let published = start;
      let draft = start;
      for (const { command, isPublished } of steps) {
        const context = contextOf({
          settings: { poolDefaultSize: 3, poolDeleteAllowed: true, pgsPerOsdMax: 250 },
          stats: { reports: () => cleanReports(published) },
          inverseOf: (of) => history.get(of),
        });
        // As it arrives, so that nothing is tried that no operator could send.
        const sent = decode(commandCodec, encode(commandCodec, command));
        const result = applyCommand(draft, sent, context);
        const after = result.type === "edit" ? result.map : draft;
        look(draft, sent, after);
        draft = after;
        const edit = isPublished ? editOf(published, draft) : undefined;
        if (edit === undefined) continue;
        history.set(edit.map.epoch, inverseOf(edit.changes));
        published = edit.map;
        draft = edit.map;
      }
    }),
    { numRuns: RUNS },
  );
}

test("no command gives a map that must not be published, or that nothing can be placed by", () => {
  checkRuns((_, __, after) => {
    expect(mapProblems(after)).toEqual([]);
    const placement = placementOf(after);
    for (const id of after.pools.keys()) placement.mapPool(id, "acting");
  });
});

test("no command changes the map that it was given, or its epoch", () => {
  const digests = new WeakMap<OsdMap, bigint>();
  checkRuns((before, _, after) => {
    expect(digestOf(before)).toBe(digests.get(before) ?? digestOf(before));
    digests.set(after, digestOf(after));
    expect([after.epoch, after.digest]).toEqual([before.epoch, before.digest]);
  });
});

test("what a command changed is told by rows, and one that changed none gives the same draft", () => {
  checkRuns((before, _, after) => {
    const base = { ...before, digest: digestOf(before) };
    const edit = editOf(base, { ...after, digest: base.digest });
    if (edit === undefined) expect(after).toBe(before);
    else expect(applyDelta(base, deltaOf(edit.changes)).digest).toBe(digestOf(edit.map));
  });
});

/** Which commands may change a fact; whatever is not listed changes none. */
const OSD_FACTS: Partial<Record<keyof OsdInfo, readonly Command["type"][]>> = {
  uuid: ["osdNew", "osdDestroy"],
  destroyed: ["osdNew", "osdDestroy"],
  born: ["osdDestroy"],
  address: ["osdDestroy"],
  heartbeatAddress: ["osdDestroy"],
  fullness: ["osdDestroy"],
  up: ["osdDown"],
  downAt: ["osdDown"],
  lostAt: ["osdLost"],
  weightBeforeOut: ["osdIn", "osdOut", "osdReweight"],
  isNew: ["osdIn", "osdOut", "osdReweight"],
};

const MAP_FACTS: Partial<Record<keyof OsdMap, readonly Command["type"][]>> = {
  pools: ["poolCreate", "poolDelete"],
  poolIdMax: ["poolCreate"],
  creating: ["poolCreate", "poolDelete"],
  pgTemp: ["pgTempClear", "poolSet", "poolDelete", "osdPurge", "undo"],
  primaryTemp: ["pgTempClear", "poolDelete", "osdPurge"],
  blocklist: ["blocklistAdd", "blocklistRemove"],
};

test("no command changes a fact that is not its own", () => {
  checkRuns((before, { type }, after) => {
    for (const [fact, owners] of Object.entries(MAP_FACTS)) {
      const field = fact as keyof OsdMap;
      if (owners.includes(type) || after[field] === before[field]) continue;
      expect(after[field]).toEqual(before[field]);
    }
    for (const [id, info] of before.osds) {
      const now = after.osds.get(id);
      if (now === undefined) {
        expect([type, info.up]).toEqual(["osdPurge", false]);
        continue;
      }
      const fields = Object.keys(info) as (keyof OsdInfo)[];
      const strange = fields.filter(
        (field) => now[field] !== info[field] && OSD_FACTS[field]?.includes(type) !== true,
      );
      expect([strange, now.up && !info.up]).toEqual([[], false]);
    }
    for (const id of after.osds.keys()) {
      if (!before.osds.has(id)) expect([type, after.osds.get(id)?.up]).toEqual(["osdNew", false]);
    }
  });
});

test("no pool gets an id that was ever used, and its kind never changes", () => {
  checkRuns((before, _, after) => {
    expect(after.poolIdMax).toBeGreaterThanOrEqual(before.poolIdMax);
    for (const [id, facts] of after.pools) {
      if (!before.pools.has(id)) expect(id).toBeGreaterThan(before.poolIdMax);
      else expect(facts).toEqual(before.pools.get(id));
    }
  });
});

/** They make or remove what facts speak of, so that undoing them is refused. */
const IRREVERSIBLE: readonly Command["type"][] = ["osdNew", "osdPurge", "poolCreate", "poolDelete"];

test("whatever a command did to intent can be undone at once, and then is as it was", () => {
  let undoneCount = 0;
  checkRuns((before, { type }, after) => {
    const edit = editOf(before, after);
    if (edit === undefined) return;
    const result = undo(edit.map, inverseOf(edit.changes));
    if (result.type === "refused") {
      expect(IRREVERSIBLE).toContain(type);
      return;
    }
    const left = SECTIONS.filter(({ isIntent }) => isIntent).flatMap((section) => [
      ...section.changes(before, result.map),
    ]);
    expect(left).toEqual([]);
    undoneCount += 1;
  });
  expect(undoneCount).toBeGreaterThan(20);
});
