/**
 * Mapping many x by one rule: by the WebAssembly kernel where the engine and the rule allow that,
 * else one after the other. Both give exactly what `doRule` gives.
 */
import { type CompiledMap, compile } from "./compiled.ts";
import { loadKernel } from "./simd-kernel.ts";
import { simdProgram } from "./simd-program.ts";
import type { ChooseArgs, CrushMap } from "./types.ts";

export interface BulkRequest {
  readonly map: CrushMap;
  readonly chooseArgs?: ChooseArgs | undefined;
  readonly ruleId: number;
  /** How many ids a mapping has at most. */
  readonly resultMax: number;
  /** By device id the share of its data, 16.16, that it takes; devices beyond the end take none. */
  readonly deviceWeights: ArrayLike<number>;
}

/**
 * A mapping takes `resultMax` places of the result: its ids, then VACANT in those that are left.
 * NONE is an id in this sense: an indep rule gives it where it found no device.
 */
export interface BulkMapper {
  mapMany(xs: ArrayLike<number>): Int32Array;
  /** Of x from `first` up. */
  mapRange(first: number, count: number): Int32Array;
}

export const VACANT = 0x7ffffffe;

/** What the kernel has memory for; nothing that people store has nearly as many replicas. */
const RESULT_MAX_OF_KERNEL = 1024;

/** So many x are mapped between two copies out of the kernel's memory. */
const CHUNK_COUNT = 2048;

export function bulkMapper(request: BulkRequest): BulkMapper {
  const compiled = compile(request.map, request.chooseArgs);
  return simdMapper(request, compiled) ?? scalarMapper(request, compiled);
}

/** `compiled` is the request's map with its choose_args. Undefined if the kernel cannot do it. */
export function simdMapper(request: BulkRequest, compiled: CompiledMap): BulkMapper | undefined {
  const { map, ruleId, resultMax, deviceWeights } = request;
  if (resultMax <= 0 || resultMax > RESULT_MAX_OF_KERNEL) return undefined;
  const typeOf = (item: number) => compiled.hierarchy.typeOf(item);
  const program = simdProgram(map, ruleId, resultMax, typeOf);
  if (program === undefined) return undefined;
  const { maxDevices } = map;
  const task = { compiled, maxDevices, deviceWeights, program, resultMax, xCountMax: CHUNK_COUNT };
  const kernel = loadKernel(task);
  return kernel && mapperOf(resultMax, kernel);
}

export function scalarMapper(request: BulkRequest, compiled: CompiledMap): BulkMapper {
  const { ruleId, deviceWeights } = request;
  const resultMax = Math.max(request.resultMax, 0);
  return mapperOf(resultMax, (xs, results) => {
    for (let i = 0; i < xs.length; i++) {
      const at = i * resultMax;
      const x = xs[i] as number;
      const count = compiled.mapInto(ruleId, x, resultMax, deviceWeights, results, at);
      results.fill(VACANT, at + count, at + resultMax);
    }
  });
}

function mapperOf(
  resultMax: number,
  mapChunk: (xs: Int32Array, results: Int32Array) => void,
): BulkMapper {
  const chunk = new Int32Array(CHUNK_COUNT);
  const mapAll = (count: number, xAt: (index: number) => number) => {
    const results = new Int32Array(count * resultMax);
    for (let from = 0; from < count; from += CHUNK_COUNT) {
      const end = Math.min(from + CHUNK_COUNT, count);
      for (let index = from; index < end; index++) chunk[index - from] = xAt(index);
      mapChunk(chunk.subarray(0, end - from), results.subarray(from * resultMax, end * resultMax));
    }
    return results;
  };
  return {
    mapMany: (xs) => mapAll(xs.length, (index) => xs[index] as number),
    mapRange: (first, count) => mapAll(count, (index) => first + index),
  };
}
