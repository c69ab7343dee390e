/**
 * Several operations in one request. Each part, and the end, has a header:
 *
 *   ┌──────────┬──────┬─────────┬──────┐  ┌─────────┬────────┬────────┐
 *   │ type int │ done │ err int │ body │  │ type -1 │ done 1 │ err -1 │
 *   └──────────┴──────┴─────────┴──────┘  └─────────┴────────┴────────┘
 *     one for each part, done is 0          the end
 *
 * `err` is -1 in requests; in responses it is the part's error, and a part that failed or was not
 * tried has the type -1 and its error once more as body.
 */
import { type Codec, record, type VariantOf, type Variants, VariantTable } from "../wire/codec.ts";
import { within } from "../wire/codec-error.ts";
import { errorResponse } from "./header-records.ts";
import { bool, buffer, int, presentUstring } from "./jute.ts";
import {
  create2Response,
  createRequest,
  createResponse,
  createTTLRequest,
  deleteRequest,
  getChildrenRequest,
  getChildrenResponse,
  getDataRequest,
  getDataResponse,
  setDataResponse,
} from "./node-records.ts";
import { OPCODES } from "./op-codes.ts";

const multiHeader = record({ type: int, done: bool, err: int });
const END = { type: -1, done: true, err: -1 };
/** What a request's parts have in place of an error. */
const NO_ERROR_YET = -1;

const nothing = record({});

/** In a multi, unlike alone, ZooKeeper tells a null path from an empty one here too. */
const setDataPart = record({ path: presentUstring, data: buffer, version: int });
const checkPart = record({ path: presentUstring, version: int });

const requests = {
  create: { id: OPCODES.create, body: createRequest },
  create2: { id: OPCODES.create2, body: createRequest },
  createContainer: { id: OPCODES.createContainer, body: createRequest },
  createTTL: { id: OPCODES.createTTL, body: createTTLRequest },
  delete: { id: OPCODES.delete, body: deleteRequest },
  setData: { id: OPCODES.setData, body: setDataPart },
  check: { id: OPCODES.check, body: checkPart },
  getData: { id: OPCODES.getData, body: getDataRequest },
  getChildren: { id: OPCODES.getChildren, body: getChildrenRequest },
} as const;
export type MultiOp = VariantOf<typeof requests>;

/** Apache ZooKeeper 3.8 answers create2 as create here, and the other two ways to create as create2. */
const results = {
  create: { id: OPCODES.create, body: createResponse },
  create2: { id: OPCODES.create2, body: create2Response },
  delete: { id: OPCODES.delete, body: nothing },
  setData: { id: OPCODES.setData, body: setDataResponse },
  check: { id: OPCODES.check, body: nothing },
  getData: { id: OPCODES.getData, body: getDataResponse },
  getChildren: { id: OPCODES.getChildren, body: getChildrenResponse },
  error: { id: OPCODES.error, body: errorResponse },
} as const;
export type MultiResult = VariantOf<typeof results>;

/** Of multi, and of multiRead, which has getData and getChildren as its only parts. */
export const multiRequest: Codec<readonly MultiOp[]> = parts(requests, () => NO_ERROR_YET);
export const multiResponse: Codec<readonly MultiResult[]> = parts(results, (result) =>
  result.type === "error" ? result.err : 0,
);

function parts<V extends Variants>(
  variants: V,
  errorOf: (part: VariantOf<V>) => number,
): Codec<readonly VariantOf<V>[]> {
  const table = new VariantTable(variants, -1, 0xff);
  return {
    encode(out, values) {
      for (const value of values) {
        const { id: type, body } = table.of(value);
        multiHeader.encode(out, { type, done: false, err: errorOf(value) });
        body.encode(out, value);
      }
      multiHeader.encode(out, END);
    },
    // Every part takes the nine bytes of its header at least, so the packet's size bounds them.
    decode(input) {
      const values: VariantOf<V>[] = [];
      try {
        for (;;) {
          const { type, done } = multiHeader.decode(input);
          if (done) return values;
          values.push(table.decode(type, input) as VariantOf<V>);
        }
      } catch (error) {
        throw within(error, values.length);
      }
    },
    sizeMin: 9,
  };
}
