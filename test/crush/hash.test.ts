import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  hash1,
  hash2,
  hash3,
  hash4,
  hash5,
  hashString,
  linuxString,
  rjenkinsString,
  STRING_HASH,
} from "../../crush/hash.ts";

interface Recorded {
  readonly crush_hash32: { readonly rows: readonly [words: number[], hash: number][] };
  readonly ceph_str_hash: {
    readonly rows: readonly [hex: string, rjenkins: number, linux: number][];
  };
}

const recorded: Recorded = JSON.parse(
  readFileSync(new URL("../golden/crush/hash.json", import.meta.url), "utf8"),
);

const byArity = [hash1, hash2, hash3, hash4, hash5] as const;

function hashOf(words: readonly number[]): number {
  const hash = byArity[words.length - 1] as (...words: readonly number[]) => number;
  return hash(...words);
}

describe("the hash of words", () => {
  test.each([1, 2, 3, 4, 5])("of %i words is the original's", (count) => {
    const rows = recorded.crush_hash32.rows.filter(([words]) => words.length === count);
    expect(rows.length).toBeGreaterThan(50);
    for (const [words, hash] of rows) expect(hashOf(words), words.join()).toBe(hash);
  });

  test("is unsigned and takes signed words by their bits", () => {
    const words = fc.array(fc.integer(), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(words, (signed) => {
        const hash = hashOf(signed);
        expect(hash).toBe(hash >>> 0);
        expect(hash).toBe(hashOf(signed.map((word) => word >>> 0)));
      }),
    );
  });
});

describe("the hashes of strings", () => {
  const bytesOf = (hex: string) => Uint8Array.from(Buffer.from(hex, "hex"));

  test("are the original's", () => {
    expect(recorded.ceph_str_hash.rows.length).toBeGreaterThan(50);
    for (const [hex, rjenkins, linux] of recorded.ceph_str_hash.rows) {
      expect(rjenkinsString(bytesOf(hex)), hex).toBe(rjenkins);
      expect(linuxString(bytesOf(hex)), hex).toBe(linux);
    }
  });

  test("are chosen by the pool's number for them", () => {
    const bytes = bytesOf("6b656c70");
    expect(hashString(STRING_HASH.linux, bytes)).toBe(linuxString(bytes));
    expect(hashString(STRING_HASH.rjenkins, bytes)).toBe(rjenkinsString(bytes));
    expect(hashString(3, bytes)).toBe(0xffffffff);
  });

  test("read the bytes of a view, not of the buffer around it", () => {
    const whole = bytesOf("ff0102030405060708090a0b0c0d0eff");
    expect(rjenkinsString(whole.subarray(1, 15))).toBe(rjenkinsString(whole.slice(1, 15)));
  });
});
