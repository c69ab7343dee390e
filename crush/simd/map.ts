/**
 * The map in memory: where its columns lie. The host sets these, by name, before anything is
 * mapped. The columns are those of columns.ts, but for the last three, which only the kernel has.
 */

export const PLAN_SINGLE: i32 = 0;
export const PLAN_EQUAL: i32 = 1;
export const PLAN_WEIGHTED: i32 = 2;
export const PLAN_UNIFORM: i32 = 3;

/** By slot. */
export let type: usize = 0;
export let size: usize = 0;
export let firstView: usize = 0;
export let lastView: usize = 0;
/** By view. */
export let plan: usize = 0;
export let firstRow: usize = 0;
/** By row. */
export let item: usize = 0;
export let hashId: usize = 0;

/** By view: how many rows differ from the one before. */
export let rowCount: usize = 0;
/** By row, as a float: 1 / weight. */
export let reciprocal: usize = 0;
/** By 16-bit u, as a float: 2^48 - crush_ln(u). */
export let cost: usize = 0;

export let slotCount: i32 = 0;
export let maxDevices: i32 = 0;

/** By device, 16.16: the share of its data that it takes. */
export let deviceWeight: usize = 0;
export let deviceCount: i32 = 0;

/** The type of what is no item of the map, and of what an empty bucket chooses. */
export const NO_ITEM: i32 = -1;
export const NO_CHOICE: i32 = -2;

// @ts-ignore: decorator
@inline
export function at(column: usize, index: i32): i32 {
  return load<i32>(column + (<usize>index << 2));
}

export function typeOf(id: i32): i32 {
  if (id >= 0) return id < maxDevices ? 0 : NO_ITEM;
  const slot = -1 - id;
  return slot < slotCount ? at(type, slot) : NO_ITEM;
}
