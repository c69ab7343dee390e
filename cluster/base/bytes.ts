/** Byte strings. Order is unsigned and bytewise, as in LevelDB: a prefix comes before what it is a prefix of. */

export const EMPTY_BYTES: Uint8Array = new Uint8Array(0);

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const lossyDecoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** Negative, zero or positive, as left is before, equal to or after right. */
export function compareBytes(left: Uint8Array, right: Uint8Array): number {
  return Buffer.compare(left, right);
}

export function equalBytes(left: Uint8Array, right: Uint8Array): boolean {
  return left.byteLength === right.byteLength && Buffer.compare(left, right) === 0;
}

/** A single part comes back as it is, not copied. */
export function concatBytes(...parts: readonly Uint8Array[]): Uint8Array {
  if (parts.length === 1) return parts[0] as Uint8Array;
  return Buffer.concat(parts);
}

export function utf8(text: string): Uint8Array {
  return encoder.encode(text);
}

/** Of the text in UTF-8, without making it. */
export function utf8Size(text: string): number {
  return Buffer.byteLength(text);
}

/** The text with a replacement character for each half of a character, such as cutting leaves: others cannot be sent. */
export function wellFormed(text: string): string {
  return text.replace(/\p{Surrogate}/gu, "\ufffd");
}

/** Throws TypeError on bytes that are not UTF-8: a replacement character would hide the damage. */
export function textOf(bytes: Uint8Array): string {
  return decoder.decode(bytes);
}

/** For protocols that take any bytes for a text: a replacement character stands for what is none. */
export function lossyTextOf(bytes: Uint8Array): string {
  return lossyDecoder.decode(bytes);
}

export function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("hex");
}

/** The bytes, or undefined if the text is not an even number of hexadecimal digits. */
export function fromHex(text: string): Uint8Array | undefined {
  if (text.length % 2 !== 0 || !/^[0-9a-fA-F]*$/.test(text)) return undefined;
  return Buffer.from(text, "hex");
}

/**
 * The least byte string that is after every string with this prefix, or undefined if there is none (the
 * prefix is all 0xff): the upper bound of a scan by prefix.
 */
export function prefixEnd(prefix: Uint8Array): Uint8Array | undefined {
  let size = prefix.byteLength;
  while (size > 0 && prefix[size - 1] === 0xff) size -= 1;
  if (size === 0) return undefined;
  const end = Uint8Array.from(prefix.subarray(0, size)); // Not `slice`: a Buffer's is a view of it.
  end[size - 1] = (end[size - 1] as number) + 1;
  return end;
}
