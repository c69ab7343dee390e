/** The commands as they are typed: options, files, standard output and failures. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { failureOf } from "../../../cli/failure.ts";
import { createProgram } from "../../../cli/program.ts";
import { encodeBinary } from "../../../crush/binary.ts";
import { compileText } from "../../../crush/text.ts";
import { printText } from "../../../crush/text-printer.ts";
import { SAMPLE } from "../../crush/map-texts.ts";

interface Outcome {
  readonly out: string;
  readonly err: string;
  readonly exitCode: number;
}

let folder = "";

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "kelp-crush-"));
  writeFileSync(join(folder, "map.txt"), SAMPLE);
  writeFileSync(join(folder, "map.bin"), encodeBinary(compileText(SAMPLE)));
  writeFileSync(join(folder, "other.txt"), SAMPLE.replace("weight 1.5", "weight 1.0"));
  writeFileSync(join(folder, "bad.txt"), "device 0 osd.0\ndevice 0 osd.1\n");
  writeFileSync(join(folder, "bad.bin"), Uint8Array.of(0, 0, 1, 0, 9));
});

afterEach(() => {
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true });
});

/** Words that end in .txt or .bin are files of the folder. */
async function crush(...words: string[]): Promise<Outcome> {
  let out = "";
  let err = "";
  vi.spyOn(process.stdout, "write").mockImplementation((chunk) => {
    out += chunk;
    return true;
  });
  vi.spyOn(process.stderr, "write").mockImplementation((chunk) => {
    err += chunk;
    return true;
  });
  const program = createProgram("1.2.3", {
    writeErr: (text) => {
      err += text;
    },
  });
  const paths = words.map((word) => (/\.(txt|bin)$/.test(word) ? join(folder, word) : word));
  let exitCode = 0;
  await program.parseAsync(["crush", ...paths], { from: "user" }).catch((error: unknown) => {
    const failure = failureOf(error, Number.POSITIVE_INFINITY);
    err += failure.text;
    exitCode = failure.exitCode;
  });
  vi.restoreAllMocks();
  return { out, err: err.replaceAll(`${folder}/`, ""), exitCode };
}

const DONE = { err: "", exitCode: 0 };

describe("kelp crush compile and decompile", () => {
  test("go to files and back", async () => {
    expect(await crush("compile", "map.txt", "-o", "new.bin")).toEqual({ ...DONE, out: "" });
    expect(readFileSync(join(folder, "new.bin"))).toEqual(readFileSync(join(folder, "map.bin")));
    await crush("decompile", "new.bin", "--outfn", "new.txt");
    expect(readFileSync(join(folder, "new.txt"), "utf8")).toBe(printText(compileText(SAMPLE)));
  });

  test("decompile prints where no file is named, also of a text", async () => {
    const out = printText(compileText(SAMPLE));
    expect(await crush("decompile", "map.bin")).toEqual({ ...DONE, out });
    expect(await crush("decompile", "map.txt")).toEqual({ ...DONE, out });
  });

  test.each([
    [
      ["compile", "bad.txt", "-o", "x.bin"],
      1,
      "kelp: bad.txt: line 2, column 8: device 0 is already defined\n",
    ],
    [
      ["decompile", "bad.bin"],
      1,
      "kelp: bad.bin: at byte 4: a number takes 4 bytes, but only 1 are left\n",
    ],
    [["decompile", "none.bin"], 1, "kelp: none.bin: ENOENT: no such file or directory"],
    [["compile", "map.txt"], 2, "kelp: required option '-o, --outfn <file>' not specified"],
    [["compile", "map.txt", "-o", "no/where/x.bin"], 1, "ENOENT"],
  ])("%j fails and says where", async (words, exitCode, message) => {
    const outcome = await crush(...words);
    expect(outcome).toMatchObject({ exitCode, out: "" });
    expect(outcome.err).toContain(message);
  });
});

describe("kelp crush test", () => {
  const mapped = (out: string): string[] => [...out.matchAll(/ x (\d+) /g)].map(([, x]) => x ?? "");

  test("takes crushtool's options", async () => {
    const words =
      "--test --show-mappings --rule 0 --num-rep 2 --min-x 5 --max-x 7 --weight 0 0 -w 2 0";
    const { out, err } = await crush("test", "-i", "map.bin", ...words.split(" "));
    expect(err).toBe("");
    expect(mapped(out)).toEqual(["5", "6", "7"]);
    expect(out).toMatch(/^(CRUSH rule 0 x \d \[[13],[13]\]\n){3}$/);
  });

  test.each([
    [["--x", "7"], 1],
    [["--min-x", "0", "--max-x", "9"], 10],
    [["--max-x", "9"], 1024],
    [["--min-x", "-5", "--max-x", "9"], 1024],
  ])("maps the x of %j", async (words, count) => {
    const options = ["--show-mappings", "--rule", "0", "--num-rep", "1"];
    const { out } = await crush("test", "-i", "map.txt", ...options, ...words);
    expect(mapped(out)).toHaveLength(count);
  });

  test("puts weights on standard error, as crushtool does", async () => {
    const options = ["--show-utilization-all", "--x", "1", "--rule", "0", "--num-rep", "1"];
    const { out, err } = await crush("test", "-i", "map.txt", ...options, "--weight", "1", "0.5");
    expect(err).toBe("devices weights (hex): [10000,8000,10000,10000]\n");
    expect(out).toMatch(/^rule 0 \(all\), x = 1\.\.1, numrep = 1\.\.1\n/);
  });

  test.each([
    [["test", "--show-mappings"], "required option '-i, --infn <map>' not specified"],
    [["test", "-i", "map.txt"], "say what to print: give one of the --show- options"],
    [
      ["test", "-i", "map.txt", "--show-mappings", "--weight", "1"],
      "--weight takes a device and its weight",
    ],
    [["test", "-i", "map.txt", "--show-mappings", "--weight", "1", "x"], "A number is needed."],
    [["test", "-i", "map.txt", "--num-rep", "2.5"], "A whole number is needed."],
    [["test", "-i", "map.txt", "--num-rep", "1000000000"], "A number of up to 4096 is needed."],
  ])("%j is wrong usage", async (words, message) => {
    const { err, exitCode } = await crush(...words);
    expect(exitCode).toBe(2);
    expect(err).toContain(message);
  });
});

describe("kelp crush tree and diff", () => {
  test("tree shows a table, with shadow trees on request", async () => {
    const { out } = await crush("tree", "map.bin");
    expect(out.split("\n")).toHaveLength(9);
    expect((await crush("tree", "map.bin", "--show-shadow")).out).toContain("default~ssd");
  });

  test("diff says what differs, and what moves", async () => {
    expect(await crush("diff", "map.txt", "map.bin")).toEqual({ ...DONE, out: "" });
    const range = ["--moved", "--min-x", "0", "--max-x", "99", "--num-rep", "2"];
    const { out } = await crush("diff", "map.txt", "other.txt", ...range);
    expect(out).toMatch(/^bucket -1 default: b weight 2\.500 -> 2\.000\n/);
    expect(out).toMatch(/\nrule 1 \(fast\): \d+ of 200 replicas move \(\d+\.\d\d %\)\n$/);
  });
});
