/** One slot of the binary map: its layout is drawn in binary.ts. */
import {
  type ByteReader,
  type ByteWriter,
  type Form,
  list,
  record,
  row,
  s32,
  u8,
  u16,
  u32,
} from "./binary-form.ts";
import { ITEM_COUNT_MAX } from "./make-bucket.ts";
import { ALGORITHM, type Algorithm, type CrushBucket } from "./types.ts";

const ALGORITHM_NAMES = new Map<number, Algorithm>(
  Object.entries(ALGORITHM).map(([name, number]) => [number, name as Algorithm]),
);

interface Head {
  readonly id: number;
  readonly type: number;
  readonly alg: number;
  readonly hash: number;
  readonly weight: number;
  readonly items: readonly number[];
}

const head = record<Head>({
  id: s32,
  type: u16,
  alg: u8,
  hash: u8,
  weight: u32,
  items: list(u32, s32, { sizeMin: 4, countMax: ITEM_COUNT_MAX }),
});

const nodeWeights = list(u8, u32, { sizeMin: 4, countMax: 255 });

/** The slot of bucket `-1 - slot`, which may be empty. Without a slot, that of any bucket. */
export function bucketForm(slot?: number): Form<CrushBucket | undefined> {
  const expectedId = slot === undefined ? undefined : -1 - slot;
  return {
    read: (input) => readBucket(input, expectedId),
    write: writeBucket,
  };
}

function readBucket(input: ByteReader, expectedId?: number): CrushBucket | undefined {
  const { offset } = input;
  const number = u32.read(input);
  if (number === 0) return undefined;
  const alg = ALGORITHM_NAMES.get(number);
  if (alg === undefined) {
    throw input.error("MALFORMED", `there is no bucket algorithm ${number}`, offset);
  }
  const { id, type, alg: again, hash, weight, items } = head.read(input);
  if (expectedId !== undefined && id !== expectedId) {
    throw input.error("MALFORMED", `the slot of bucket ${expectedId} holds bucket ${id}`, offset);
  }
  if (again !== number) {
    const message = `bucket ${id} has two algorithms, ${number} and ${again}`;
    throw input.error("MALFORMED", message, offset);
  }
  return readWeights(input, { id, type, hash, weight, items }, alg);
}

function readWeights(input: ByteReader, base: Omit<Head, "alg">, alg: Algorithm): CrushBucket {
  const count = base.items.length;
  switch (alg) {
    case "uniform":
      return { ...base, alg, itemWeight: u32.read(input) };
    case "list": {
      const [itemWeights, sumWeights] = readPairs(input, count);
      return { ...base, alg, itemWeights, sumWeights };
    }
    case "tree": {
      const { offset } = input;
      const nodes = nodeWeights.read(input);
      if (isTreeOf(count, nodes.length)) return { ...base, alg, nodeWeights: nodes };
      const message = `a tree of ${count} items cannot have ${nodes.length} nodes`;
      throw input.error("MALFORMED", message, offset);
    }
    case "straw": {
      const [itemWeights, straws] = readPairs(input, count);
      return { ...base, alg, itemWeights, straws };
    }
    case "straw2":
      input.requireRoom(count, 4, ITEM_COUNT_MAX);
      return { ...base, alg, itemWeights: row(u32, count).read(input) };
  }
}

function writeBucket(output: ByteWriter, bucket: CrushBucket | undefined): void {
  const number = bucket === undefined ? 0 : ALGORITHM[bucket.alg];
  u32.write(output, number);
  if (bucket === undefined) return;
  head.write(output, { ...bucket, alg: number });
  switch (bucket.alg) {
    case "uniform":
      u32.write(output, bucket.itemWeight);
      break;
    case "list":
      writePairs(output, bucket.itemWeights, bucket.sumWeights);
      break;
    case "tree":
      nodeWeights.write(output, bucket.nodeWeights);
      break;
    case "straw":
      writePairs(output, bucket.itemWeights, bucket.straws);
      break;
    case "straw2":
      row(u32, bucket.items.length).write(output, bucket.itemWeights);
      break;
  }
}

/** Every item is a leaf, and leaves are every second node. */
function isTreeOf(itemCount: number, nodeCount: number): boolean {
  const isPowerOfTwo = (nodeCount & (nodeCount - 1)) === 0;
  return isPowerOfTwo && (itemCount === 0 || nodeCount >= 2 * itemCount);
}

function readPairs(input: ByteReader, count: number): [left: number[], right: number[]] {
  input.requireRoom(count, 8, ITEM_COUNT_MAX);
  const left: number[] = [];
  const right: number[] = [];
  for (let index = 0; index < count; index += 1) {
    left.push(u32.read(input));
    right.push(u32.read(input));
  }
  return [left, right];
}

function writePairs(output: ByteWriter, left: readonly number[], right: readonly number[]): void {
  for (const [index, value] of left.entries()) {
    u32.write(output, value);
    u32.write(output, right[index] ?? 0);
  }
}
