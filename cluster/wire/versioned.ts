/**
 * What is stored or sent outlives the program that wrote it. Each such format starts with one byte,
 * its version, and a declaration of a later version names the one before it and how to turn that
 * into its own:
 *
 *   const first = versioned(1, record({ name: str }));
 *   const pool = versioned(2, record({ name: str, size: u8 }), {
 *     previous: first,
 *     migrate: (old) => ({ ...old, size: 3 }),
 *   });
 *
 * Writing is always in the newest version; reading walks down to the version at hand and migrates
 * up step by step. A declaration that was ever released is never edited: it moves to a *-history.ts
 * file beside the live one.
 */
import { assert } from "../base/assert.ts";
import type { Codec } from "./codec.ts";
import type { Reader } from "./reader.ts";

const VERSION_MAX = 255;

export interface Versioned<T> extends Codec<T> {
  readonly version: number;
  /** Reads what comes after the version byte. */
  decodeVersion(version: number, input: Reader): T;
}

export interface Step<Old, T> {
  readonly previous: Versioned<Old>;
  migrate(old: Old): T;
}

export function versioned<T, Old = never>(
  version: number,
  codec: Codec<T>,
  step?: Step<Old, T>,
): Versioned<T> {
  assert(
    Number.isInteger(version) && version > 0,
    `a version is a whole number above 0: ${version}`,
  );
  assert(version <= VERSION_MAX, `a version fits into a byte: ${version}`);
  assert(
    step === undefined ? true : step.previous.version < version,
    `version ${version} comes after the one it migrates from`,
  );
  const decodeVersion = (found: number, input: Reader): T => {
    if (found === version) return codec.decode(input);
    if (step !== undefined && found < version) {
      return step.migrate(step.previous.decodeVersion(found, input));
    }
    throw input.fail("UNKNOWN_VERSION", `version ${found}, while this reads up to ${version}`, 1);
  };
  return {
    version,
    decodeVersion,
    encode(out, value) {
      out.u8(version);
      codec.encode(out, value);
    },
    decode: (input) => decodeVersion(input.u8(), input),
    // An older version may be shorter, so the body of this one promises nothing.
    sizeMin: 1,
  };
}
