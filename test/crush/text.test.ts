import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { encodeBinary } from "../../crush/binary.ts";
import { compileText } from "../../crush/text.ts";
import { printText } from "../../crush/text-printer.ts";
import { LEGACY_TUNABLES } from "../../crush/tunables.ts";
import { DEFAULT_CHOOSE_ARGS } from "../../crush/types.ts";
import { failureOf, mapTexts, SAMPLE } from "./map-texts.ts";

const FOLDER = new URL("../golden/crush/", import.meta.url);
const HEAD =
  "device 0 osd.0 class x\ntype 0 osd\ntype 1 host\nhost a { id -1 alg straw2 item osd.0 }\n";
const RULE = "type replicated min_size 1 max_size 10";

describe("a compiled text", () => {
  test("is byte for byte what crushtool compiles", () => {
    let checked = 0;
    for (const file of readdirSync(FOLDER).filter((name) => name.endsWith(".json"))) {
      const { mapText, binSha256 } = JSON.parse(readFileSync(new URL(file, FOLDER), "utf8"));
      if (mapText === undefined || typeof binSha256 !== "string") continue;
      const bytes = encodeBinary(compileText(mapText));
      expect(createHash("sha256").update(bytes).digest("hex"), file).toBe(binSha256);
      checked += 1;
    }
    expect(checked).toBeGreaterThan(50);
  });

  test("that is printed compiles to the same print, but for the sums in its comments", () => {
    // Weights are printed with three digits, so what is read back can sum up to another last digit.
    const withoutSums = (text: string): string => text.replaceAll(/^\t# weight .*\n/gm, "");
    fc.assert(
      fc.property(mapTexts, (text) => {
        const printed = printText(compileText(text));
        expect(withoutSums(printText(compileText(printed)))).toBe(withoutSums(printed));
      }),
      { numRuns: 200 },
    );
  });

  test("starts with the legacy tunables and cuts some to a byte", () => {
    expect(compileText("").tunables).toEqual(LEGACY_TUNABLES);
    const { tunables } = compileText(
      "tunable chooseleaf_vary_r 257 tunable chooseleaf_descend_once 7 tunable choose_total_tries 4294967295",
    );
    expect(tunables).toMatchObject({
      chooseleafVaryR: 1,
      chooseleafDescendOnce: 1,
      chooseTotalTries: 4294967295,
    });
  });

  test("has shadow trees only if it has rules", () => {
    expect(compileText(HEAD).classBuckets.size).toBe(0);
    expect(compileText(`${HEAD}rule r { id 0 ${RULE} step emit }`).classBuckets.size).toBe(1);
  });

  test("counts devices that no bucket holds", () => {
    expect(compileText("device 7 osd.7").maxDevices).toBe(8);
  });

  test.each([
    ["18446744073709551615", DEFAULT_CHOOSE_ARGS],
    ["9223372036854775807", -1],
    ["4294967299", 3],
    ["2147483648", -2147483648],
    ["12", 12],
  ])("cuts the key %s of choose_args to %i", (key, cut) => {
    const map = compileText(`${HEAD}choose_args ${key} { { bucket_id -1 ids [ 5 ] } }`);
    expect([...map.chooseArgs.keys()]).toEqual([cut]);
  });

  test("joins what several blocks of choose_args say of one bucket", () => {
    const map = compileText(`${HEAD}choose_args 1 {
      { bucket_id -1 weight_set [ [ 2 ] ] } { bucket_id -1 ids [ 5 ] } { bucket_id -1 }
    }`);
    expect(map.chooseArgs.get(1)?.get(-1)).toEqual({ weightSets: [[0x20000]], ids: [5] });
  });

  test("may have 10,000 devices", () => {
    const hosts = Array.from({ length: 500 }, (_, host) => host);
    const text = [
      ...hosts.flatMap((host) =>
        Array.from(
          { length: 20 },
          (_, slot) => `device ${host * 20 + slot} osd.${host * 20 + slot} class hdd`,
        ),
      ),
      "type 0 osd type 1 host type 2 root",
      ...hosts.map((host) => {
        const items = Array.from({ length: 20 }, (_, slot) => `item osd.${host * 20 + slot}`);
        return `host h${host} { alg straw2 ${items.join(" ")} }`;
      }),
      `root r { alg straw2 ${hosts.map((host) => `item h${host}`).join(" ")} }`,
      `rule r { id 0 ${RULE} step take r class hdd step emit }`,
    ].join("\n");
    expect(compileText(text).maxDevices).toBe(10_000);
  });
});

describe("a text that means nothing", () => {
  test.each([
    ["tunable speed 1", "UNKNOWN", /line 5, column 9: no tunable is named "speed"; there are /],
    ["tunable toString 1", "UNKNOWN", /no tunable is named "toString"/],
    ["device 0 osd.1", "DUPLICATE", /line 5, column 8: device 0 is already defined/],
    ["device 1 osd.0", "DUPLICATE", /line 5, column 10: a device is already named "osd.0"/],
    ["type 1 rack", "DUPLICATE", /line 5, column 6: type 1 is already defined/],
    ["type 2 host", "DUPLICATE", /line 5, column 8: a type is already named "host"/],
  ])("%s", (line, code, message) => {
    const head = HEAD.split("host a")[0] ?? "";
    const failure = failureOf(() => compileText(`${head}\n${line}`));
    expect(failure).toMatchObject({ code, message: expect.stringMatching(message) });
  });

  test.each([
    [
      `rule r { id 0 ${RULE} step take b step emit }`,
      "UNKNOWN",
      /column 64: no device or bucket is named "b"/,
    ],
    [
      `rule r { id 0 ${RULE} step take a class y step emit }`,
      "UNKNOWN",
      /column 72: nothing in the map has a class "y"/,
    ],
    [
      `rule r { id 0 ${RULE} step take osd.0 class x step emit }`,
      "MISPLACED",
      /"osd.0" is a device; only buckets are taken by class/,
    ],
    [
      `rule r { id 0 ${RULE} step choose firstn 1 type rack step emit }`,
      "UNKNOWN",
      /no type is named "rack"/,
    ],
    [
      `rule r { id 0 ${RULE} step emit } rule s { id 0 ${RULE} step emit }`,
      "DUPLICATE",
      /rule 0 is already defined/,
    ],
    [
      `rule r { id 0 ${RULE} step emit } rule r { id 1 ${RULE} step emit }`,
      "DUPLICATE",
      /a rule is already named "r"/,
    ],
    [
      "choose_args 1 { } choose_args 4294967297 { }",
      "DUPLICATE",
      /choose_args 4294967297 is already defined/,
    ],
    ["choose_args 1 { { bucket_id -9 ids [ 1 ] } }", "UNKNOWN", /there is no bucket -9/],
    [
      "choose_args 1 { { bucket_id -1 ids [ ] } }",
      "LIMIT",
      /bucket -1 has 1 items; give a weight or id for each/,
    ],
    ["choose_args 1 { { bucket_id -1 weight_set [ [ 1 2 ] ] } }", "LIMIT", /bucket -1 has 1 items/],
    [
      "choose_args 1 { { bucket_id -1 weight_set [ [ -1 ] ] } }",
      "WEIGHT",
      /column 47: weight -1 is negative/,
    ],
  ])("%s", (line, code, message) => {
    const failure = failureOf(() => compileText(HEAD + line));
    expect(failure).toMatchObject({ code, message: expect.stringMatching(message) });
    expect(failure.message).toMatch(/^line 5, /);
  });

  test("takes a class through a uniform bucket that has weight", () => {
    const text = `device 0 osd.0 class x type 0 osd type 1 host
      host a { alg uniform item osd.0 }
      rule r { id 0 ${RULE} step take a class x step emit }`;
    expect(failureOf(() => compileText(text)).message).toMatch(
      /^line 3, .*a uniform bucket is in the way/,
    );
  });
});

describe("any text", () => {
  test("compiles or is refused at a place in it", () => {
    const pieces = [
      "item",
      "}",
      "{",
      "-1",
      "# x\n",
      "weight 1e9",
      "[",
      "rule r",
      "99999999999",
      "\u0000",
    ];
    const edit = fc.record({
      at: fc.nat(SAMPLE.length),
      remove: fc.nat(20),
      insert: fc.oneof(fc.constantFrom(...pieces), fc.string({ maxLength: 4 })),
    });
    fc.assert(
      fc.property(fc.array(edit, { minLength: 1, maxLength: 3 }), (edits) => {
        let text = SAMPLE;
        for (const { at, remove, insert } of edits) {
          text = text.slice(0, at) + insert + text.slice(at + remove);
        }
        try {
          printText(compileText(text));
        } catch (error) {
          expect(error).toMatchObject({ name: "CrushError", place: { line: expect.any(Number) } });
        }
      }),
      { numRuns: 2000 },
    );
  });
});
