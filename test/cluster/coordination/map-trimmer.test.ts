import { beforeEach, describe, expect, test } from "vitest";
import { present } from "../../../cluster/base/assert.ts";
import { utf8 } from "../../../cluster/base/bytes.ts";
import { epoch } from "../../../cluster/base/ids.ts";
import { readNewestMap } from "../../../cluster/coordination/map-reader.ts";
import { type TrimOutcome, trimMap } from "../../../cluster/coordination/map-trimmer.ts";
import { type Controller, changed, MapWorld } from "./map-world.ts";

let world: MapWorld;
beforeEach(async () => {
  world = await MapWorld.start();
});

function trim({ client, election }: Controller, below: number): Promise<TrimOutcome> {
  const check = present(election.check(), "it leads");
  return world.until(trimMap({ client, check }, epoch(below)));
}

const numbersAt = (path: string): number[] =>
  world.server
    .children(path)
    .map(Number)
    .toSorted((left, right) => left - right);
const from = (first: number, last: number): number[] =>
  Array.from({ length: last - first + 1 }, (_, index) => first + index);

async function readable(expected: Controller): Promise<void> {
  const { map } = await world.until(readNewestMap(world.tree()));
  expect(map).toEqual(expected.map);
}

describe("trimming", () => {
  test.each([
    [0, 0, 1, [1, 6, 11, 16]],
    [1, 1, 1, [1, 6, 11, 16]],
    [5, 1, 2, [1, 6, 11, 16]],
    [6, 6, 6, [6, 11, 16]],
    [13, 11, 12, [11, 16]],
    [17, 16, 17, [16]],
    [1000, 16, 17, [16]],
  ])("below %i keeps all from the checkpoint %i on", async (below, floor, first, checkpoints) => {
    const controller = await world.controller({ checkpointEpochs: 5 });
    await world.publish(controller, 18);
    expect(numbersAt("/kelp/map/full")).toEqual([1, 6, 11, 16]);
    expect(await trim(controller, below)).toMatchObject({ type: "trimmed", floor });
    expect(numbersAt("/kelp/map/inc")).toEqual(from(first, 18));
    expect(numbersAt("/kelp/map/undo")).toEqual(from(first, 18));
    expect(numbersAt("/kelp/map/full")).toEqual(checkpoints);
    await readable(controller);
    await world.publish(controller, 1);
    await readable(controller);
  });

  test("takes chunks along, and those of attempts that came to nothing", async () => {
    const controller = await world.controller({ checkpointEpochs: 2 });
    await world.publish(controller, 4, 600_000);
    const orphan = "/kelp/map/chunk/4-lost-0";
    world.server.change(orphan, utf8("x"));
    world.server.change("/kelp/map/chunk/5-soon-0", utf8("x"));
    world.server.change("/kelp/map/chunk/foreign", utf8("x"));
    await trim(controller, 4);
    const chunks = world.server.children("/kelp/map/chunk");
    expect(chunks.filter((name) => name.startsWith("4-"))).toHaveLength(3);
    expect(chunks.map((name) => name.split("-", 1)[0])).toEqual(
      expect.arrayContaining(["4", "5", "foreign"]),
    );
    expect(chunks).not.toContain("4-lost-0");
    expect(chunks.some((name) => /^[123]-/.test(name))).toBe(false);
    await readable(controller);
  });

  test("removes checkpoints that nobody finished, but not one that may be being written", async () => {
    const controller = await world.controller({ checkpointEpochs: 5 });
    await world.publish(controller, 7);
    for (const path of [
      "/kelp/map/full/4",
      "/kelp/map/full/4/0",
      "/kelp/map/full/7",
      "/kelp/map/full/7/0",
    ]) {
      world.server.change(path, utf8(""));
    }
    await trim(controller, 1);
    expect(numbersAt("/kelp/map/full")).toEqual([1, 6, 7]);
  });

  test("keeps everything while there is no checkpoint", async () => {
    const controller = await world.controller();
    await world.publish(controller, 1);
    expect(await trim(controller, 2)).toMatchObject({ type: "trimmed", floor: 0, removed: 0 });
    expect(numbersAt("/kelp/map/inc")).toEqual([1]);
  });

  test("of much goes in many steps, and is finished by another where it ended", async () => {
    const controller = await world.controller({ checkpointEpochs: 100 });
    await world.publish(controller, 205);
    let multis = 0;
    world.server.losesRequest = ({ op }) => {
      if (op === "multi" && ++multis === 2) world.server.expire(controller.client.sessionId);
      return false;
    };
    expect(await trim(controller, 202)).toEqual({ type: "deposed" });
    const left = numbersAt("/kelp/map/inc");
    expect(left.length).toBe(105);
    await world.until(controller.election.stop());
    const second = await world.controller();
    await readable(second);
    expect(await trim(second, 202)).toMatchObject({ type: "trimmed", floor: 201 });
    expect(multis).toBeGreaterThan(3);
    expect(numbersAt("/kelp/map/inc")).toEqual(from(202, 205));
    expect(numbersAt("/kelp/map/undo")).toEqual(from(202, 205));
    await readable(second);
  });

  test.each(["losesRequest", "losesReply"] as const)(
    "goes on when a connection %s",
    async (loses) => {
      const controller = await world.controller({ checkpointEpochs: 5 });
      await world.publish(controller, 12);
      let left = 2;
      world.server[loses] = ({ op }) => op === "multi" && left-- > 0;
      expect(await trim(controller, 12)).toMatchObject({ type: "trimmed", floor: 11 });
      expect(numbersAt("/kelp/map/inc")).toEqual([12]);
    },
  );

  test("passes over what somebody else removed", async () => {
    const controller = await world.controller({ checkpointEpochs: 5 });
    await world.publish(controller, 12);
    let isFirst = true;
    world.server.losesRequest = ({ op }) => {
      if (op === "multi" && isFirst) world.server.change("/kelp/map/inc/3", undefined);
      if (op === "multi") isFirst = false;
      return false;
    };
    expect(await trim(controller, 12)).toMatchObject({ type: "trimmed", floor: 11 });
    expect(numbersAt("/kelp/map/inc")).toEqual([12]);
  });

  test("is not done by one that was deposed", async () => {
    const first = await world.controller({ checkpointEpochs: 5 });
    await world.publish(first, 12);
    const check = present(first.election.check(), "it led");
    await world.depose(first);
    await world.controller();
    const late = trimMap({ client: first.client, check }, epoch(12));
    expect(await world.until(late)).toEqual({ type: "deposed" });
    expect(numbersAt("/kelp/map/inc")).toEqual(from(1, 12));
  });
});

test("readers find the map while it is published and trimmed", async () => {
  const controller = await world.controller({ checkpointEpochs: 3 });
  await world.publish(controller, 1);
  let isOver = false;
  const reader = (async (): Promise<number> => {
    const client = world.tree();
    let reads = 0;
    for (let last = 0; !isOver; reads++) {
      const { map } = await readNewestMap(client);
      expect(map.epoch).toBeGreaterThanOrEqual(last);
      last = map.epoch;
    }
    return reads;
  })();
  for (let round = 0; round < 30; round++) {
    const publication = changed(controller.map, { osd: round % 7, host: `r${round}` });
    expect(await world.until(controller.publisher.publish(publication))).toBe("published");
    controller.map = publication.map;
    await trim(controller, controller.map.epoch);
  }
  isOver = true;
  expect(await world.until(reader)).toBeGreaterThan(20);
  await readable(controller);
});
