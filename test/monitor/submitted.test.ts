import { expect, test } from "vitest";
import { forgetSubmitted, isSubmitted, noteSubmitted } from "../../monitor/submitted.ts";
import type { Entry } from "../../monitor/tree/batch.ts";

const request = (connection: number, sequence: number): Entry => ({
  type: "request",
  session: 1,
  server: 7,
  connection,
  sequence,
  identities: [],
  op: 1,
  body: new Uint8Array(0),
});
const creation = (connection: number): Entry => ({
  type: "createSession",
  server: 7,
  connection,
  timeoutMs: 4_000,
  password: new Uint8Array(16),
});

test("what was taken is known until it is applied", () => {
  const submitted = new Set<string>();
  const entries = [request(1, 2), creation(1)];
  for (const entry of entries) noteSubmitted(submitted, entry);
  for (const entry of entries) expect(isSubmitted(submitted, entry)).toBe(true);
  for (const other of [request(1, 3), request(2, 2), creation(2)]) {
    expect(isSubmitted(submitted, other)).toBe(false);
  }
  for (const entry of entries) forgetSubmitted(submitted, entry);
  expect(submitted.size).toBe(0);
});

test("what only the leader itself proposes is taken each time", () => {
  const submitted = new Set<string>();
  const expiry: Entry = { type: "expireSession", session: 1 };
  noteSubmitted(submitted, expiry);
  expect([submitted.size, isSubmitted(submitted, expiry)]).toEqual([0, false]);
});
