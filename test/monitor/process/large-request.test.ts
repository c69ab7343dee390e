/** The largest requests that a zoo.cfg can allow: they are agreed on, survive everybody's end, and reach an empty disk. */
import { rm } from "node:fs/promises";
import { expect, test } from "vitest";
import { isClusterError } from "../../../cluster/base/error.ts";
import { REQUEST_BYTES_MAX } from "../../../monitor/message/limits.ts";
import { Ensemble } from "./ensemble.ts";
import { kelp, type Member } from "./member.ts";

const TEST_MS_MAX = 90_000;
const PATHS = ["/a", "/b", "/c", "/d"];
/** A client counts the size before the packet, too. */
const CLIENT = { requestSizeMax: REQUEST_BYTES_MAX + 4 };
/** Of a setData: header, path, length of the data, version. */
const BESIDE_DATA = 8 + (4 + 2) + 4 + 4;

function dataOf(index: number): Uint8Array {
  return new Uint8Array(REQUEST_BYTES_MAX - BESIDE_DATA).fill(index + 1);
}

/** Requests of this size can cost a busy machine an election, and with it a connection. */
async function untilAnswered<T>(ask: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (!isClusterError(error)) throw error;
    }
  }
}

async function expectAll(ensemble: Ensemble, member: Member): Promise<void> {
  const client = ensemble.client([member], CLIENT);
  await untilAnswered(() => client.sync());
  for (const [index, path] of PATHS.entries()) {
    const { data } = await untilAnswered(() => client.getData(path));
    expect(Buffer.compare(data, dataOf(index)), `${path} at mon.${member.id}`).toBe(0);
  }
  await client.close();
}

test(
  "the largest requests are taken by a follower, kept through a restart of all, and sent to an empty disk",
  async () => {
    const settings = { "jute.maxbuffer": REQUEST_BYTES_MAX };
    const ensemble = await Ensemble.start({ size: 3, settings });
    try {
      const { followers } = await ensemble.roles();
      const [, emptied] = followers;
      const client = ensemble.client([followers[0]], CLIENT);
      for (const path of PATHS) await client.create(path);
      const set = (path: string, index: number) =>
        untilAnswered(() => client.setData(path, dataOf(index)));
      await Promise.all(PATHS.map(set));
      const larger = new Uint8Array(REQUEST_BYTES_MAX - BESIDE_DATA + 1);
      await expect(client.setData("/a", larger)).rejects.toThrow("bytes");

      await Promise.all(ensemble.members.map((member) => member.end("SIGKILL")));
      await ensemble.start();
      for (const member of ensemble.members) await expectAll(ensemble, member);

      await emptied.end("SIGKILL");
      await rm(emptied.storeDir, { recursive: true });
      await ensemble.start();
      await expectAll(ensemble, emptied);
    } finally {
      await ensemble.close();
    }
  },
  TEST_MS_MAX,
);

test("a zoo.cfg that allows more is refused", async () => {
  const ensemble = await Ensemble.layOut({
    size: 1,
    settings: { "jute.maxbuffer": REQUEST_BYTES_MAX + 1 },
  });
  try {
    const [member] = ensemble.members;
    const { code, stderr } = await kelp("monitor", "--config", member?.configFile ?? "");
    expect(code).toBe(1);
    expect(stderr).toContain("a request has to fit into one message between monitors");
  } finally {
    await ensemble.close();
  }
});
