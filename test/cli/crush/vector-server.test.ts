import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { VectorServer } from "../../../cli/crush/vector-server.ts";

const FOLDER = new URL("../../golden/crush/", import.meta.url);

function golden(name: string) {
  return JSON.parse(readFileSync(new URL(`${name}.json`, FOLDER), "utf8"));
}

function answer(request: unknown, server = new VectorServer()) {
  return JSON.parse(server.answer(JSON.stringify(request)));
}

describe("the server of vectors", () => {
  test("maps, one map after another", () => {
    const server = new VectorServer();
    for (const name of ["map-0002", "map-0003", "map-0002"]) {
      const { mapText, cases } = golden(name);
      const { rule, numrep, weights, minX, maxX, mappings } = cases[0];
      const request = { kind: "map", mapText, rule, numrep, weights, minX, maxX };
      expect(answer(request, server)).toEqual({ mappings });
    }
  });

  test("compiles and decompiles", () => {
    const { mapText, binSha256, decompiledSha256 } = golden("map-0007");
    const { binB64 } = answer({ kind: "compile", mapText });
    const digest = (data: string | Buffer): string =>
      createHash("sha256").update(data).digest("hex");
    expect(digest(Buffer.from(binB64, "base64"))).toBe(binSha256);
    expect(digest(answer({ kind: "decompile", binB64 }).text)).toBe(decompiledSha256);
  });

  test("hashes", () => {
    const { crush_hash32, ceph_str_hash } = golden("hash");
    const rows = crush_hash32.rows.slice(0, 200);
    const strings = ceph_str_hash.rows.slice(0, 50);
    const request = {
      kind: "hash",
      rows: rows.map(([row]: [unknown]) => row),
      strings: strings.map(([hex]: [unknown]) => hex),
    };
    expect(answer(request)).toEqual({
      rows: rows.map(([, hash]: [unknown, number]) => hash),
      strings: strings.map(([, rjenkins, linux]: number[]) => [rjenkins, linux]),
    });
  });

  test.each([
    ["{", "JSON"],
    ["null", "null"],
    ['{"kind":"toString"}', 'no requests of kind "toString" are answered'],
    ['{"kind":"compile","mapText":"x"}', 'line 1, column 1: expected "tunable"'],
    ['{"kind":"compile"}', "undefined"],
    ['{"kind":"decompile","binB64":""}', "at byte 0: "],
    ['{"kind":"map","mapText":""}', "numrep is at most 1024, not undefined"],
    ['{"kind":"map","mapText":"","numrep":1e9}', "numrep is at most 1024"],
    ['{"kind":"map","mapText":"","numrep":1,"minX":0,"maxX":1e15}', "the number of x is at most"],
    ['{"kind":"map","mapText":"","numrep":1,"minX":0,"maxX":1}', "not iterable"],
  ])("answers %s with an error", (line, part) => {
    expect(JSON.parse(new VectorServer().answer(line)).error).toContain(part);
  });
});
