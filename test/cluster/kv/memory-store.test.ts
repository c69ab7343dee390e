import { describe, expect, test } from "vitest";
import { utf8 } from "../../../cluster/base/bytes.ts";
import { MemoryStore } from "../../../cluster/kv/memory-store.ts";
import { kvStoreSuite } from "../../conformance/kv-store-suite.ts";

kvStoreSuite("MemoryStore", async () => {
  const stores: MemoryStore[] = [];
  return {
    persistent: false,
    async open() {
      const store = new MemoryStore();
      stores.push(store);
      return store;
    },
    async dispose() {
      for (const store of stores) await store.close();
    },
  };
});

describe("MemoryStore", () => {
  test("a batch takes effect when it is handed over", async () => {
    const store = new MemoryStore();
    const written = store.batch([{ type: "put", key: utf8("a"), value: utf8("1") }]);
    expect(await store.get(utf8("a"))).toEqual(utf8("1"));
    await written;
  });

  test("the size of a range grows with what is in it", async () => {
    const store = new MemoryStore();
    await store.batch([{ type: "put", key: utf8("a"), value: new Uint8Array(1000) }]);
    expect(await store.approximateSize(utf8("a"), utf8("b"))).toBeGreaterThanOrEqual(1000);
    expect(await store.approximateSize(utf8("b"), utf8("c"))).toBe(0);
  });
});
