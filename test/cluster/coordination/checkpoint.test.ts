import { beforeEach, describe, expect, test } from "vitest";
import { present } from "../../../cluster/base/assert.ts";
import { epoch, osdId } from "../../../cluster/base/ids.ts";
import { readCheckpoint, writeCheckpoint } from "../../../cluster/coordination/checkpoint.ts";
import type { Mandate } from "../../../cluster/coordination/guarded-write.ts";
import { PIECE_SIZE_MAX } from "../../../cluster/coordination/map-nodes.ts";
import { NEW_OSD } from "../../../cluster/map/osd-info.ts";
import type { OsdMap } from "../../../cluster/map/osd-map.ts";
import { EMPTY_MAP } from "../../../cluster/map/osd-map-delta.ts";
import { ACL, type Controller, MapWorld, publicationOf } from "./map-world.ts";

let world: MapWorld;
let controller: Controller;
let mandate: Mandate;
beforeEach(async () => {
  world = await MapWorld.start();
  controller = await world.controller();
  const { client, election } = controller;
  mandate = { client, check: present(election.check(), "it leads") };
});

/** So many OSDs, whose hosts have names of that size. */
function mapOf(count: number, size: number): OsdMap {
  const osds = new Map(
    Array.from({ length: count }, (_, id) => [
      osdId(id),
      { ...NEW_OSD, host: String(id).padEnd(size, "x") },
    ]),
  );
  return publicationOf(EMPTY_MAP, { ...EMPTY_MAP, osds }, "many").map;
}

const write = (map: OsdMap): Promise<boolean> => world.until(writeCheckpoint(mandate, map, ACL));
const read = (): Promise<OsdMap | undefined> =>
  world.until(readCheckpoint(controller.client, epoch(1)));

describe("a checkpoint", () => {
  test.each([
    ["of few rows", 1, 10, 1],
    ["of many rows that share pieces", 5_000, 150, 4],
    ["of a row larger than pieces", 1, 3 * PIECE_SIZE_MAX, 4],
  ])("%s gives the map back", async (_, count, size, pieces) => {
    const map = mapOf(count, size);
    expect(await write(map)).toBe(true);
    expect(world.server.children("/kelp/map/full/1").length).toBeGreaterThanOrEqual(pieces);
    expect(await read()).toEqual(map);
  });

  test("that is not there, or not whole yet, is none", async () => {
    expect(await read()).toBeUndefined();
    let count = 0;
    world.server.losesRequest = ({ op }) => {
      if (op === "multi" && ++count === 3) world.server.expire(controller.client.sessionId);
      return false;
    };
    expect(await write(mapOf(1, 3 * PIECE_SIZE_MAX))).toBe(false);
    expect(world.server.children("/kelp/map/full/1").length).toBeGreaterThan(0);
    expect(await read()).toBeUndefined();
  });

  test("is written although answers are lost", async () => {
    let count = 0;
    world.server.losesReply = ({ op }) => op === "multi" && ++count % 2 === 0;
    const map = mapOf(1, 2 * PIECE_SIZE_MAX);
    expect(await write(map)).toBe(true);
    expect(await read()).toEqual(map);
  });

  test.each([
    ["a piece is missing", (): void => world.server.change("/kelp/map/full/1/1", undefined)],
  ])("of which %s is none", async (_, damage) => {
    await write(mapOf(1, 2 * PIECE_SIZE_MAX));
    damage();
    expect(await read()).toBeUndefined();
  });

  test.each(["/kelp/map/full/1/0", "/kelp/map/full/1/1", "/kelp/map/full/1"])(
    "with a byte of %s flipped is refused",
    async (path) => {
      await write(mapOf(1, 2 * PIECE_SIZE_MAX));
      const data = Uint8Array.from(present(world.server.nodes.get(path), path).data);
      data[5] = (data[5] ?? 0) ^ 0x40;
      world.server.change(path, data);
      await expect(read()).rejects.toMatchObject({ name: "CodecError" });
    },
  );
});
