/** One monitor without server lines, as a process on a real disk. */
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { present } from "../../../cluster/base/assert.ts";
import { utf8 } from "../../../cluster/base/bytes.ts";
import { Ensemble } from "./ensemble.ts";
import { flipMiddleByte, type Member, servingDeadlineMs, tearTail } from "./member.ts";

let ensemble: Ensemble;
afterEach(() => ensemble.close());

async function single(): Promise<Member> {
  ensemble = await Ensemble.layOut({ size: 1 });
  return ensemble.member(1);
}

/** Started again after a kill, the log of the first life has become a table, and there is a new log. */
async function withTableAndLog(): Promise<Member> {
  const member = await single();
  for (const life of [0, 1]) {
    await ensemble.start();
    const client = ensemble.client();
    const writes = Array.from({ length: 120 }, (_, index) =>
      client.create(`/n-${life}-${index}`, utf8("data".padEnd(100, "."))),
    );
    await Promise.all(writes);
    await client.create(`/last-${life}`, utf8("data"));
    await client.close();
    await member.end("SIGKILL");
  }
  return member;
}

describe("a single monitor", () => {
  test("needs no more than a data directory and a client port", async () => {
    const member = await single();
    await rm(join(member.dataDir, "myid"));
    const deadlineMs = await servingDeadlineMs();
    member.start();
    await member.untilPrinted(`mon.0: clients at ${member.address}\n`);
    expect(await member.untilServing(deadlineMs)).toBe("standalone");
    await member.untilLogged("starts as mon.0 of a single monitor");
    await member.untilLogged("serves clients");
  });

  test.each(["SIGTERM", "SIGKILL"] as const)(
    "keeps its data and sessions through %s",
    async (signal) => {
      const member = await single();
      await ensemble.start();
      const client = ensemble.client();
      await client.create("/kept", utf8("data"));
      await client.create("/ephemeral", utf8(""), { mode: "EPHEMERAL" });
      const session = client.sessionId;
      const ended = present(await member.end(signal), "a process that ran");
      expect(ended).toMatchObject(signal === "SIGTERM" ? { code: 0 } : { signal });
      const deadlineMs = await servingDeadlineMs();
      member.start();
      await member.untilServing(deadlineMs);
      await client.sync();
      const { data } = await client.getData("/kept");
      expect(Buffer.from(data).toString()).toBe("data");
      expect(await client.getEphemerals()).toEqual(["/ephemeral"]);
      expect(client.sessionId).toBe(session);
    },
  );

  test("refuses a directory that another process uses, which goes on", async () => {
    const member = await single();
    await ensemble.start();
    const { configFile } = member;
    await ensemble.client().create("/before");
    const second = await Ensemble.layOut({ size: 1, dataDirs: new Map([[1, member.dataDir]]) });
    try {
      second.member(1).start();
      const { code, stderr } = await second.member(1).untilEnded();
      expect(code).toBe(1);
      expect(stderr).toContain(`kelp: cannot open the store in ${member.storeDir}`);
      expect(stderr).toContain("another process uses this data directory");
      expect(configFile).not.toBe(second.member(1).configFile);
    } finally {
      await second.close();
    }
    await ensemble.client().create("/after");
  });

  test("refuses a client port that another process uses", async () => {
    const member = await single();
    await ensemble.start();
    const second = await Ensemble.layOut({ size: 1 });
    try {
      await writeFile(
        second.member(1).configFile,
        `dataDir=${second.member(1).dataDir}\nclientPort=${member.port}\nclientPortAddress=127.0.0.1\n`,
      );
      second.member(1).start();
      const { code, stderr } = await second.member(1).untilEnded();
      expect(code).toBe(1);
      expect(stderr).toContain(
        `cannot listen on ${member.address}: another process uses this port`,
      );
    } finally {
      await second.close();
    }
  });
});

test("a single monitor keeps files for its store when clients would take them all", async () => {
  const member = await single();
  await member.addLine("maxClientCnxns=0");
  member.start({ openFilesMax: 120 });
  await member.untilServing();
  await member.untilLogged("takes 60 connections of clients, not 20000");
  const client = ensemble.client();
  await client.create("/filled");
  const sockets = Array.from({ length: 200 }, () => connect(member.port, "127.0.0.1"));
  try {
    await Promise.all(
      sockets.map(async (socket) => {
        socket.on("error", () => {}); // Those that are too many.
        await once(socket, "connect");
      }),
    );
    // Enough for new logs and tables.
    for (let index = 0; index < 16; index++) {
      await client.setData("/filled", randomBytes(1_000_000));
    }
    expect(await client.exists("/filled")).toMatchObject({ version: 16 });
  } finally {
    for (const socket of sockets) socket.destroy();
  }
});

describe("damage on the disk of a single monitor", () => {
  test("a tail that a crash tore heals by itself", async () => {
    const member = await withTableAndLog();
    await tearTail(present(await member.largestFile(".log"), "a log"));
    const deadlineMs = await servingDeadlineMs();
    member.start();
    await member.untilServing(deadlineMs);
    const client = ensemble.client();
    // Only what the torn record held may be gone, and that is the end of the session.
    expect((await client.getChildren("/")).children).toEqual(
      expect.arrayContaining(["n-0-0", "n-0-119", "last-0", "n-1-0", "n-1-119", "last-1"]),
    );
    await client.create("/healed");
  });

  test.each([".log", ".ldb"] as const)(
    "a flipped byte in the middle of a %s file is refused with the way out",
    async (ending) => {
      const member = await withTableAndLog();
      await flipMiddleByte(present(await member.largestFile(ending), `a ${ending} file`));
      member.start();
      const { code, stdout, stderr } = await member.untilEnded();
      expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
      expect(stderr).toContain(member.storeDir);
      expect(stderr).toContain("run `kelp monitor rejoin`");
      expect(stderr).not.toMatch(/^ {4}at /m);
      const rejoined = await member.rejoin();
      expect(rejoined.code).toBe(1);
      expect(rejoined.stderr).toContain("mon.1 is the only member");
    },
  );
});

describe("a configuration that is wrong", () => {
  test.each([
    ["a value", "tickTime=2s", '4:10: tickTime is "2s", expected a number'],
    ["a misspelt setting of Kelp's", "kelp.htpPort=80", "did you mean kelp.httpPort?"],
    ["a server line", "server.1=here", "4:10: server.1"],
  ])("%s is refused with line and column", async (_, line, message) => {
    const member = await single();
    await member.writeConfig([line]);
    member.start();
    const { code, stdout, stderr } = await member.untilEnded();
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toContain(`${member.configFile}:4:`);
    expect(stderr).toContain(message);
  });

  test("a file that cannot be read is refused with the reason", async () => {
    const member = await single();
    await rm(member.configFile);
    member.start();
    const { code, stderr } = await member.untilEnded();
    expect(code).toBe(1);
    expect(stderr).toContain("cannot read the configuration: ENOENT");
    expect(stderr).toContain(member.configFile);
  });
});
