import fc from "fast-check";
import { expect, test } from "vitest";
import { Heap } from "../../../cluster/base/heap.ts";

const numbers = () => new Heap<number>((left, right) => left < right);

test("an empty heap has nothing to give", () => {
  const heap = numbers();
  expect([heap.size, heap.peek(), heap.pop(), heap.size]).toEqual([0, undefined, undefined, 0]);
});

test("the least comes out first", () => {
  const heap = numbers();
  for (const item of [5, 1, 4, 1, 3]) heap.push(item);
  expect(heap.peek()).toBe(1);
  expect(Array.from({ length: 6 }, () => heap.pop())).toEqual([1, 1, 3, 4, 5, undefined]);
});

test("the order is the caller's", () => {
  const heap = new Heap<string>((left, right) => left.length > right.length);
  for (const item of ["a", "ccc", "bb"]) heap.push(item);
  expect([heap.pop(), heap.pop(), heap.pop()]).toEqual(["ccc", "bb", "a"]);
});

test("any use gives what a sorted list gives", () => {
  // A number is pushed; undefined pops.
  const uses = fc.array(fc.option(fc.nat(20), { nil: undefined, freq: 2 }), { maxLength: 200 });
  fc.assert(
    fc.property(uses, (steps) => {
      const heap = numbers();
      const twin: number[] = [];
      for (const step of steps) {
        if (step === undefined) {
          expect(heap.pop()).toBe(twin.shift());
        } else {
          heap.push(step);
          twin.push(step);
          twin.sort((left, right) => left - right);
        }
        expect(heap.size).toBe(twin.length);
        expect(heap.peek()).toBe(twin[0]);
      }
    }),
  );
});
