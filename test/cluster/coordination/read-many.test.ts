import { expect, test } from "vitest";
import { textOf, utf8 } from "../../../cluster/base/bytes.ts";
import { readAny, readMany } from "../../../cluster/coordination/read-many.ts";
import { MapWorld } from "./map-world.ts";

test("nodes are read in the order of their paths, however many", async () => {
  const world = await MapWorld.start();
  const names = Array.from({ length: 100 }, (_, index) => `${index}`);
  for (const name of names) world.server.change(`/kelp/osd/${name}`, utf8(name));
  const client = world.tree();
  const paths = names.toReversed().map((name) => `/kelp/osd/${name}`);
  const all = await world.until(readMany(client, paths));
  expect(all?.map(textOf)).toEqual(names.toReversed());
  world.server.change("/kelp/osd/7", undefined);
  expect(await world.until(readMany(client, paths))).toBeUndefined();
  const any = await world.until(readAny(client, paths));
  expect(any.flatMap((data, index) => (data === undefined ? [paths[index]] : []))).toEqual([
    "/kelp/osd/7",
  ]);
  expect(await world.until(readMany(client, []))).toEqual([]);
});
