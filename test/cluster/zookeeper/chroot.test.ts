import { expect, test } from "vitest";
import { Chroot } from "../../../cluster/zookeeper/chroot.ts";

test.each([
  ["/", "/", "/"],
  ["/", "/a", "/a"],
  ["/k", "/", "/k"],
  ["/k", "/a/b", "/k/a/b"],
  ["/k/l", "/a", "/k/l/a"],
])("below %s, %s is %s", (chroot, client, server) => {
  expect(new Chroot(chroot).toServer(client)).toBe(server);
  expect(new Chroot(chroot).toClient(server)).toBe(client);
});

test("what is not below stays as it is", () => {
  expect(new Chroot("/k").toClient("/other")).toBe("/other");
  expect(new Chroot("/k").toClient("/kelp")).toBe("/kelp");
  expect(new Chroot("/k").toClient("")).toBe("");
});
