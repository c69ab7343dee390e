import fc from "fast-check";
import { expect, test } from "vitest";
import type { Persist } from "../../../cluster/runtime/core.ts";
import { persist, type Say, type Script, say, startedLoop } from "../../support/scripted-loop.ts";

/** The shape of an effect, before its parts have names. */
type Shape = "say" | { readonly writeCount: number; readonly then: readonly Shape[] };

const { shape } = fc.letrec<{ shape: Shape }>((tie) => ({
  shape: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    fc.constant<Shape>("say"),
    fc.record({
      writeCount: fc.nat(2),
      then: fc.array(tie("shape"), { maxLength: 2, depthIdentifier: "then" }),
    }),
  ),
}));

const action = fc.oneof(
  { weight: 4, arbitrary: fc.array(shape, { maxLength: 3 }) },
  { weight: 4, arbitrary: fc.constant("turn" as const) },
  { weight: 2, arbitrary: fc.constant("durable" as const) },
  { weight: 1, arbitrary: fc.constant("50 ms" as const) },
);

/** Names the parts of events, and knows which writes must be durable before an effect may leave. */
class Ledger {
  readonly requiredKeys = new Map<string, readonly string[]>();
  /** Effects outside any `then`, in the order of their events. */
  readonly immediate: string[] = [];
  /** Effects in the `then` of an outermost persist, in the order of those. */
  readonly afterOutermost: string[] = [];
  readonly #persistedKeys: string[] = [];
  #count = 0;

  event(shapes: readonly Shape[]): Script {
    const effects = shapes.map((part) => this.#outermost(part));
    return { type: "script", name: `event${this.#count++}`, effects };
  }

  #outermost(part: Shape): Say | Persist<Say> {
    if (part === "say") return this.#say([], this.immediate);
    const keys = this.#keys(part.writeCount);
    this.#persistedKeys.push(...keys);
    return this.#persist(keys, part.then, [...this.#persistedKeys], this.afterOutermost);
  }

  /** `required` holds the keys of this persist and of all that were there before it. */
  #persist(
    keys: readonly string[],
    then: readonly Shape[],
    required: readonly string[],
    order: string[],
  ): Persist<Say> {
    const effects = then.map((part) => {
      if (part === "say") return this.#say(required, order);
      const inner = this.#keys(part.writeCount);
      return this.#persist(inner, part.then, [...required, ...inner], []);
    });
    return persist(keys.join(" "), ...effects);
  }

  #say(required: readonly string[], order: string[]): Say {
    const name = `say${this.#count++}`;
    this.requiredKeys.set(name, required);
    order.push(name);
    return say(name);
  }

  #keys(count: number): string[] {
    return Array.from({ length: count }, () => `key${this.#count++}`);
  }
}

test("on any schedule effects leave once, in order, after what they wait for", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(action, { maxLength: 60 }), async (actions) => {
      const ledger = new Ledger();
      const said: string[] = [];
      const early: string[] = [];
      const { loop, clock, store } = startedLoop({
        onPerform: (name) => {
          const required = ledger.requiredKeys.get(name) ?? [];
          if (!required.every((key) => store.durableKeys.has(key))) early.push(name);
          said.push(name);
        },
      });
      for (const next of actions) {
        if (next === "turn") {
          clock.turn();
          // Nothing that may leave at once waits for a disk, however long that takes.
          expect(said).toEqual(expect.arrayContaining(ledger.immediate));
        } else if (next === "durable") {
          if (store.isBusy) await store.finish();
        } else if (next === "50 ms") {
          clock.passMs(50);
          clock.fireTimers();
        } else {
          expect(loop.submit(ledger.event(next))).toBe(true);
        }
      }
      clock.turn();
      while (store.isBusy) await store.finish();
      expect(early).toEqual([]);
      expect([...said].sort()).toEqual([...ledger.requiredKeys.keys()].sort());
      expect(said.filter((name) => ledger.immediate.includes(name))).toEqual(ledger.immediate);
      expect(said.filter((name) => ledger.afterOutermost.includes(name))).toEqual(
        ledger.afterOutermost,
      );
    }),
    { numRuns: 300 },
  );
});
