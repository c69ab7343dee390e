import { describe, expect, test } from "vitest";
import { EMPTY_BYTES, textOf, utf8 } from "../../../cluster/base/bytes.ts";
import { ClusterError, type ClusterErrorCode } from "../../../cluster/base/error.ts";
import { peerName } from "../../../cluster/base/ids.ts";
import { SILENT_LOG } from "../../../cluster/base/log.ts";
import { MemoryStore } from "../../../cluster/kv/memory-store.ts";
import type { KeyValue } from "../../../cluster/kv/store.ts";
import { assertWithinLimits, payloadSize } from "../../../cluster/runtime/outgoing.ts";
import type { Transport } from "../../../cluster/runtime/transport.ts";
import { REQUEST_BYTES_MAX } from "../../../monitor/message/limits.ts";
import { decodeRows } from "../../../monitor/message/rows.ts";
import { rowsOf, rowWrite } from "../../../monitor/replica/rows.ts";
import { type RowsMessage, sendRows } from "../../../monitor/replica/transfer.ts";

const PEER = peerName("mon.2");

type Part = RowsMessage & { readonly rows: readonly KeyValue[] };

/** A peer that takes parts until `answer` says otherwise. */
async function send(
  rows: readonly (readonly [string, string])[],
  answer: (part: Part) => boolean = () => true,
) {
  const store = new MemoryStore();
  const put = ([key, value]: readonly [string, string]) =>
    rowWrite(4, { type: "put", key: utf8(key), value: utf8(value) });
  await store.batch([...rows.map(put), rowWrite(5, { type: "delete", key: utf8("other") })]);
  await store.batch([rowWrite(5, { type: "put", key: utf8("other"), value: utf8("x") })]);
  const parts: Part[] = [];
  const errors: string[] = [];
  let underWay = 0;
  const transport: Transport<RowsMessage | boolean> = {
    self: peerName("mon.1"),
    route: () => {},
    send: () => false,
    close: () => Promise.resolve(),
    async request(peer, outgoing) {
      const { message, payload } = outgoing;
      if (typeof message === "boolean") throw new Error("rows are asked to be taken");
      assertWithinLimits(0, payloadSize(outgoing));
      underWay += 1;
      expect(underWay).toBe(1);
      const rows = decodeRows(payload instanceof Uint8Array ? payload : EMPTY_BYTES);
      const part = { ...message, rows };
      parts.push(part);
      await Promise.resolve();
      const ok = answer(part);
      underWay -= 1;
      return { from: peer, message: ok, payload: new Uint8Array(0) };
    },
  };
  const options = { store, range: rowsOf(4), transport, peer: PEER, transfer: 8 };
  const isTaken = (message: RowsMessage | boolean) => message === true;
  const isSent = await sendRows<RowsMessage | boolean>({
    ...options,
    message: (part) => part,
    isTaken,
    log: { ...SILENT_LOG, error: (message) => errors.push(message) },
  });
  return { isSent, parts, errors };
}

function keysOf(parts: readonly Part[]): string[] {
  return parts.flatMap(({ rows }) => rows.map(([key]) => textOf(key)));
}

function manyRows(count: number, valueBytes: number): (readonly [string, string])[] {
  return Array.from({ length: count }, (_, index) => [
    `k${String(index).padStart(6, "0")}`,
    "v".repeat(valueBytes),
  ]);
}

describe("rows that are sent", () => {
  test("are those of one generation, under the machine's own keys", async () => {
    const { isSent, parts } = await send([
      ["a", "1"],
      ["b", "2"],
    ]);
    expect(isSent).toBe(true);
    expect(keysOf(parts)).toEqual(["a", "b"]);
    expect(parts).toMatchObject([{ transfer: 8, index: 0, isLast: true }]);
  });

  test("are one last part even if there are none", async () => {
    const { isSent, parts } = await send([]);
    expect(isSent).toBe(true);
    expect(parts).toMatchObject([{ index: 0, rows: [], isLast: true }]);
  });

  test.each([
    ["large", manyRows(20, 100_000)],
    ["many", manyRows(10_000, 1)],
  ])("are cut into parts where they are %s, one under way at a time", async (_what, rows) => {
    const { isSent, parts } = await send(rows);
    expect(isSent).toBe(true);
    expect(parts.length).toBeGreaterThan(2);
    expect(keysOf(parts)).toEqual(rows.map(([key]) => key));
    expect(parts.map(({ index }) => index)).toEqual(parts.map((_, index) => index));
    expect(parts.map(({ isLast }) => isLast)).toEqual(
      parts.map((_, at) => at === parts.length - 1),
    );
    for (const part of parts) {
      const bytes = part.rows.reduce((sum, [key, value]) => sum + key.length + value.length, 0);
      expect(bytes).toBeLessThan(512 << 10);
      expect(part.rows.length).toBeLessThanOrEqual(4_096);
    }
  });

  test("fit into a message, also one that is as long as three requests behind others", async () => {
    const large = "v".repeat(3 * REQUEST_BYTES_MAX);
    const rows = [
      ["a", "v".repeat(200_000)],
      ["b", large],
      ["c", "1"],
    ] as const;
    const { isSent, parts } = await send(rows);
    expect([isSent, keysOf(parts)]).toEqual([true, ["a", "b", "c"]]);
  });

  test("are given up where one fits into none, with a word to the operator", async () => {
    const { isSent, parts, errors } = await send([["a", "v".repeat(16 << 20)]]);
    expect([isSent, parts]).toEqual([false, []]);
    expect(errors).toEqual([
      expect.stringMatching(/^a row of 167\d+ bytes cannot be sent to mon.2/),
    ]);
  });

  test("end with the first part that is refused", async () => {
    const { isSent, parts } = await send(manyRows(10_000, 1), ({ index }) => index < 1);
    expect(isSent).toBe(false);
    expect(parts).toHaveLength(2);
  });

  test.each<ClusterErrorCode>(["CONNECTION_LOST", "UNREACHABLE", "TIMEOUT", "REMOTE_FAILED"])(
    "have failed when the peer answers with %s",
    async (code) => {
      const failing = send([["a", "1"]], () => {
        throw new ClusterError(code, "no");
      });
      expect((await failing).isSent).toBe(false);
    },
  );

  test("throw what is no failure of the peer", async () => {
    const failing = (error: Error) =>
      send([["a", "1"]], () => {
        throw error;
      });
    await expect(failing(new ClusterError("STORE_FAILED", "disk"))).rejects.toThrow("disk");
    await expect(failing(new TypeError("a bug"))).rejects.toThrow("a bug");
  });
});
