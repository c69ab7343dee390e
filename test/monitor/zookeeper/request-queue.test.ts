import fc from "fast-check";
import { expect, test } from "vitest";
import { ERRORS } from "../../../cluster/zookeeper/error-codes.ts";
import {
  type PendingRequest,
  REQUEST_OVERHEAD,
  type RequestKind,
  RequestQueue,
} from "../../../monitor/zookeeper/request-queue.ts";

const request = (kind: RequestKind, sequence: number, size = 0): PendingRequest => ({
  kind,
  xid: sequence,
  op: 1,
  body: new Uint8Array(size),
  identities: [],
  receivedMs: 0,
  sequence,
  zxid: undefined,
  error: ERRORS.OK,
  response: undefined,
  isForwarded: false,
  isLast: false,
});

test("what it holds is counted in bytes", () => {
  const queue = new RequestQueue();
  queue.push(request("write", 1, 100));
  queue.push(request("local", 0, 10));
  expect(queue.bytes).toBe(110 + 2 * REQUEST_OVERHEAD);
  queue.shift();
  expect(queue.bytes).toBe(10 + REQUEST_OVERHEAD);
  queue.shift();
  queue.shift();
  expect([queue.bytes, queue.length, queue.first()]).toEqual([0, 0, undefined]);
});

test("writes are found by their number, however many are before them", () => {
  const queue = new RequestQueue();
  for (let sequence = 1; sequence <= 5; sequence++) {
    queue.push(request("local", 0));
    queue.push(request("write", sequence));
  }
  expect([1, 3, 5, 6, 0].map((sequence) => queue.write(sequence)?.sequence)).toEqual([
    1,
    3,
    5,
    undefined,
    undefined,
  ]);
  for (let count = 0; count < 4; count++) queue.shift();
  expect([queue.write(2), queue.write(3)?.sequence]).toEqual([undefined, 3]);
});

test("writes are on their way, or held back behind a sync", () => {
  const queue = new RequestQueue();
  const all = (["write", "local", "write", "sync", "write"] as const).map((kind, index) =>
    request(kind, index + 1),
  );
  for (const one of all) queue.push(one);
  expect(queue.held().map(({ sequence }) => sequence)).toEqual([1, 3]);
  for (const one of queue.held()) queue.noteForwarded(one);
  expect([queue.held(), queue.forwardedCount]).toEqual([[], 2]);
  expect(queue.forwarded().map(({ sequence }) => sequence)).toEqual([1, 3]);
  queue.shift();
  expect(queue.forwardedCount).toBe(1);
  const sync = all[3];
  if (sync !== undefined) sync.kind = "local";
  expect(queue.held().map(({ sequence }) => sequence)).toEqual([5]);
});

test("any run of calls does what an array does", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 5 }), { maxLength: 600 }), (calls) => {
      const queue = new RequestQueue();
      let dumb: PendingRequest[] = [];
      let made = 0;
      for (const call of calls) {
        if (call >= 3) {
          made += 1;
          const one = request(call === 3 ? "write" : "local", made);
          queue.push(one);
          dumb.push(one);
        } else if (call >= 1) {
          queue.shift();
          dumb.shift();
        } else if (made % 97 === 0) {
          queue.clear();
          dumb = [];
        }
        expect(queue.length).toBe(dumb.length);
        expect(queue.first()).toBe(dumb[0]);
      }
      expect([...queue]).toEqual(dumb);
      expect(queue.held()).toEqual(dumb.filter(({ kind }) => kind === "write"));
    }),
  );
});
