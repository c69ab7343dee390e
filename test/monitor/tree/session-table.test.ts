import { expect, test } from "vitest";
import { Hasher, toDigest } from "../../../monitor/tree/digest.ts";
import { type Session, SessionTable } from "../../../monitor/tree/session-table.ts";

function createTable() {
  const sum = { a: 0, b: 0 };
  return { sum, table: new SessionTable(sum, new Hasher()) };
}

function session(id: number, fields: Partial<Session> = {}): Session {
  return {
    id,
    password: new Uint8Array(16),
    maker: { server: 1, connection: id },
    timeoutMs: 4000,
    server: 1,
    connection: id,
    lastSequence: 0,
    ephemeralsLog: 0,
    ephemerals: new Set(),
    ...fields,
  };
}

test("a session is found by its id and by who made it, until it is gone", () => {
  const { table } = createTable();
  const made = session(5);
  table.add(made);
  expect(table.find(5)).toBe(made);
  expect(table.madeBy({ server: 1, connection: 5 })).toBe(made);
  table.move(made, { server: 2, connection: 9 }, 8000);
  expect(table.madeBy({ server: 1, connection: 5 }), "also after it moved").toBe(made);
  table.remove(made);
  expect([table.find(5), table.madeBy({ server: 1, connection: 5 }), table.count]).toEqual([
    undefined,
    undefined,
    0,
  ]);
});

test("moving starts the count of requests again", () => {
  const { table } = createTable();
  const made = session(5);
  table.add(made);
  table.sequenceTo(made, 17);
  table.move(made, { server: 2, connection: 9 }, 8000);
  expect(made).toMatchObject({ server: 2, connection: 9, lastSequence: 0, timeoutMs: 8000 });
});

test("the digest is that of what is there", () => {
  const [one, other] = [createTable(), createTable()];
  const [first, second] = [session(5), session(5)];
  one.table.add(first);
  one.table.sequenceTo(first, 3);
  other.table.add(session(6));
  other.table.add(second);
  other.table.sequenceTo(second, 2);
  expect(toDigest(other.sum)).not.toBe(toDigest(one.sum));
  other.table.sequenceTo(second, 3);
  other.table.remove(other.table.find(6) as Session);
  expect(toDigest(other.sum)).toBe(toDigest(one.sum));
  one.table.remove(first);
  expect(toDigest(one.sum)).toBe(0n);
});

test("sessions that changed or went are named once", () => {
  const { table } = createTable();
  const [kept, gone] = [session(5), session(6)];
  for (const each of [kept, gone]) table.add(each);
  table.takeDirty();
  table.sequenceTo(kept, 1);
  table.sequenceTo(kept, 2);
  table.remove(gone);
  expect(table.takeDirty()).toEqual([5, 6]);
  expect(table.takeDirty()).toEqual([]);
});

test("ephemeral nodes go before their session", () => {
  const { table } = createTable();
  const made = session(5);
  table.add(made);
  table.addEphemeral(made, 3);
  expect(made.ephemeralsLog).toBe(4);
  expect(() => table.remove(made)).toThrow("ephemeral nodes go before");
});
