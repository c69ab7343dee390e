/** What befalls one of three monitors, while the others go on: damage, a full disk, the wrong directory or key. */
import { randomBytes } from "node:crypto";
import { cp, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { present } from "../../../cluster/base/assert.ts";
import { utf8 } from "../../../cluster/base/bytes.ts";
import type { ZooKeeperClient } from "../../../cluster/zookeeper/client.ts";
import { Ensemble } from "./ensemble.ts";
import { flipMiddleByte, type Member } from "./member.ts";
import { canMountTmpfs, SmallDisk } from "./small-disk.ts";

const TEST_MS_MAX = 60_000;
const MEGABYTE = 1 << 20;

let ensemble: Ensemble;
beforeAll(async () => {
  ensemble = await Ensemble.start({ size: 3 });
}, TEST_MS_MAX);
afterAll(() => ensemble.close());

/** Each test finds three members that serve, and leaves no session. */
beforeEach(() => ensemble.start(), TEST_MS_MAX);
afterEach(() => ensemble.closeClients());

let lastName = 0;
/** A node that no other test has. */
function freshPath(): string {
  lastName += 1;
  return `/mishap-${lastName}`;
}

/** One after the other. With the path of the last one. */
async function write(client: ZooKeeperClient, count: number): Promise<string> {
  let path = "";
  for (let index = 0; index < count; index++) {
    path = freshPath();
    await client.create(path, utf8("data".padEnd(200, ".")));
  }
  return path;
}

async function writeMegabytes(client: ZooKeeperClient, count: number): Promise<string> {
  const path = await write(client, 1);
  for (let index = 0; index < count; index++) {
    await client.setData(path, randomBytes(MEGABYTE - 1_000));
  }
  return path;
}

/** That a member has all that the others have, and that its vote makes a majority with one other. */
async function expectToCount(
  member: Member,
  { paths, among = ensemble }: { paths: readonly string[]; among?: Ensemble },
): Promise<void> {
  const own = among.client([member]);
  await own.sync();
  for (const path of paths) expect(await own.exists(path), path).toBeDefined();
  const [partner, third] = among.members.filter((other) => other !== member);
  await present(third, "a third member").end("SIGKILL");
  await present(partner, "a second member").untilServing();
  const byTwo = await write(among.client([present(partner, "a second member")]), 1);
  await own.sync();
  expect(await own.exists(byTwo)).toBeDefined();
}

describe("a member whose disk is damaged", () => {
  test.each([".log", ".ldb"] as const)(
    "refuses a flipped byte in a %s file, and `kelp monitor rejoin` brings it back",
    async (ending) => {
      const client = ensemble.client();
      const paths = [await write(client, 60)];
      const [damaged] = (await ensemble.roles()).followers;
      // Its log becomes a table when it starts, and a new log begins.
      await damaged.end("SIGKILL");
      damaged.start();
      await damaged.untilServing();
      paths.push(await write(client, 60));
      await damaged.end("SIGKILL");
      await flipMiddleByte(present(await damaged.largestFile(ending), `a ${ending} file`));

      damaged.start();
      const { code, stderr } = await damaged.untilEnded();
      expect(code).toBe(1);
      expect(stderr).toContain("run `kelp monitor rejoin`");
      paths.push(await write(client, 10));

      const rejoined = await damaged.rejoin();
      expect(rejoined).toMatchObject({ code: 0, stderr: "" });
      expect(rejoined.stdout).toContain(`the store is now ${damaged.storeDir}.set-aside-`);
      damaged.start();
      await damaged.untilServing();
      expect(damaged.stderr).toContain("this store is empty, the ensemble is not");
      await expectToCount(damaged, { paths });
    },
    TEST_MS_MAX,
  );

  test("is not set aside while it runs", async () => {
    const { code, stderr } = await ensemble.member(1).rejoin();
    expect(code).toBe(1);
    expect(stderr).toContain("another process uses this data directory");
    await write(ensemble.client([ensemble.member(1)]), 1);
  });
});

describe("a member that was away for long", () => {
  test(
    "takes the others' rows when their log no longer reaches back to it",
    async () => {
      const client = ensemble.client();
      const paths = [await write(client, 5)];
      const [late] = (await ensemble.roles()).followers;
      await late.end("SIGTERM");
      // More than the members keep of their logs.
      paths.push(await writeMegabytes(client, 24), await write(client, 5));
      late.start();
      await late.untilServing();
      await late.untilLogged(/took the rows as of slot \d+/);
      await expectToCount(late, { paths });
    },
    TEST_MS_MAX,
  );
});

describe("a member with a directory that is not its own", () => {
  test(
    "refuses one of another ensemble, and `kelp monitor rejoin` makes it a member",
    async () => {
      const member = ensemble.member(3);
      await member.end("SIGTERM");
      await rm(member.storeDir, { recursive: true });
      const elsewhere = await Ensemble.layOut({ size: 1 });
      try {
        const stranger = elsewhere.member(1);
        await writeFile(join(stranger.dataDir, "myid"), "3\n");
        await elsewhere.start();
        await elsewhere.client().create("/from-elsewhere");
        await stranger.end("SIGTERM");
        await cp(stranger.storeDir, member.storeDir, { recursive: true });
      } finally {
        await elsewhere.close();
      }
      member.start();
      const { code, stderr } = await member.untilEnded();
      expect(code).toBe(1);
      expect(stderr).toContain("kelp: this store belongs to another ensemble than members 1, 2");
      const meanwhile = await write(ensemble.client([ensemble.member(1)]), 1);
      expect(await member.rejoin()).toMatchObject({ code: 0 });
      member.start();
      await member.untilServing();
      const client = ensemble.client([member]);
      await client.sync();
      expect(await client.exists("/from-elsewhere")).toBeUndefined();
      expect(await client.exists(meanwhile)).toBeDefined();
    },
    TEST_MS_MAX,
  );

  test(
    "refuses a copy of another member's",
    async () => {
      const [first, third] = [ensemble.member(1), ensemble.member(3)];
      await first.end("SIGTERM");
      await third.end("SIGTERM");
      await rm(third.storeDir, { recursive: true });
      await cp(first.storeDir, third.storeDir, { recursive: true });
      third.start();
      const { code, stderr } = await third.untilEnded();
      expect(code).toBe(1);
      expect(stderr).toContain("the store was written by mon.1, and this is mon.3");
      expect(await third.rejoin()).toMatchObject({ code: 0 });
    },
    TEST_MS_MAX,
  );
});

describe("the members' own port", () => {
  test(
    "is closed to a member with another key, which serves once it has the right one",
    async () => {
      const own = await Ensemble.layOut({ size: 3 });
      try {
        const keys = { right: join(own.directory, "right"), wrong: join(own.directory, "wrong") };
        for (const path of Object.values(keys)) {
          await writeFile(path, `${randomBytes(32).toString("hex")}\n`, { mode: 0o600 });
        }
        for (const member of own.members) await member.addLine(`kelp.clusterKeyFile=${keys.right}`);
        await own.start();
        const last = own.member(3);
        expect(last.stderr).not.toContain("members are known by their addresses alone");
        await last.end("SIGTERM");
        await last.addLine(`kelp.clusterKeyFile=${keys.wrong}`);
        last.start();
        await last.untilLogged("serves no clients: no leader");
        await own.member(1).untilLogged("refused a connection");
        await own.client([own.member(1)]).create("/meanwhile");
        await last.end("SIGTERM");
        await last.addLine(`kelp.clusterKeyFile=${keys.right}`);
        last.start();
        await last.untilServing();
      } finally {
        await own.close();
      }
    },
    TEST_MS_MAX,
  );

  test(
    "is closed to strangers, by their address and by what they say",
    async () => {
      const member = ensemble.member(1);
      expect(member.stderr).toContain("members are known by their addresses alone");
      await talk(member.peerPort, { from: "127.0.0.2", text: "KLP1" });
      await member.untilLogged("refused a connection that comes from no member");
      await talk(member.peerPort, {
        from: "127.0.0.1",
        text: "GET / HTTP/1.0\r\n\r\n".padEnd(2_000),
      });
      await member.untilLogged(/"refused a connection"/);
      await write(ensemble.client([member]), 1);
    },
    TEST_MS_MAX,
  );
});

describe.skipIf(!canMountTmpfs())("a member whose disk is full (needs root)", () => {
  test(
    "says so and ends, the others go on, and it comes back when there is space",
    async () => {
      const disk = SmallDisk.mount(64 * MEGABYTE);
      const own = await Ensemble.layOut({ size: 3, dataDirs: new Map([[3, disk.directory]]) });
      try {
        await own.start();
        const full = own.member(3);
        const client = own.client([own.member(1), own.member(2)]);
        const paths = [await write(client, 20)];
        await disk.fill();
        const [ended] = await Promise.all([full.untilEnded(), writeMegabytes(client, 8)]);
        expect(ended.code).toBe(1);
        expect(ended.stderr).toMatch(/kelp: cannot write .*the disk is full; free space/);
        paths.push(await write(client, 20));

        full.start();
        const again = await full.untilEnded();
        expect(again.code).toBe(1);
        expect(again.stderr).toContain("the disk is full; free space");

        await disk.free();
        full.start();
        await full.untilServing();
        await expectToCount(full, { paths, among: own });
      } finally {
        await own.close();
        disk.unmount();
      }
    },
    TEST_MS_MAX,
  );
});

/** Resolves when the server has closed the connection. */
async function talk(port: number, { from, text }: { from: string; text: string }): Promise<void> {
  const socket = connect({ port, host: "127.0.0.1", localAddress: from });
  socket.on("error", () => {}); // A reset is one way to be refused.
  socket.resume();
  const closed = new Promise((resolve) => socket.once("close", resolve));
  socket.write(text);
  await closed;
}
