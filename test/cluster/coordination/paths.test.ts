import fc from "fast-check";
import { expect, test } from "vitest";
import { epoch } from "../../../cluster/base/ids.ts";
import {
  checkpointPath,
  checkpointPiecePath,
  chunkPath,
  configPath,
  DIRECTORIES,
  epochOfName,
  eventPath,
  incPath,
  PATHS,
  undoPath,
} from "../../../cluster/coordination/paths.ts";
import { nameOf, parentOf, pathProblem } from "../../../cluster/zookeeper/path.ts";

test("everything stands where others look for it", () => {
  expect([incPath(epoch(7)), undoPath(epoch(7))]).toEqual(["/kelp/map/inc/7", "/kelp/map/undo/7"]);
  expect(checkpointPath(epoch(7))).toBe("/kelp/map/full/7");
  expect(checkpointPiecePath(epoch(7), 0)).toBe("/kelp/map/full/7/0");
  expect(chunkPath("7-a-0")).toBe("/kelp/map/chunk/7-a-0");
  expect(configPath("osd.3")).toBe("/kelp/config/osd.3");
  expect(eventPath("1.2")).toBe("/kelp/event/1.2");
});

test("directories come after what they stand in, and paths are paths", () => {
  for (const [index, path] of DIRECTORIES.entries()) {
    expect(pathProblem(path)).toBeUndefined();
    const above = parentOf(path);
    if (above !== "/") expect(DIRECTORIES.slice(0, index)).toContain(above);
  }
  const leaves: string[] = [PATHS.cluster, PATHS.mapEpoch];
  expect(Object.values(PATHS).toSorted()).toEqual([...DIRECTORIES, ...leaves].toSorted());
});

test("an epoch is known by its name", () => {
  fc.assert(
    fc.property(fc.nat({ max: Number.MAX_SAFE_INTEGER }), (value) => {
      expect(epochOfName(nameOf(incPath(epoch(value))))).toBe(value);
    }),
  );
  const others = ["", "-1", "01", "1.0", "1e3", " 1", "a", "99999999999999999"];
  expect(others.map(epochOfName)).toEqual(others.map(() => undefined));
});
