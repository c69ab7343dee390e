/**
 * The largest numbers that a map may hold. Ids are indexes of arrays, so that one absurd id would
 * cost gigabytes; these bounds are far above any cluster and far below any harm.
 */
export const DEVICE_COUNT_MAX = 2 ** 20;
export const BUCKET_COUNT_MAX = 2 ** 18;
export const CLASS_COUNT_MAX = 256;
/** A rule's id is stored in a byte. */
export const RULE_COUNT_MAX = 256;
export const STEP_COUNT_MAX = 1024;
/** There are eight; the last line about one counts. */
export const TUNABLE_LINE_COUNT_MAX = 1024;
/** One set of choose_args for each pool. */
export const CHOOSE_ARGS_COUNT_MAX = 2 ** 16;
/** In a set of choose_args, one list of weights for each replica. */
export const POSITION_COUNT_MAX = 4096;
/** Trees are walked by recursion. Real ones have up to a dozen levels. */
export const DEPTH_MAX = 100;

/** Types are stored in 16 bits; 0 is the type of devices. */
export const TYPE_MAX = 0xffff;
export const BYTE_MAX = 0xff;
export const U32_MAX = 0xffffffff;
export const INT32_RANGE = { min: -0x80000000, max: 0x7fffffff } as const;
export const COUNT_RANGE = { min: 0, max: 0x7fffffff } as const;
export const BYTE_RANGE = { min: 0, max: BYTE_MAX } as const;
export const DEVICE_ID_RANGE = { min: 0, max: DEVICE_COUNT_MAX - 1 } as const;
export const BUCKET_ID_RANGE = { min: -BUCKET_COUNT_MAX, max: -1 } as const;
export const RULE_ID_RANGE = { min: 0, max: RULE_COUNT_MAX - 1 } as const;
