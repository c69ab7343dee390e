/** Requests as fast-check draws them: few names and versions, so that they meet. */
import fc from "fast-check";
import { type Acl, OPEN_ACL, READ_ACL } from "../../../cluster/zookeeper/acl.ts";
import type { MultiOp } from "../../../cluster/zookeeper/multi-records.ts";
import type { RequestOf } from "../../../cluster/zookeeper/operations.ts";

const NAMES = ["a", "b", "Aa", "BB", "n-"];
const name = fc.constantFrom(...NAMES);
const validPath = fc
  .array(name, { minLength: 1, maxLength: 3 })
  .map((names) => `/${names.join("/")}`);
const oddPath = fc.constantFrom(
  "/",
  "",
  "a",
  "//a",
  "/a/",
  "/a/..",
  "/zookeeper",
  "/zookeeper/config",
);
export const paths = fc.oneof(
  { weight: 12, arbitrary: validPath },
  { weight: 1, arbitrary: oddPath },
);
const versions = fc.constantFrom(-1, -1, -1, 0, 1, 2);
const data = fc.option(fc.uint8Array({ maxLength: 6 }), { nil: undefined });
const acls: fc.Arbitrary<readonly Acl[]> = fc.constantFrom(
  OPEN_ACL,
  OPEN_ACL,
  OPEN_ACL,
  OPEN_ACL,
  READ_ACL,
  [{ perms: 31, id: { scheme: "ip", id: "127.0.0.1/8" } }],
  [],
);

const create = fc.record({
  path: paths,
  data,
  acl: acls,
  flags: fc.constantFrom(0, 0, 0, 1, 2, 3, 4),
});
const remove = fc.record({ path: paths, version: versions });
const set = fc.record({ path: paths, data, version: versions });
const setAcl = fc.record({ path: paths, acl: acls, version: versions });

export const multiOps: fc.Arbitrary<MultiOp> = fc.oneof(
  create.map((fields): MultiOp => ({ type: "create", ...fields })),
  create.map((fields): MultiOp => ({ type: "create2", ...fields })),
  remove.map((fields): MultiOp => ({ type: "delete", ...fields })),
  set.map((fields): MultiOp => ({ type: "setData", ...fields })),
  remove.map((fields): MultiOp => ({ type: "check", ...fields })),
);

export type RandomWrite = {
  [N in
    | "create"
    | "create2"
    | "createContainer"
    | "createTTL"
    | "delete"
    | "setData"
    | "setACL"
    | "check"
    | "multi"]: {
    readonly name: N;
    readonly fields: RequestOf<N>;
  };
}[
  | "create"
  | "create2"
  | "createContainer"
  | "createTTL"
  | "delete"
  | "setData"
  | "setACL"
  | "check"
  | "multi"];

const ttl = fc.constantFrom(1, 50, 1_000_000, 0, 2 ** 40);

export const writes: fc.Arbitrary<RandomWrite> = fc.oneof(
  { weight: 4, arbitrary: create.map((fields) => ({ name: "create" as const, fields })) },
  { weight: 1, arbitrary: create.map((fields) => ({ name: "create2" as const, fields })) },
  { weight: 1, arbitrary: create.map((fields) => ({ name: "createContainer" as const, fields })) },
  {
    weight: 1,
    arbitrary: fc.tuple(create, ttl, fc.constantFrom(5, 6, 0)).map(([fields, time, flags]) => ({
      name: "createTTL" as const,
      fields: { ...fields, ttl: time, flags },
    })),
  },
  { weight: 3, arbitrary: remove.map((fields) => ({ name: "delete" as const, fields })) },
  { weight: 3, arbitrary: set.map((fields) => ({ name: "setData" as const, fields })) },
  { weight: 1, arbitrary: setAcl.map((fields) => ({ name: "setACL" as const, fields })) },
  { weight: 1, arbitrary: remove.map((fields) => ({ name: "check" as const, fields })) },
  {
    weight: 2,
    arbitrary: fc
      .array(multiOps, { maxLength: 5 })
      .map((fields) => ({ name: "multi" as const, fields })),
  },
);
