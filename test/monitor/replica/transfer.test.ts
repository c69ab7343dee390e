import { describe, expect, test } from "vitest";
import { textOf, utf8 } from "../../../cluster/base/bytes.ts";
import { ClusterError, type ClusterErrorCode } from "../../../cluster/base/error.ts";
import { peerName } from "../../../cluster/base/ids.ts";
import { MemoryStore } from "../../../cluster/kv/memory-store.ts";
import type { Transport } from "../../../cluster/runtime/transport.ts";
import { rowsOf, rowWrite } from "../../../monitor/replica/rows.ts";
import { type RowsMessage, sendRows } from "../../../monitor/replica/transfer.ts";

const PEER = peerName("mon.2");

/** A peer that takes parts until `answer` says otherwise. */
async function send(
  rows: readonly (readonly [string, string])[],
  answer: (part: RowsMessage) => boolean = () => true,
) {
  const store = new MemoryStore();
  const put = ([key, value]: readonly [string, string]) =>
    rowWrite(4, { type: "put", key: utf8(key), value: utf8(value) });
  await store.batch([...rows.map(put), rowWrite(5, { type: "delete", key: utf8("other") })]);
  await store.batch([rowWrite(5, { type: "put", key: utf8("other"), value: utf8("x") })]);
  const parts: RowsMessage[] = [];
  let underWay = 0;
  const transport: Transport<RowsMessage | boolean> = {
    self: peerName("mon.1"),
    route: () => {},
    send: () => false,
    close: () => Promise.resolve(),
    async request(peer, { message }) {
      if (typeof message === "boolean") throw new Error("rows are asked to be taken");
      underWay += 1;
      expect(underWay).toBe(1);
      parts.push(message);
      await Promise.resolve();
      const ok = answer(message);
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
  });
  return { isSent, parts };
}

function keysOf(parts: readonly RowsMessage[]): string[] {
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
