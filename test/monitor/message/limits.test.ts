import { expect, test } from "vitest";
import { MESSAGE_LIMITS } from "../../../cluster/runtime/outgoing.ts";
import {
  ENTRY_BYTES_MAX,
  IDENTITY_BYTES_MAX,
  REQUEST_BYTES_MAX,
} from "../../../monitor/message/limits.ts";
import {
  BATCH_BYTES_MAX,
  BYTES_IN_FLIGHT_MAX,
  UNWRITTEN_BYTES_MAX,
} from "../../../monitor/replica/replica.ts";

const { payloadSizeMax } = MESSAGE_LIMITS;
/** A batch beside its entries. */
const HEADER_BYTES = 100;

test("a promise can carry what a member may have accepted behind its rows", () => {
  const value = Math.max(BATCH_BYTES_MAX, ENTRY_BYTES_MAX) + HEADER_BYTES;
  const inFlight = Math.max(BYTES_IN_FLIGHT_MAX, value);
  expect(UNWRITTEN_BYTES_MAX + 2 * inFlight).toBeLessThan(payloadSizeMax);
});

test("a row that three requests have made fits into a message", () => {
  expect(3 * REQUEST_BYTES_MAX + 2 * IDENTITY_BYTES_MAX).toBeLessThan(payloadSizeMax - (1 << 20));
});

test("an entry has room for a request and its identities", () => {
  expect(ENTRY_BYTES_MAX).toBeGreaterThan(REQUEST_BYTES_MAX + IDENTITY_BYTES_MAX);
});
