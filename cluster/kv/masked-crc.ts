/** LevelDB stores checksums rotated and moved, so that one of bytes that hold one is not trivial. */
export function unmaskedCrc(masked: number): number {
  const rotated = (masked - 0xa282ead8) >>> 0;
  return ((rotated >>> 17) | (rotated << 15)) >>> 0;
}
