/**
 * Ids of the scheme "ip": an address, or an address and how many of its first bits count
 * ("10.0.0.0/8"). Apache ZooKeeper 3.8 knows IPv4 alone; later ones read IPv6 as this does, without
 * zones and without an IPv4 part.
 */
const IPV4_PARTS = 4;
const IPV6_PARTS = 8;

/** Which kinds of addresses there are. */
export interface AddressKinds {
  readonly ipv6Acls: boolean;
}

export function isAddressPattern(pattern: string, kinds: AddressKinds): boolean {
  return parsePattern(pattern, kinds) !== undefined;
}

export function matchesAddress(address: string, pattern: string, kinds: AddressKinds): boolean {
  const wanted = parsePattern(pattern, kinds);
  const bytes = parseAddress(address, kinds);
  if (wanted === undefined || bytes === undefined) return false;
  return bytes.length === wanted.bytes.length && samePrefix(bytes, wanted.bytes, wanted.bitCount);
}

interface Pattern {
  readonly bytes: readonly number[];
  readonly bitCount: number;
}

function parsePattern(pattern: string, kinds: AddressKinds): Pattern | undefined {
  const slash = pattern.indexOf("/");
  const bytes = parseAddress(slash < 0 ? pattern : pattern.slice(0, slash), kinds);
  if (bytes === undefined) return undefined;
  const bitCountMax = bytes.length * 8;
  if (slash < 0) return { bytes, bitCount: bitCountMax };
  const bitCount = parseInteger(pattern.slice(slash + 1));
  if (bitCount === undefined || bitCount < 0 || bitCount > bitCountMax) return undefined;
  return { bytes, bitCount };
}

function parseAddress(text: string, { ipv6Acls }: AddressKinds): readonly number[] | undefined {
  return text.includes(":") ? (ipv6Acls ? parseIpv6(text) : undefined) : parseIpv4(text);
}

function parseIpv4(text: string): readonly number[] | undefined {
  const parts = text.split(".").map(parseInteger);
  if (parts.length !== IPV4_PARTS) return undefined;
  const bytes = parts.filter((part) => part !== undefined && part >= 0 && part <= 0xff);
  return bytes.length === IPV4_PARTS ? (bytes as number[]) : undefined;
}

function parseIpv6(text: string): readonly number[] | undefined {
  const halves = text.split("::");
  if (halves.length > 2) return undefined;
  const [before = [], after = []] = halves.map((half) => (half === "" ? [] : half.split(":")));
  const missing = IPV6_PARTS - before.length - after.length;
  if (halves.length === 1 ? missing !== 0 : missing <= 0) return undefined;
  const parts = [...before, ...new Array<string>(missing).fill("0"), ...after];
  if (!parts.every((part) => /^[0-9a-f]{1,4}$/i.test(part))) return undefined;
  return parts.flatMap((part) => {
    const value = Number.parseInt(part, 16);
    return [value >> 8, value & 0xff];
  });
}

/** As Java's Integer.parseInt: a sign is allowed, anything around it is not. */
function parseInteger(text: string): number | undefined {
  return /^[+-]?\d{1,10}$/.test(text) ? Number(text) : undefined;
}

function samePrefix(left: readonly number[], right: readonly number[], bitCount: number): boolean {
  return left.every((byte, index) => {
    const bitsHere = Math.min(Math.max(bitCount - index * 8, 0), 8);
    const mask = 0xff & ~(0xff >> bitsHere);
    return (byte & mask) === ((right[index] as number) & mask);
  });
}
