/**
 * Parts of the binary map, each declared once and then read and written by the same declaration.
 * Numbers are little endian. A count is checked against the bytes that are left before anything of
 * its size is made.
 */
import { CrushError, type CrushErrorCode } from "./error.ts";

export interface Form<T> {
  /** Throws CrushError with the offset where the bytes are not such a part. */
  read(input: ByteReader): T;
  write(output: ByteWriter, value: T): void;
}

export class ByteReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #offset = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get offset(): number {
    return this.#offset;
  }

  get isAtEnd(): boolean {
    return this.#offset === this.#bytes.length;
  }

  /** Steps over so many bytes and returns where they are. */
  skip(size: number, what: string): number {
    const offset = this.#offset;
    const left = this.#bytes.length - offset;
    if (size > left) {
      throw this.error("MALFORMED", `${what} takes ${size} bytes, but only ${left} are left`);
    }
    this.#offset += size;
    return offset;
  }

  number(size: number, get: (view: DataView, offset: number) => number): number {
    return get(this.#view, this.skip(size, "a number"));
  }

  bytes(size: number): Uint8Array {
    const start = this.skip(size, "a name");
    return this.#bytes.subarray(start, start + size);
  }

  /** Refuses a count of things that the rest of the bytes cannot hold. */
  requireRoom(count: number, sizeMin: number, countMax: number): void {
    const left = this.#bytes.length - this.#offset;
    if (count * sizeMin > left) {
      throw this.error("MALFORMED", `a count of ${count} does not fit into the ${left} bytes left`);
    }
    if (count > countMax) {
      throw this.error(
        "LIMIT",
        `a count of ${count} is more than the ${countMax} that are allowed`,
      );
    }
  }

  error(code: CrushErrorCode, message: string, offset = this.#offset): CrushError {
    return new CrushError(code, message, { offset });
  }
}

export class ByteWriter {
  #bytes = new Uint8Array(4096);
  #view = new DataView(this.#bytes.buffer);
  #size = 0;

  number(size: number, set: (view: DataView, offset: number) => void): void {
    const start = this.#grow(size);
    set(this.#view, start);
  }

  bytes(bytes: Uint8Array): void {
    const start = this.#grow(bytes.length);
    this.#bytes.set(bytes, start);
  }

  finish(): Uint8Array {
    return this.#bytes.slice(0, this.#size);
  }

  #grow(size: number): number {
    const start = this.#size;
    this.#size += size;
    if (this.#size > this.#bytes.length) {
      const larger = new Uint8Array(2 * this.#size);
      larger.set(this.#bytes);
      this.#bytes = larger;
      this.#view = new DataView(larger.buffer);
    }
    return start;
  }
}

export const u8: Form<number> = {
  read: (input) => input.number(1, (view, at) => view.getUint8(at)),
  write: (output, value) => output.number(1, (view, at) => view.setUint8(at, value)),
};

export const u16: Form<number> = {
  read: (input) => input.number(2, (view, at) => view.getUint16(at, true)),
  write: (output, value) => output.number(2, (view, at) => view.setUint16(at, value, true)),
};

export const u32: Form<number> = {
  read: (input) => input.number(4, (view, at) => view.getUint32(at, true)),
  write: (output, value) => output.number(4, (view, at) => view.setUint32(at, value, true)),
};

export const s32: Form<number> = {
  read: (input) => input.number(4, (view, at) => view.getInt32(at, true)),
  write: (output, value) => output.number(4, (view, at) => view.setInt32(at, value, true)),
};

/** A number in memory, so only those of up to 53 bits. */
export const s64: Form<number> = {
  read(input) {
    const { offset } = input;
    const low = u32.read(input);
    const value = s32.read(input) * 2 ** 32 + low;
    if (Number.isSafeInteger(value)) return value;
    throw input.error("LIMIT", "a 64-bit number has more than 53 bits", offset);
  },
  write(output, value) {
    u32.write(output, value % 2 ** 32);
    s32.write(output, Math.floor(value / 2 ** 32));
  },
};

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function readName(input: ByteReader, size: number): string {
  const { offset } = input;
  try {
    return decoder.decode(input.bytes(size));
  } catch (error) {
    if (error instanceof CrushError) throw error;
    throw input.error("MALFORMED", "a name is not UTF-8", offset);
  }
}

export const text: Form<string> = {
  read: (input) => readName(input, u32.read(input)),
  write(output, value) {
    const bytes = encoder.encode(value);
    u32.write(output, bytes.length);
    output.bytes(bytes);
  },
};

/**
 * No name is empty: a length of 0 is the upper half of a key that an old writer made 64 bits wide.
 */
export const nameAfterKey: Form<string> = {
  read: (input) => readName(input, u32.read(input) || u32.read(input)),
  write: text.write,
};

/** The fields one after the other, in the order of the declaration. */
export function record<T extends object>(forms: { readonly [K in keyof T]: Form<T[K]> }): Form<T> {
  const keys = Object.keys(forms) as (keyof T)[];
  return {
    read(input) {
      const value: Partial<T> = {};
      for (const key of keys) value[key] = forms[key].read(input);
      return value as T;
    },
    write(output, value) {
      for (const key of keys) forms[key].write(output, value[key]);
    },
  };
}

/** So many elements as the reader is told, without a count of their own. */
export function row<T>(element: Form<T>, count: number): Form<readonly T[]> {
  return {
    read: (input) => Array.from({ length: count }, () => element.read(input)),
    write(output, values) {
      for (const value of values) element.write(output, value);
    },
  };
}

export interface ListBounds {
  /** The least number of bytes that an element takes. */
  readonly sizeMin: number;
  readonly countMax: number;
}

export function list<T>(
  count: Form<number>,
  element: Form<T>,
  bounds: ListBounds,
): Form<readonly T[]> {
  return {
    read(input) {
      const length = count.read(input);
      input.requireRoom(length, bounds.sizeMin, bounds.countMax);
      return row(element, length).read(input);
    },
    write(output, values) {
      count.write(output, values.length);
      row(element, values.length).write(output, values);
    },
  };
}

/** A count and then pairs, in ascending order of their keys. */
export function table<T>(key: Form<number>, value: Form<T>): Form<ReadonlyMap<number, T>> {
  const pair: Form<readonly [number, T]> = {
    read: (input) => [key.read(input), value.read(input)],
    write(output, [left, right]) {
      key.write(output, left);
      value.write(output, right);
    },
  };
  const pairs = list(u32, pair, { sizeMin: 8, countMax: TABLE_COUNT_MAX });
  return {
    read: (input) => new Map(pairs.read(input)),
    write: (output, map) =>
      pairs.write(
        output,
        [...map].sort(([a], [b]) => a - b),
      ),
  };
}

/** One name for each device and bucket. */
const TABLE_COUNT_MAX = 2 ** 21;
