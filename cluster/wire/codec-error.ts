/**
 * What can be wrong with bytes that came from a peer or a disk. Callers compare codes, never
 * messages.
 */
export const CODEC_ERRORS = {
  BAD_CHECKSUM: "the bytes were damaged on their way or on disk",
  BAD_MAGIC: "the other end does not speak this protocol; check the address and port",
  BAD_STATE: "bytes after the ones that made no sense; close the connection",
  BAD_TEXT: "a text that is no UTF-8",
  DUPLICATE: "a key that occurs twice in a map",
  OUT_OF_RANGE: "a value outside of what its field allows",
  TOO_LARGE: "a length or count above its limit",
  TRAILING: "bytes are left over after the end of the value",
  TRUNCATED: "the bytes end before the value does",
  UNKNOWN_TYPE: "a number that no declaration has; the sender may be newer",
  UNKNOWN_VERSION: "a format version that this program does not read; the writer may be newer",
} as const;

export type CodecErrorCode = keyof typeof CODEC_ERRORS;

/**
 * Thrown by everything that decodes, and the only thing that hostile bytes can make it throw.
 * `path` names the field ("accept.entries[3].key"); it is put together while the error unwinds, so
 * decoding what is right pays nothing for it.
 */
export class CodecError extends Error {
  override readonly name = "CodecError";
  readonly code: CodecErrorCode;
  /** Where in the decoded bytes; for a frame, where in the stream it begins. */
  readonly offset: number;
  readonly #what: string;
  #path = "";

  constructor(code: CodecErrorCode, what: string, offset: number) {
    super(describe("", what, offset));
    this.code = code;
    this.offset = offset;
    this.#what = what;
  }

  get path(): string {
    return this.#path;
  }

  /** Says in which field, element (a number) or message the error happened, innermost first. */
  prepend(segment: string | number): void {
    const head = typeof segment === "number" ? `[${segment}]` : segment;
    const separator = this.#path === "" || this.#path.startsWith("[") ? "" : ".";
    this.#path = head + separator + this.#path;
    this.message = describe(this.#path, this.#what, this.offset);
  }
}

/** The error, with `segment` put before its path if it has one. */
export function within(error: unknown, segment: string | number): unknown {
  if (error instanceof CodecError) error.prepend(segment);
  return error;
}

function describe(path: string, what: string, offset: number): string {
  return `${path === "" ? "" : `${path}: `}${what} (at byte ${offset})`;
}
