import { expect, test } from "vitest";
import { utf8 } from "../../../cluster/base/bytes.ts";
import { unmaskedCrc } from "../../../cluster/kv/masked-crc.ts";
import { crc32c } from "../../../cluster/wire/crc32c.ts";

test("a masked checksum is rotated by 15 bits and moved", () => {
  const crc = crc32c(utf8("foo"));
  const masked = ((((crc >>> 15) | (crc << 17)) >>> 0) + 0xa282ead8) >>> 0;
  expect(masked).not.toBe(crc);
  expect(unmaskedCrc(masked)).toBe(crc);
});
