/** Three monitors as processes: what is acknowledged stays, and sessions live on, whoever is killed and restarted. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { ZooKeeperClient } from "../../../cluster/zookeeper/client.ts";
import { Ensemble } from "./ensemble.ts";
import { servingDeadlineMs } from "./member.ts";
import { Writer } from "./writer.ts";

const TEST_MS_MAX = 60_000;

let ensemble: Ensemble;
beforeAll(async () => {
  ensemble = await Ensemble.start({ size: 3 });
}, TEST_MS_MAX);
afterAll(() => ensemble.close());

/** Each test finds three members that serve, whatever another one left. */
beforeEach(() => ensemble.start(), TEST_MS_MAX);
afterEach(() => ensemble.closeClients());

/** In a session of its own at each member. */
async function expectEverywhere({ parent, acknowledged }: Writer): Promise<void> {
  for (const member of ensemble.members) {
    const client = ensemble.client([member]);
    await client.sync();
    const { children } = await client.getChildren(parent);
    expect(children, `at mon.${member.id}`).toEqual(expect.arrayContaining([...acknowledged]));
    await client.close();
  }
}

async function withEphemeral(client: ZooKeeperClient): Promise<bigint> {
  await client.create("/ephemeral", new Uint8Array(), { mode: "EPHEMERAL" });
  return client.sessionId;
}

describe("three monitors", () => {
  test.each(["leader", "follower"] as const)(
    "lose nothing when the %s is killed, serve meanwhile, and take it back",
    async (role) => {
      const { leader, followers } = await ensemble.roles();
      const killed = role === "leader" ? leader : followers[0];
      const client = ensemble.client();
      const session = await withEphemeral(client);
      const writer = new Writer(client);
      await writer.start();
      await killed.end("SIGKILL");
      await writer.untilAcknowledged(50);
      const deadlineMs = await servingDeadlineMs();
      killed.start();
      await killed.untilServing(deadlineMs);
      await writer.untilAcknowledged(50);
      await writer.end();
      await expectEverywhere(writer);
      expect(await client.getEphemerals()).toEqual(["/ephemeral"]);
      expect(client.sessionId).toBe(session);
    },
    TEST_MS_MAX,
  );

  test(
    "lose nothing when all are killed at once, and serve again within 5 s",
    async () => {
      const client = ensemble.client();
      const session = await withEphemeral(client);
      const writer = new Writer(client);
      await writer.start();
      await Promise.all(ensemble.members.map((member) => member.end("SIGKILL")));
      const deadlineMs = await servingDeadlineMs();
      for (const member of ensemble.members) member.start();
      await Promise.all(ensemble.members.map((member) => member.untilServing(deadlineMs)));
      await writer.untilAcknowledged(20);
      await writer.end();
      await expectEverywhere(writer);
      expect(await client.getEphemerals()).toEqual(["/ephemeral"]);
      expect(client.sessionId).toBe(session);
    },
    TEST_MS_MAX,
  );

  test(
    "a leader that is asked to end hands over, and nothing is lost",
    async () => {
      for (let turn = 0; turn < 3; turn++) {
        const { leader, followers } = await ensemble.roles();
        // Whom the writer is at does not end, so what it sees is the ensemble.
        const writer = new Writer(ensemble.client([followers[0]]));
        await writer.start();
        await leader.end("SIGTERM");
        await writer.untilAcknowledged(50);
        await writer.end();
        expect(writer.lostCount).toBe(0);
        const tookOver = new RegExp(`takes over from mon.${leader.id}`);
        expect(followers.some(({ stderr }) => tookOver.test(stderr))).toBe(true);
        leader.start();
        await leader.untilServing();
      }
    },
    TEST_MS_MAX,
  );
});

test(
  "a new ensemble begins in any order and says what it waits for; later two serve without the third",
  async () => {
    const fresh = await Ensemble.layOut({ size: 3 });
    try {
      const [first, second, third] = [fresh.member(3), fresh.member(1), fresh.member(2)];
      first.start();
      await first.untilPrinted("clients at");
      second.start();
      await second.untilLogged("nothing was heard yet of mon.2");
      third.start();
      await Promise.all(fresh.members.map((member) => member.untilServing()));

      for (const member of [second, third, first]) await member.end("SIGTERM");
      const deadlineMs = await servingDeadlineMs();
      third.start();
      await third.untilPrinted("clients at");
      first.start();
      await Promise.all([third, first].map((member) => member.untilServing(deadlineMs)));
      await fresh.client([third, first]).create("/without-the-late-one");
      second.start();
      expect(await second.untilServing(deadlineMs)).toBe("follower");
      const late = fresh.client([second]);
      await late.sync();
      expect(await late.exists("/without-the-late-one")).toBeDefined();
    } finally {
      await fresh.close();
    }
  },
  TEST_MS_MAX,
);
