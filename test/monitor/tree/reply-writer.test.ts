import fc from "fast-check";
import { expect, test } from "vitest";
import { present } from "../../../cluster/base/assert.ts";
import { encode } from "../../../cluster/wire/codec.ts";
import {
  create2Response,
  getDataResponse,
  setDataResponse,
} from "../../../cluster/zookeeper/node-records.ts";
import { isValidPath } from "../../../monitor/tree/access.ts";
import { unpackBytes } from "../../../monitor/tree/packed-bytes.ts";
import { statOf } from "../../../monitor/tree/stat.ts";
import { CTIME, CZXID, OWNER, PZXID, VERSION } from "../../../monitor/tree/znode.ts";
import { createFields, World } from "./world.ts";

const owners = fc.oneof(
  fc.constantFrom(0, -1),
  fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
  fc.integer({ min: -(2 ** 40), max: -2 }),
);

test("what is written by hand is what the records write", () => {
  const names = fc.string({ unit: "binary", minLength: 1, maxLength: 9 }).filter(isName);
  const long = fc.nat(Number.MAX_SAFE_INTEGER);
  const data = fc.option(fc.uint8Array({ maxLength: 6000 }), { nil: undefined });
  const fields = fc.record({
    name: names,
    data,
    owner: owners,
    czxid: long,
    ctime: long,
    pzxid: long,
  });
  fc.assert(
    fc.property(fields, fc.integer(), fc.boolean(), (node, version, extendedTypes) => {
      const world = new World({ settings: { extendedTypes } });
      const client = world.connect();
      const path = `/${node.name}`;
      const made = world.write(client, "create", { ...createFields({ data: node.data }), path });
      expect(made.error).toBe("OK");
      const { tree } = world;
      const id = present(tree.znodes.find(path), "the node");
      tree.znodes.setDouble(id, OWNER, node.owner);
      tree.znodes.setDouble(id, CZXID, node.czxid);
      tree.znodes.setDouble(id, CTIME, node.ctime);
      tree.znodes.setDouble(id, PZXID, node.pzxid);
      tree.znodes.setInt(id, VERSION, version);
      const stat = statOf(tree, id);
      const bytes = unpackBytes(tree.znodes.data(id));
      expect(tree.replies.stat(tree, id)).toEqual(encode(setDataResponse, { stat }));
      expect(tree.replies.pathAndStat(tree, id)).toEqual(encode(create2Response, { path, stat }));
      expect(tree.replies.dataAndStat(tree, id)).toEqual(
        encode(getDataResponse, { data: bytes, stat }),
      );
    }),
    { numRuns: 300 },
  );
});

test("a reply that is kept does not change with later ones", () => {
  const world = new World();
  const client = world.connect();
  world.create(client, "/a", { data: Buffer.alloc(3000, 1) });
  const id = present(world.tree.znodes.find("/a"), "the node");
  const replies = Array.from({ length: 20 }, () => world.tree.replies.dataAndStat(world.tree, id));
  for (const reply of replies) expect(reply).toEqual(replies[0]);
});

function isName(name: string): boolean {
  return !name.includes("/") && isValidPath(`/${name}`);
}
