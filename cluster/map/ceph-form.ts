/**
 * The parts that Ceph's own encodings are put together of, as codecs. They read no more than they write: a file of another
 * release, or with something in a field that Kelp has nothing for, is refused.
 */
import { type Codec, u32 } from "../wire/codec.ts";

interface Frame {
  readonly version: number;
  /** The oldest reader that makes sense of it. */
  readonly compat: number;
}

/** A struct as Ceph frames it, so that older readers can step over what they do not know: u8 version, u8 compat, u32 size. */
export function framed<T>({ version, compat }: Frame, body: Codec<T>): Codec<T> {
  return {
    encode(out, value) {
      out.u8(version);
      out.u8(compat);
      const at = out.length;
      out.u32(0);
      body.encode(out, value);
      const size = out.length - at - 4;
      out.rewrite(at, () => out.u32(size));
    },
    decode(input) {
      const found = input.u8();
      if (found !== version) {
        throw input.fail("UNKNOWN_VERSION", `version ${found}, while this reads ${version}`, 1);
      }
      input.u8();
      const size = input.u32();
      const from = input.offset;
      const value = body.decode(input);
      const used = input.offset - from;
      if (used === size) return value;
      throw input.fail("OUT_OF_RANGE", `a struct of ${size} bytes took ${used}`);
    },
    sizeMin: 6 + (body.sizeMin ?? 0),
  };
}

/** A field in which Kelp has the same for everything. */
export function fixed<T extends number | bigint>(codec: Codec<T>, value: T): Codec<undefined> {
  return {
    encode: (out) => codec.encode(out, value),
    decode(input) {
      const found = codec.decode(input);
      if (found === value) return undefined;
      throw input.fail("OUT_OF_RANGE", `${found}, while this reads ${value} only`);
    },
    sizeMin: codec.sizeMin ?? 0,
  };
}

/** A struct of nothing but such fields. */
export function plain(struct: Codec<object>): Codec<undefined> {
  return {
    ...struct,
    encode: (out) => struct.encode(out, {}),
    decode(input) {
      struct.decode(input);
    },
  };
}

/** A collection with nothing in it, or an empty text. */
export const nothing: Codec<undefined> = fixed(u32, 0);

/** So many bytes without their size. */
export function rawBytes(size: number): Codec<Uint8Array> {
  return {
    encode: (out, value) => out.raw(value),
    decode: (input) => input.raw(size),
    sizeMin: size,
  };
}

const floatView = new DataView(new ArrayBuffer(4));

export const f32: Codec<number> = {
  encode(out, value) {
    floatView.setFloat32(0, value, true);
    out.u32(floatView.getUint32(0, true));
  },
  decode(input) {
    floatView.setUint32(0, input.u32(), true);
    return floatView.getFloat32(0, true);
  },
  sizeMin: 4,
};
