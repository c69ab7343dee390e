import { expect, test } from "vitest";
import { treeLines } from "../../../cli/znode/tree-lines.ts";
import { utf8 } from "../../../cluster/base/bytes.ts";
import { ADDRESSES, ClientWorld } from "../../cluster/zookeeper/client-world.ts";

async function drawn(world: ClientWorld, path: string, depth?: number): Promise<string> {
  const lines: string[] = [];
  const draw = async (): Promise<void> => {
    for await (const line of treeLines({ client: world.client(), path, depth })) lines.push(line);
  };
  await world.until(draw());
  return lines.join("");
}

async function worldOf(...paths: readonly string[]): Promise<ClientWorld> {
  const world = new ClientWorld();
  await world.start(...ADDRESSES);
  for (const path of paths) world.server.change(path, utf8(""));
  return world;
}

test("a tree is drawn in order, with what belongs together joined", async () => {
  const world = await worldOf("/b", "/a", "/a/y", "/a/x", "/a/x/1", "/c", "/c/d");
  expect(await drawn(world, "/")).toBe(`/
├─ a
│  ├─ x
│  │  └─ 1
│  └─ y
├─ b
└─ c
   └─ d

8 nodes
`);
  expect(await drawn(world, "/b")).toBe("/b\n\n1 node\n");
});

test("below the depth it is said how many children there are", async () => {
  const world = await worldOf("/a", "/a/x", "/a/y", "/a/x/1");
  expect(await drawn(world, "/", 1)).toBe("/\n└─ a\n   └─ … 2 more below\n\n2 nodes\n");
});

test("many siblings are all drawn, the last as the last", async () => {
  const world = await worldOf(...Array.from({ length: 150 }, (_, index) => `/${index + 1000}`));
  const lines = (await drawn(world, "/")).split("\n");
  expect(lines[1]).toBe("├─ 1000");
  expect(lines[149]).toBe("├─ 1148");
  expect(lines[150]).toBe("└─ 1149");
});

test("there is no drawing of what is not there", async () => {
  const world = await worldOf();
  await expect(drawn(world, "/none")).rejects.toMatchObject({ code: "NONODE" });
});
