import { afterEach, beforeEach, expect, test } from "vitest";
import { withClient } from "../../../cli/znode/connection.ts";
import { ZnodeCommand } from "./znode-command.ts";

let znode: ZnodeCommand;
beforeEach(async () => {
  znode = await ZnodeCommand.start();
});
afterEach(() => znode.stop());

test("a command has a session, and ends it whatever happens", async () => {
  const flags = { server: znode.address };
  const seen = await withClient(flags, async (client) => {
    expect(znode.server.sessionIds).toEqual([client.sessionId]);
    return 7;
  });
  expect(seen).toBe(7);
  expect(znode.server.sessionIds).toEqual([]);
  const failing = withClient(flags, () => Promise.reject(new Error("as planned")));
  await expect(failing).rejects.toThrow("as planned");
  expect(znode.server.sessionIds).toEqual([]);
});

test("where nobody answers it says so, why, and what to do", async () => {
  const { address } = znode;
  await znode.stop();
  const { err, exitCode } = await znode.runAs("ls", "/", "--server", address);
  expect(exitCode).toBe(1);
  expect(err).toMatch(
    /^kelp: no ZooKeeper or Kelp monitor answers at 127\.0\.0\.1:\d+: .*ECONNREFUSED/,
  );
  expect(err).toContain("--server host:port,host:port");
});

test("what is no address is wrong", async () => {
  const { err, exitCode } = await znode.runAs("ls", "/", "--server", "a:b:c");
  expect(exitCode).toBe(2);
  expect(err).toContain("is no server; write host:port");
});

test("credentials need a scheme", async () => {
  const auth = ["digest"];
  const body = async (): Promise<void> => {};
  await expect(withClient({ server: znode.address, auth }, body)).rejects.toMatchObject({
    exitCode: 2,
  });
});
