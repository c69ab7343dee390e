/** Recorded results of Ceph 16.2.15's osdmaptool: every PG and object of its maps. */
import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { answerOsdmap, type OsdmapJson } from "../../../cli/crush/osdmap-vectors.ts";

interface Vectors {
  readonly mapText: string;
  readonly osdmap: OsdmapJson;
  readonly pgs: unknown;
  readonly objects: readonly (readonly [pool: number, name: string, ...rest: unknown[]])[];
}

const FOLDER = new URL("../../golden/crush/", import.meta.url);
const files = readdirSync(FOLDER).filter((name) => name.startsWith("osdmap-"));

test("there are maps to compare with", () => {
  expect(files.length).toBeGreaterThanOrEqual(20);
});

describe("places every PG and object as osdmaptool does", () => {
  test.each(files)("%s", (file) => {
    const { mapText, osdmap, pgs, objects }: Vectors = JSON.parse(
      readFileSync(new URL(file, FOLDER), "utf8"),
    );
    const names = objects.map(([pool, name]): [number, string] => [pool, name]);
    expect(answerOsdmap({ mapText, osdmap, objects: names })).toEqual({ pgs, objects });
  });
});
