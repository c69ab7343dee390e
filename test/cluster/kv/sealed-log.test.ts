import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { present } from "../../../cluster/base/assert.ts";
import { utf8 } from "../../../cluster/base/bytes.ts";
import { logRecords } from "../../../cluster/kv/level-log.ts";
import { openLevelStore } from "../../../cluster/kv/level-store.ts";
import { sealedLogFlaw } from "../../../cluster/kv/sealed-log.ts";
import { openSealedStore } from "../../../cluster/kv/sealed-store.ts";

const DURABLE_COUNT = 12;

describe("the log of a sealed store", () => {
  let directory: string;
  let log: Uint8Array;
  /** Where each record's data begins. */
  let starts: number[];

  /** Durable batches with one between them that is not. */
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), "kelp-sealed-log-"));
    const store = await openSealedStore(await openLevelStore({ directory }), {
      name: "the store",
      remedy: "do something",
    });
    for (let number = 0; number < DURABLE_COUNT; number++) {
      const value = utf8("value".repeat(20));
      await store.batch([{ type: "put", key: utf8(`${number}`), value }], { durable: true });
      if (number === 5) {
        await store.batch([{ type: "put", key: utf8("not synced"), value }], { durable: false });
      }
    }
    await store.close();
    const name = present(
      (await readdir(directory)).find((file) => file.endsWith(".log")),
      "a log",
    );
    log = new Uint8Array(await readFile(join(directory, name)));
    const records = [...logRecords(log)].map((record) => present(record, "a whole record"));
    starts = records.map((record) => Buffer.from(log).indexOf(record));
  });
  afterAll(() => rm(directory, { recursive: true }));

  function flawWith(...damaged: readonly number[]): string | undefined {
    const copy = Uint8Array.from(log);
    for (const at of damaged) copy[at] = (copy[at] ?? 0) ^ 0x20;
    return sealedLogFlaw(copy);
  }

  test("has no flaw as it was written", () => {
    expect(sealedLogFlaw(log)).toBeUndefined();
    // The batch that makes the store, the durable ones and the other.
    expect(starts).toHaveLength(1 + DURABLE_COUNT + 1);
  });

  test("has none wherever a crash cuts it", () => {
    for (let size = 0; size < log.byteLength; size++) {
      expect(sealedLogFlaw(log.subarray(0, size)), `${size}`).toBeUndefined();
    }
  });

  test("has one if any batch but the last is damaged, although LevelDB would drop all behind it", () => {
    const last = present(starts.at(-1), "the last record");
    for (let at = 0; at < last - 7; at += 5) expect(flawWith(at), `${at}`).toMatch(/before batch/);
  });

  test("has none if only the last batch is, which a crash may have torn", () => {
    const last = present(starts.at(-1), "the last record");
    for (let at = last; at < log.byteLength; at += 5) expect(flawWith(at), `${at}`).toBeUndefined();
  });

  test("has none if what was not synced is damaged before the batch that a crash interrupted", () => {
    // Batch 5, the one that is not durable, batch 6: a crash in the middle of syncing the last of these.
    const end = present(starts[9], "the record behind batch 6") - 7;
    const copy = log.slice(0, end);
    const notSynced = present(starts[7], "the record that was not synced") + 20;
    copy[notSynced] = (copy[notSynced] ?? 0) ^ 0x20;
    expect(sealedLogFlaw(copy)).toBeUndefined();
  });
});
