/**
 * The WebAssembly kernel of crush/simd and its memory. It works on copies: of the map's columns, of
 * the rule, of the devices' weights. Where its quick scores cannot decide, and in buckets that are
 * not straw2, it asks the scalar form of the map.
 */
import type { Columns } from "./columns.ts";
import { PLAN } from "./columns.ts";
import type { CompiledMap } from "./compiled.ts";
import { LN } from "./ln-table.ts";
import { SIMD_BINARY } from "./simd-binary.ts";

/** The part of WebAssembly's interface that is used here; the language's own types lack it. */
declare const WebAssembly: {
  validate(bytes: Uint8Array): boolean;
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object, imports: object) => { readonly exports: unknown };
};

interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer; grow(pages: number): number };
  /** From here on memory is free. */
  readonly free: { readonly value: number };
  /** Maps so many of `xs`. */
  map(count: number): void;
}

/** By the names of the kernel's variables: arrays, which it gets the addresses of, and numbers. */
type Variables = Record<string, Int32Array | Float32Array | number>;

export interface KernelTask {
  readonly compiled: CompiledMap;
  readonly maxDevices: number;
  readonly deviceWeights: ArrayLike<number>;
  /** Of `simdProgram`. */
  readonly program: Int32Array;
  readonly resultMax: number;
  /** How many x it is given at most. */
  readonly xCountMax: number;
}

/** Writes the mappings of `xs` to `results`, `resultMax` places for each. */
export type Kernel = (xs: Int32Array, results: Int32Array) => void;

const LANE_COUNT = 8;
const LISTS_PER_LANE = 3;
const PAGE_BYTES = 65536;
/** What one load of a vector reads. */
const VECTOR_BYTES = 16;
/** What the kernel counts rows of equal weight with has 15 bits. */
const EQUAL_ROWS_MAX = 0x7fff;

/** Undefined where the engine has no SIMD. */
const MODULE = compileModule();

/** How far each logarithm is from the greatest: costs are positive draws, the least one wins. */
const COSTS = Float32Array.from(LN, (ln) => -ln);

function compileModule(): object | undefined {
  const bytes = Uint8Array.from(atob(SIMD_BINARY), (character) => character.charCodeAt(0));
  return WebAssembly.validate(bytes) ? new WebAssembly.Module(bytes) : undefined;
}

/** Undefined where the engine cannot run it. */
export function loadKernel(task: KernelTask): Kernel | undefined {
  if (MODULE === undefined) return undefined;
  const { compiled, deviceWeights, maxDevices, program, resultMax, xCountMax } = task;
  const { columns, hierarchy } = compiled;
  const host = { choose: hierarchy.choose.bind(hierarchy) };
  const exports = new WebAssembly.Instance(MODULE, { host }).exports as Exports;
  const memory = place(exports, {
    ...columnsOf(columns),
    maxDevices,
    deviceWeight: Int32Array.from(deviceWeights),
    deviceCount: deviceWeights.length,
    program,
    resultMax,
    lists: new Int32Array(LANE_COUNT * LISTS_PER_LANE * resultMax),
    xs: new Int32Array(xCountMax),
    results: new Int32Array(xCountMax * resultMax),
  });
  return (xs, results) => {
    memory.xs.set(xs);
    exports.map(xs.length);
    results.set(memory.results.subarray(0, results.length));
  };
}

function columnsOf({ buffer: _, endRow, weight, plan, ...columns }: Columns) {
  const { firstRow, hashId, item } = columns;
  // A row that only fills up a pair would be as good as the best, and leave that in doubt.
  const fillsUp = (row: number) =>
    item[row] === item[row - 1] &&
    hashId[row] === hashId[row - 1] &&
    weight[row] === weight[row - 1];
  const rowCount = firstRow.map((first, view) => {
    const end = endRow[view] as number;
    return end - first > 2 && fillsUp(end - 1) ? end - first - 1 : end - first;
  });
  return {
    ...columns,
    slotCount: columns.type.length,
    plan: plan.map((how, view) =>
      how === PLAN.equal && (rowCount[view] as number) > EQUAL_ROWS_MAX ? PLAN.weighted : how,
    ),
    rowCount,
    reciprocal: Float32Array.from(weight, (each) => 1 / each),
    cost: COSTS,
  };
}

/** Sets the variables and returns them with the copies of the arrays in the kernel's memory. */
function place<V extends Variables>(exports: Exports, variables: V): V {
  const { memory, free } = exports;
  const named = exports as unknown as Record<string, { value: number }>;
  const start = aligned(free.value);
  const sizes = Object.values(variables).map((value) =>
    typeof value === "number" ? 0 : aligned(value.byteLength),
  );
  const end = sizes.reduce((sum, size) => sum + size, start);
  memory.grow(Math.max(0, Math.ceil((end - memory.buffer.byteLength) / PAGE_BYTES)));
  let address = start;
  const placed = Object.entries(variables).map(([name, value]) => {
    const variable = named[name] as { value: number };
    if (typeof value === "number") {
      variable.value = value;
      return [name, value];
    }
    const Words = value instanceof Float32Array ? Float32Array : Int32Array;
    const copy = new Words(memory.buffer, address, value.length);
    copy.set(value);
    variable.value = address;
    address += aligned(value.byteLength);
    return [name, copy];
  });
  return Object.fromEntries(placed) as V;
}

function aligned(bytes: number): number {
  return Math.ceil(bytes / VECTOR_BYTES) * VECTOR_BYTES;
}
