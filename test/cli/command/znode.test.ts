import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { utf8 } from "../../../cluster/base/bytes.ts";
import { ZnodeCommand } from "../znode/znode-command.ts";

let znode: ZnodeCommand;
let folder = "";

beforeEach(async () => {
  znode = await ZnodeCommand.start();
  folder = mkdtempSync(join(tmpdir(), "kelp-znode-"));
  for (const path of ["/a", "/a/b", "/a/c", "/a/c/d"]) znode.server.change(path, utf8("1"));
});

afterEach(async () => {
  await znode.stop();
  rmSync(folder, { recursive: true });
});

const done = (out: string): object => ({ out, err: "", exitCode: 0 });

describe("ls", () => {
  test("prints names in order, a part of them if asked", async () => {
    expect(await znode.run("ls", "/a")).toEqual(done("b\nc\n"));
    expect(await znode.run("ls", "/a", "--limit", "1")).toEqual(done("b\n"));
    expect(await znode.run("ls", "/a", "--after", "b")).toEqual(done("c\n"));
    expect(await znode.run("ls", "/a", "--json")).toEqual(done('{"name":"b"}\n{"name":"c"}\n'));
    expect(await znode.run("ls", "/a/b")).toEqual(done(""));
  });

  test("prints more about each if asked", async () => {
    expect((await znode.run("ls", "/a", "--long")).out.split("\n")).toEqual([
      "    bytes children  modified (UTC)       name",
      "        1        0  1970-01-01 00:00:00  b",
      "        1        1  1970-01-01 00:00:00  c",
      "",
    ]);
    const [line = ""] = (await znode.run("ls", "/a", "-l", "--json")).out.split("\n");
    expect(JSON.parse(line)).toMatchObject({ name: "b", dataLength: 1, ephemeralOwner: "0x0" });
  });
});

describe("get, set and create", () => {
  const binary = Uint8Array.from({ length: 256 }, (_, index) => index);

  test("keep every byte", async () => {
    const file = join(folder, "data");
    writeFileSync(file, binary);
    expect(await znode.run("set", "/a", "--file", file)).toEqual(done("version 1\n"));
    const { out } = await znode.run("get", "/a");
    expect(Buffer.from(out, "latin1")).toEqual(Buffer.from(binary));
    const json = JSON.parse((await znode.run("get", "/a", "--json")).out);
    expect(Buffer.from(json.data, "base64")).toEqual(Buffer.from(binary));
    expect(json.text).toBeUndefined();
  });

  test("take data as an argument", async () => {
    expect(await znode.run("create", "/a/x", "héllo")).toEqual(done("/a/x\n"));
    const { out } = await znode.run("get", "/a/x", "--json");
    const json = JSON.parse(Buffer.from(out, "latin1").toString());
    expect(json).toMatchObject({ path: "/a/x", text: "héllo", stat: { version: 0 } });
    expect((await znode.run("set", "/a/x", "", "--json")).out).toContain('"dataLength":0');
  });

  test("with a version that is not the node's change nothing", async () => {
    const { err, exitCode } = await znode.run("set", "/a", "2", "--if-version", "5");
    expect(exitCode).toBe(1);
    expect(err).toBe(
      "kelp: setData /a: BADVERSION: the node was changed meanwhile; read it again and decide anew\n",
    );
    expect(await znode.run("set", "/a", "2", "--if-version", "0")).toEqual(done("version 1\n"));
  });

  test("create makes numbers and parents", async () => {
    expect(await znode.run("create", "/a/n-", "--sequential")).toEqual(done("/a/n-0000000002\n"));
    expect(await znode.run("create", "/a/", "--sequential")).toEqual(done("/a/0000000003\n"));
    expect(await znode.run("create", "/x/y/z", "1", "--parents")).toEqual(done("/x/y/z\n"));
    expect(await znode.run("create", "/x/y/z", "2", "--parents")).toEqual(done("/x/y/z\n"));
    expect((await znode.run("create", "/x/y")).err).toContain("NODEEXISTS");
    expect((await znode.run("create", "/q/r")).err).toContain("NONODE");
    expect((await znode.run("create", "/a/", "x")).exitCode).toBe(1);
  });
});

describe("delete and deleteall", () => {
  test("delete one node, or all below it too", async () => {
    expect((await znode.run("delete", "/a")).err).toContain("NOTEMPTY");
    expect(await znode.run("delete", "/a/b")).toEqual(done(""));
    expect(await znode.run("deleteall", "/a", "--dry-run")).toEqual(done("/a\n/a/c\n/a/c/d\n"));
    expect(znode.server.nodes.size).toBe(4);
    expect(await znode.run("deleteall", "/a")).toEqual(done("deleted 3 nodes\n"));
    expect((await znode.run("deleteall", "/a")).err).toContain("NONODE");
  });

  test.each(["/", "/zookeeper"])("deleteall %s is refused", async (path) => {
    expect(await znode.run("deleteall", path)).toMatchObject({ exitCode: 2 });
    expect(znode.server.log).toEqual([]);
  });
});

describe("stat, tree and acl", () => {
  test("stat names every field as ZooKeeper does", async () => {
    const { out } = await znode.run("stat", "/a");
    const names = out
      .trim()
      .split("\n")
      .map((line) => line.split(" ")[0]);
    expect(names).toEqual([
      ...["czxid", "ctime", "mzxid", "mtime", "pzxid", "version", "cversion", "aversion"],
      ...["ephemeralOwner", "dataLength", "numChildren"],
    ]);
    expect(JSON.parse((await znode.run("stat", "/a", "--json")).out).path).toBe("/a");
    expect((await znode.run("stat", "/none")).err).toMatch(/^kelp: stat \/none: NONODE: /);
  });

  test("tree draws what is below, to a depth", async () => {
    expect((await znode.run("tree", "/a")).out).toBe(
      Buffer.from("/a\n├─ b\n└─ c\n   └─ d\n\n4 nodes\n").toString("latin1"),
    );
    const { out } = await znode.run("tree", "/a", "--json");
    expect(out.split("\n")[3]).toBe('{"path":"/a/c/d"}');
  });

  test("acl prints and changes who may do what", async () => {
    expect(await znode.run("acl", "/a")).toEqual(done("world:anyone:cdrwa\n"));
    const set = await znode.run("acl", "/a", "--set", "world:anyone:r,auth::cdrwa");
    expect(set).toEqual(done("world:anyone:r\nauth::cdrwa\n"));
    expect(await znode.run("acl", "/a", "--set", "world:anyone")).toMatchObject({ exitCode: 2 });
  });
});

describe("watch", () => {
  test("tells of changes, of as many as were asked for", async () => {
    const watched = znode.run("watch", "/a", "--recursive", "--count", "2", "--json");
    while (!znode.server.log.includes("addWatch /a")) {
      await new Promise((resolve) => setImmediate(resolve));
    }
    znode.server.change("/a/b", utf8("2"));
    znode.server.change("/a/new", utf8(""));
    znode.server.change("/a/b", utf8("3"));
    const { out, exitCode } = await watched;
    expect(exitCode).toBe(0);
    expect(
      out
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line)),
    ).toMatchObject([
      { type: "nodeDataChanged", path: "/a/b" },
      { type: "nodeCreated", path: "/a/new" },
    ]);
  });
});

describe("wrong usage", () => {
  test.each([
    [["ls", "a"], "A path starts with /."],
    [["ls", "/a/"], "A path does not end with /."],
    [["set", "/a"], "say which data"],
    [["set", "/a", "x", "--file", "y"], "either data or --file, not both"],
    [["set", "/a", "x", "--if-version", "y"], "A whole number is needed."],
    [["ls", "/a", "--limit", "-1"], "A whole number from 0 up is needed."],
    [["create", "/a/x", "--container", "--sequential"], "a container has neither"],
    [["ls", "/a", "--auth", "digest"], "--auth takes a scheme and its credentials"],
  ])("%j: %s", async (words, message) => {
    const { err, exitCode } = await znode.run(...words);
    expect(err).toContain(message);
    expect(exitCode).toBe(2);
  });

  test("a file that cannot be read is named", async () => {
    const { err, exitCode } = await znode.run("set", "/a", "--file", join(folder, "none"));
    expect(exitCode).toBe(1);
    expect(err).toContain("none: ENOENT");
  });
});
