import { mkdtemp, readdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { isDiskFull, ReserveFile } from "../../../cluster/kv/reserve-file.ts";
import { inodeOf, recordSyncs } from "./recorded-syncs.ts";

/** Not a whole number of chunks. */
const SIZE_BYTES = 1_500_001;

describe("ReserveFile", () => {
  let directory = "";
  let reserve: ReserveFile;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), "kelp-reserve-"));
    reserve = new ReserveFile(directory, SIZE_BYTES);
  });
  afterEach(() => rm(directory, { recursive: true }));

  test("restoring allocates every byte of it, once", async () => {
    expect(await reserve.restore()).toBe(true);
    const first = await stat(join(directory, "reserve"));
    expect(first.size).toBe(SIZE_BYTES);
    expect(first.blocks * 512).toBeGreaterThanOrEqual(SIZE_BYTES);
    expect(await reserve.restore()).toBe(true);
    expect((await stat(join(directory, "reserve"))).ino).toBe(first.ino);
  });

  test("restoring syncs all of its bytes before they get their name, then the name", async () => {
    const record = await recordSyncs(async () => {
      const names = await readdir(directory);
      return Promise.all(
        names.map(async (name) => [name, (await stat(join(directory, name))).size]),
      );
    });
    try {
      await reserve.restore();
    } finally {
      record.stop();
    }
    expect(record.syncs).toEqual([
      { inode: await inodeOf(join(directory, "reserve")), seen: [["reserve.new", SIZE_BYTES]] },
      { inode: await inodeOf(directory), seen: [["reserve", SIZE_BYTES]] },
    ]);
  });

  test("releasing frees it; there is nothing to release twice", async () => {
    await reserve.restore();
    expect(await reserve.release()).toBe(true);
    expect(await readdir(directory)).toEqual([]);
    expect(await reserve.release()).toBe(false);
  });

  test("a request to release outlives the process, until the release", async () => {
    await reserve.restore();
    expect(await reserve.isReleaseRequested()).toBe(false);
    await reserve.requestRelease();
    const next = new ReserveFile(directory, SIZE_BYTES);
    expect(await next.isReleaseRequested()).toBe(true);
    expect(await next.release()).toBe(true);
    expect(await next.isReleaseRequested()).toBe(false);
  });

  test("a request without a reserve leaves nothing behind", async () => {
    await reserve.requestRelease();
    expect(await readdir(directory)).toEqual([]);
    expect(await reserve.isReleaseRequested()).toBe(false);
  });

  test("a reserve of another size is replaced", async () => {
    await new ReserveFile(directory, 10).restore();
    expect(await reserve.restore()).toBe(true);
    expect((await stat(join(directory, "reserve"))).size).toBe(SIZE_BYTES);
  });

  test("what a crash while restoring left is no reserve, and goes", async () => {
    await writeFile(join(directory, "reserve.new"), new Uint8Array(1000));
    expect(await reserve.isReleaseRequested()).toBe(false);
    expect(await reserve.restore()).toBe(true);
    expect(await readdir(directory)).toEqual(["reserve"]);
    await rename(join(directory, "reserve"), join(directory, "reserve.new"));
    expect(await reserve.release()).toBe(true);
    expect(await readdir(directory)).toEqual([]);
  });

  test("it is not restored when less than its size would stay free", async () => {
    const huge = new ReserveFile(directory, Number.MAX_SAFE_INTEGER);
    expect(await huge.restore()).toBe(false);
    expect(await readdir(directory)).toEqual([]);
  });
});

test.each([
  [true, coded("ENOSPC", "write")],
  [true, coded("EDQUOT", "write")],
  [true, new Error("IO error: /data/000008.log: No space left on device")],
  [true, new Error("not open", { cause: coded("LEVEL_IO_ERROR", "x: No space left on device") })],
  [false, coded("EIO", "write")],
  [false, new Error("IO error: /data/000008.log: Input/output error")],
  [false, "No space left on device"],
  [false, undefined],
])("a full disk: %s for %s", (isFull, error) => {
  expect(isDiskFull(error)).toBe(isFull);
});

test("errors that cause each other are not followed for ever", () => {
  const error = new Error("one");
  error.cause = new Error("other", { cause: error });
  expect(isDiskFull(error)).toBe(false);
});

function coded(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}
