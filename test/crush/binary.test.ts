import { readdirSync, readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeBinary, encodeBinary } from "../../crush/binary.ts";
import { compileText } from "../../crush/text.ts";
import { printText } from "../../crush/text-printer.ts";
import { LEGACY_TUNABLES } from "../../crush/tunables.ts";
import { failureOf, mapTexts, SAMPLE } from "./map-texts.ts";

const FOLDER = new URL("../golden/crush/", import.meta.url);
const ARGS = `${SAMPLE}choose_args 18446744073709551615 {
  { bucket_id -2 weight_set [ [ 1 2 ] [ 3 4 ] ] ids [ 8 9 ] } }
choose_args 3 { { bucket_id -1 ids [ -7 -8 ] } { bucket_id -2 } }
`;

/** The real tool's bytes of maps that use no choose_args, which are not all kept. */
function goldenBinaries(): Uint8Array[] {
  return readdirSync(FOLDER)
    .filter((file) => file.startsWith("map-"))
    .map((file) => JSON.parse(readFileSync(new URL(file, FOLDER), "utf8")))
    .filter(({ binB64, features }) => binB64 !== undefined && features.chooseArgs.length === 0)
    .map(({ binB64 }) => Buffer.from(binB64, "base64"));
}

describe("a binary map", () => {
  test("that the real tool wrote is written again byte for byte", () => {
    const binaries = goldenBinaries();
    expect(binaries.length).toBeGreaterThan(20);
    for (const bytes of binaries) {
      expect(Buffer.compare(encodeBinary(decodeBinary(bytes)), bytes)).toBe(0);
    }
  });

  test("holds all of a map", () => {
    fc.assert(
      fc.property(mapTexts, (text) => {
        const map = compileText(text);
        expect(decodeBinary(encodeBinary(map))).toEqual(map);
      }),
      { numRuns: 200 },
    );
  });

  test("holds choose_args that say something", () => {
    const { chooseArgs } = decodeBinary(encodeBinary(compileText(ARGS)));
    expect(chooseArgs).toEqual(
      new Map([
        [
          -1,
          new Map([
            [
              -2,
              {
                weightSets: [
                  [0x10000, 0x20000],
                  [0x30000, 0x40000],
                ],
                ids: [8, 9],
              },
            ],
          ]),
        ],
        [3, new Map([[-1, { weightSets: [], ids: [-7, -8] }]])],
      ]),
    );
  });

  test("forgets choose_args of buckets that cannot use them when it is read", () => {
    const map = compileText(ARGS.replaceAll("alg straw2", "alg straw"));
    expect(map.chooseArgs.get(-1)?.size).toBe(1);
    expect(decodeBinary(encodeBinary(map)).chooseArgs.get(-1)?.size).toBe(0);
  });

  test("may end after any group that an older release knew", () => {
    const map = compileText(SAMPLE.split("rule all")[0]?.replaceAll(/ class \w+/g, "") ?? "");
    const bytes = encodeBinary(map);
    const groups = { chooseArgs: 4, classes: 12, stable: 1, algorithms: 4, straw: 1, varyR: 1 };
    let end = bytes.length;
    for (const size of Object.values(groups)) {
      end -= size;
      expect(decodeBinary(bytes.subarray(0, end)).tunables.chooseTotalTries).toBe(50);
    }
    const oldest = decodeBinary(bytes.subarray(0, end - 4 - 12));
    expect(oldest.tunables).toEqual(LEGACY_TUNABLES);
    expect(oldest.itemNames).toEqual(map.itemNames);
  });

  test("of a newer release may have two more tunables", () => {
    const bytes = encodeBinary(compileText(SAMPLE));
    const newer = new Uint8Array([...bytes, 100, 0, 0, 0, 100, 0, 0, 0]);
    expect(decodeBinary(newer)).toEqual(decodeBinary(bytes));
  });
});

describe("bytes that are no map", () => {
  const bytes = encodeBinary(compileText(ARGS));

  test.each([
    ["nothing", new Uint8Array(0), "at byte 0: a number takes 4 bytes, but only 0 are left"],
    [
      "another file",
      new Uint8Array(1000),
      "at byte 0: a binary map starts with the bytes 00 00 01 00",
    ],
    [
      "a map and more",
      new Uint8Array([...bytes, ...new Uint8Array(9)]),
      `at byte ${bytes.length + 8}: the map has ended, but not the bytes`,
    ],
    [
      "absurd counts",
      Uint8Array.of(0, 0, 1, 0, ...new Array(100).fill(255)),
      "at byte 16: a count of 4294967295 does not fit into the 88 bytes left",
    ],
  ])("%s", (_, wrong, message) => {
    expect(failureOf(() => decodeBinary(wrong)).message).toBe(message);
  });

  test("a map with a loop is refused where the bucket stands", () => {
    const map = compileText(SAMPLE);
    const loop = map.buckets.map((bucket) =>
      bucket?.id === -2 ? { ...bucket, items: [-1, 1] } : bucket,
    );
    const failure = failureOf(() => decodeBinary(encodeBinary({ ...map, buckets: loop })));
    expect(failure).toMatchObject({ code: "LOOP", place: { offset: 16 } });
  });

  test("choose_args of another size than their bucket are refused", () => {
    const map = compileText(ARGS);
    const chooseArgs = new Map([[0, new Map([[-2, { weightSets: [[1]], ids: [] }]])]]);
    const failure = failureOf(() => decodeBinary(encodeBinary({ ...map, chooseArgs })));
    expect(failure.message).toMatch(/the choose_args of bucket -2 are not of its size/);
  });

  test("every truncation is refused, or ends where an older release's map would", () => {
    let accepted = 0;
    for (let size = 0; size < bytes.length; size += 1) {
      try {
        decodeBinary(bytes.subarray(0, size));
        accepted += 1;
      } catch (error) {
        expect(error).toMatchObject({ name: "CrushError", place: { offset: expect.any(Number) } });
      }
    }
    expect(accepted).toBe(8);
  });

  test("damaged maps are refused or usable", () => {
    const golden = goldenBinaries().filter(({ length }) => length < 4000);
    const damage = fc.record({
      map: fc.nat(golden.length - 1),
      bytes: fc.array(fc.tuple(fc.nat(4000), fc.nat(255)), { minLength: 1, maxLength: 4 }),
    });
    fc.assert(
      fc.property(damage, ({ map, bytes: changes }) => {
        const damaged = Uint8Array.from(golden[map] ?? []);
        for (const [at, byte] of changes) damaged[at % damaged.length] = byte;
        try {
          const decoded = decodeBinary(damaged);
          printText(decoded);
          encodeBinary(decoded);
        } catch (error) {
          expect(error).toMatchObject({
            name: "CrushError",
            place: { offset: expect.any(Number) },
          });
        }
      }),
      { numRuns: 2000 },
    );
  });
});
