import fc from "fast-check";
import { expect, test } from "vitest";
import { AssertionError } from "../../../cluster/base/assert.ts";
import { BoundedQueue } from "../../../cluster/base/bounded-queue.ts";

test("items come out in the order in which they went in", () => {
  const queue = new BoundedQueue<string>(3);
  for (const item of ["a", "b", "c"]) queue.push(item);
  expect([queue.shift(), queue.shift(), queue.shift(), queue.shift()]).toEqual([
    "a",
    "b",
    "c",
    undefined,
  ]);
});

test("a full queue refuses and keeps what it has", () => {
  const queue = new BoundedQueue<string>(1);
  expect(queue.push("a")).toBe(true);
  expect(queue.isFull).toBe(true);
  expect(queue.push("b")).toBe(false);
  expect(queue.size).toBe(1);
  expect(queue.shift()).toBe("a");
  expect(queue.push("b")).toBe(true);
});

test("peek shows the next item and leaves it", () => {
  const queue = new BoundedQueue<string>(2);
  expect(queue.peek()).toBeUndefined();
  queue.push("a");
  queue.push("b");
  expect(queue.peek()).toBe("a");
  expect(queue.size).toBe(2);
});

test("a queue that wrapped around keeps its order when it grows", () => {
  const queue = new BoundedQueue<number>(100);
  for (let item = 0; item < 16; item++) queue.push(item);
  for (let item = 0; item < 10; item++) queue.shift();
  for (let item = 16; item < 60; item++) queue.push(item);
  const rest = Array.from({ length: 51 }, () => queue.shift());
  expect(rest).toEqual([...Array.from({ length: 50 }, (_, index) => 10 + index), undefined]);
});

test("a cleared queue is empty and usable", () => {
  const queue = new BoundedQueue<number>(40);
  for (let item = 0; item < 40; item++) queue.push(item);
  queue.clear();
  expect([queue.size, queue.isFull, queue.peek(), queue.shift()]).toEqual([
    0,
    false,
    undefined,
    undefined,
  ]);
  queue.push(7);
  expect(queue.shift()).toBe(7);
});

test.each([0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY])(
  "a capacity of %d is refused",
  (capacity) => {
    expect(() => new BoundedQueue(capacity)).toThrow(AssertionError);
  },
);

test("any use gives what an array with a limit gives", () => {
  const use = fc.oneof(
    { weight: 60, arbitrary: fc.constant("push") },
    { weight: 40, arbitrary: fc.constant("shift") },
    { weight: 10, arbitrary: fc.constant("peek") },
    { weight: 1, arbitrary: fc.constant("clear") },
  );
  const uses = fc.array(use, { maxLength: 300, size: "max" });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 70 }), uses, (capacity, steps) => {
      const queue = new BoundedQueue<number>(capacity);
      const twin: number[] = [];
      for (const [item, step] of steps.entries()) {
        if (step === "push") {
          const fits = twin.length < capacity;
          if (fits) twin.push(item);
          expect(queue.push(item)).toBe(fits);
        } else if (step === "shift") {
          expect(queue.shift()).toBe(twin.shift());
        } else if (step === "peek") {
          expect(queue.peek()).toBe(twin[0]);
        } else {
          queue.clear();
          twin.length = 0;
        }
        expect(queue.size).toBe(twin.length);
        expect(queue.isFull).toBe(twin.length === capacity);
      }
    }),
  );
});
