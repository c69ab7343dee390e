/**
 * Maps that are broken or made to do harm: as text and as bytes. Each must end in an error that says
 * where, soon and without much memory. The time limit of a test stands for soon.
 */
import { describe, expect, test } from "vitest";
import { createPrng, randomBytes, randomInt } from "../../cluster/base/prng.ts";
import { decodeBinary, encodeBinary } from "../../crush/binary.ts";
import { CrushError } from "../../crush/error.ts";
import { compileText } from "../../crush/text.ts";
import { printText } from "../../crush/text-printer.ts";
import { failureOf, SAMPLE } from "./map-texts.ts";
import { compiledOrNot, randomMapText } from "./random-text.ts";

const MIB = 2 ** 20;
const SIZE = 50 * MIB;
const SOON_MS = 10_000;
const TYPES = "type 0 osd\ntype 1 root\n";

function repeated(unit: string, head = ""): string {
  return head + unit.repeat(Math.floor(SIZE / unit.length));
}

function lines(count: number, line: (index: number) => string): string {
  return Array.from({ length: count }, (_, index) => line(index)).join("\n");
}

describe("50 MB of text are refused, at the place where they go wrong", () => {
  test.each<[string, () => string, string, object]>([
    ["one word", () => repeated("x"), "LIMIT", { line: 1, column: 1 }],
    ["opening braces", () => repeated("{"), "SYNTAX", { line: 1, column: 1 }],
    ["deep nesting", () => repeated("{ ", "root a "), "SYNTAX", { line: 1, column: 10 }],
    ["a number", () => repeated("9", "device "), "LIMIT", { line: 1, column: 8 }],
    [
      "a line of blanks, then a mark",
      () => `${repeated(" ")}?`,
      "SYNTAX",
      { line: 1, column: SIZE + 1 },
    ],
    [
      "empty lines, then a mark",
      () => `${repeated("\n")}?`,
      "SYNTAX",
      { line: SIZE + 1, column: 1 },
    ],
    ["a comment, then a mark", () => `${repeated("x", "#")}\n?`, "SYNTAX", { line: 2, column: 1 }],
    ["zero bytes", () => repeated("\0"), "SYNTAX", { line: 1, column: 1 }],
    [
      "tunables",
      () => repeated("tunable choose_total_tries 50\n"),
      "LIMIT",
      { line: 1025, column: 9 },
    ],
    ["types", () => repeated("type 7 x\n"), "LIMIT", { line: 65537, column: 6 }],
    ["devices", () => repeated("device 1 x\n"), "LIMIT", { line: 2 ** 20 + 1, column: 8 }],
    [
      "items",
      () => repeated("item x\n", "root a {alg straw2\n"),
      "LIMIT",
      { line: 65536, column: 6 },
    ],
    ["ids", () => repeated("id -1 class x\n", "root a {\n"), "LIMIT", { line: 259, column: 4 }],
    ["hashes", () => repeated("hash 0\n", "root a {alg straw2\n"), "SYNTAX", expect.anything()],
    ["steps", () => repeated("step emit\n", ruleHead("\n")), "LIMIT", { line: 1026, column: 6 }],
    ["rules", () => repeated(`${ruleHead("")}step emit }\n`), "LIMIT", { line: 257, column: 6 }],
    ["sets", () => repeated("choose_args 1 { }\n"), "LIMIT", { line: 65537, column: 13 }],
    ["weight sets", () => repeated("[]\n", weightSet()), "LIMIT", { line: 4098, column: 1 }],
    ["weights", () => repeated("1\n", `${weightSet()}[`), "LIMIT", { line: 65536, column: 1 }],
  ])("%s", { timeout: SOON_MS }, (_, text, code, place) => {
    expect(failureOf(() => compileText(text()))).toMatchObject({ code, place });
  });

  test("bytes by chance", { timeout: SOON_MS }, () => {
    const chunk = Buffer.from(randomBytes(createPrng(1), MIB)).toString("latin1");
    expect(failureOf(() => compileText(chunk.repeat(50))).place).toMatchObject({ line: 1 });
  });
});

function ruleHead(end: string): string {
  return `rule r { id 0 type replicated min_size 1 max_size 1 ${end}`;
}

function weightSet(): string {
  return "choose_args 1 { { bucket_id -1 weight_set [\n";
}

describe("a text is refused", () => {
  test.each<[string, string, string, object]>([
    ["a loop of one", `${TYPES}root a {alg straw2\nitem a }`, "LOOP", { line: 4, column: 6 }],
    [
      "a loop of two",
      `${TYPES}root a {alg straw2\nitem b }\nroot b {alg straw2\nitem a }`,
      "LOOP",
      { line: 4, column: 6 },
    ],
    [
      "a loop of many",
      TYPES + lines(1000, (i) => `root b${i} {alg straw2 item b${(i + 1) % 1000} }`),
      "LOOP",
      { line: expect.any(Number) },
    ],
    [
      "an unknown item",
      `${TYPES}root a {alg straw2\nitem osd.7 }`,
      "UNKNOWN",
      { line: 4, column: 6 },
    ],
    ["an unknown type", `${TYPES}host a {alg straw2}`, "UNKNOWN", { line: 3, column: 1 }],
    ["an unknown algorithm", `${TYPES}root a {alg straw3}`, "UNKNOWN", { line: 3, column: 13 }],
    ["a device twice", "device 0 a\ndevice 0 b", "DUPLICATE", { line: 2, column: 8 }],
    ["a name twice", "device 0 a\ndevice 1 a", "DUPLICATE", { line: 2, column: 10 }],
    [
      "a bucket id twice",
      `${TYPES}root a {id -1 alg straw2}\nroot b {id -1 alg straw2}`,
      "DUPLICATE",
      { line: 4, column: 12 },
    ],
    [
      "a minus sign before a weight",
      `device 0 a\n${TYPES}root r {alg straw2 item a weight -1.0}`,
      "WEIGHT",
      { line: 4, column: 34 },
    ],
    [
      "a weight beyond measure",
      `device 0 a\n${TYPES}root r {alg straw2 item a weight 1e999999999}`,
      "WEIGHT",
      { line: 4, column: 34 },
    ],
    ["an id beyond measure", "device 4294967296 a", "LIMIT", { line: 1, column: 8 }],
    ["more levels than there may be", TYPES + chain(), "LIMIT", { line: expect.any(Number) }],
    ["a text that stops", SAMPLE.slice(0, -20), "SYNTAX", { line: 43, column: 26 }],
  ])("%s", (_, text, code, place) => {
    expect(failureOf(() => compileText(text))).toMatchObject({ code, place });
  });

  test("with a part of it missing, or is whole without it", () => {
    for (let end = 0; end < SAMPLE.length; end += 1)
      onlyCrushErrors(() => compileText(SAMPLE.slice(0, end)));
  });

  test("with one character changed, or means something else", () => {
    const prng = createPrng(2);
    const marks = '{}[]#-.0123456789 \n"aexé\0';
    for (let turn = 0; turn < 3000; turn += 1) {
      const at = randomInt(prng, SAMPLE.length);
      const mark = marks.charAt(randomInt(prng, marks.length));
      onlyCrushErrors(() => compileText(SAMPLE.slice(0, at) + mark + SAMPLE.slice(at + 1)));
    }
  });
});

function chain(): string {
  return lines(200, (i) => `root b${i} {alg straw2 ${i === 0 ? "" : `item b${i - 1}`} }`);
}

/** Anything else that is thrown fails the test. Returns whether there was an error. */
function onlyCrushErrors(body: () => unknown): boolean {
  try {
    body();
    return false;
  } catch (error) {
    if (!(error instanceof CrushError)) throw error;
    expect(error.place).toBeDefined();
    return true;
  }
}

/** Maps that have some of everything. */
const MAPS = [1, 2, 3, 4, 5].flatMap((seed) => {
  const map = compiledOrNot(randomMapText(createPrng(seed)));
  return map === undefined ? [] : [encodeBinary(map)];
});

describe("bytes", () => {
  test("are refused at every length but those at which older releases end", () => {
    for (const bytes of MAPS) {
      let whole = 0;
      for (let size = 0; size < bytes.length; size += 1) {
        if (!onlyCrushErrors(() => decodeBinary(bytes.subarray(0, size)))) whole += 1;
      }
      // One end for each group of tunables, and those before and after the classes.
      expect(whole).toBeLessThanOrEqual(8);
    }
  });

  test("with a bit changed are refused or are a map that can be printed", {
    timeout: 30_000,
  }, () => {
    for (const bytes of MAPS) {
      const step = Math.max(1, Math.floor(bytes.length / 150));
      for (let at = 0; at < bytes.length; at += step) {
        for (let bit = 0; bit < 8; bit += 1) {
          const changed = bytes.slice();
          changed[at] = (changed[at] ?? 0) ^ (1 << bit);
          onlyCrushErrors(() => encodeBinary(decodeBinary(changed)));
          if (bit === at % 8) onlyCrushErrors(() => printed(changed));
        }
      }
    }
  });

  test.each<[string, (bytes: Buffer) => void]>([
    ["zeros", () => undefined],
    ["ones behind the magic number", (bytes) => bytes.fill(0xff, 4)],
    ["slots without end", (bytes) => bytes.writeInt32LE(0x7fffffff, 4)],
    ["a negative number of slots", (bytes) => bytes.writeInt32LE(-1, 4)],
    ["empty slots", (bytes) => bytes.writeInt32LE(SIZE / 4 - 8, 4)],
    ["empty rules", (bytes) => bytes.writeInt32LE(SIZE / 4 - 8, 8)],
    ["chance", (bytes) => bytes.fill(randomBytes(createPrng(3), MIB), 16)],
  ])("50 MB of %s are refused", { timeout: SOON_MS }, (name, fill) => {
    const bytes = Buffer.alloc(SIZE);
    if (name !== "zeros") bytes.writeUInt32LE(0x00010000, 0);
    fill(bytes);
    expect(failureOf(() => decodeBinary(bytes)).place).toEqual({ offset: expect.any(Number) });
  });
});

function printed(bytes: Uint8Array): string {
  return printText(decodeBinary(bytes));
}
