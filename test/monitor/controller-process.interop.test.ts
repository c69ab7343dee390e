/**
 * Controllers and OSDs without data as processes, on Kelp's monitors and on Apache ZooKeeper: no word of it may differ. How
 * long things take is measured by bench/controller.ts.
 */
import { randomUUID } from "node:crypto";
import { afterEach, expect, test } from "vitest";
import { present } from "../../cluster/base/assert.ts";
import { osdId } from "../../cluster/base/ids.ts";
import type { OsdMap } from "../../cluster/map/osd-map.ts";
import type { Command } from "../../cluster/message/command.ts";
import type { ControllerMessage } from "../../cluster/message/controller.ts";
import { eachServer } from "../interop/zookeeper/each-server.ts";
import { TestCluster } from "./cluster/cluster.ts";

const CHANGES = 100;
const WORKERS = 5;
const TEST_MS = 120_000;

eachServer({ name: "a cluster", size: 3, tools: [] }, (ensemble) => {
  let cluster: TestCluster | undefined;
  afterEach(() => cluster?.close());

  async function start({ controllers = ["a"], osds = 0 } = {}): Promise<TestCluster> {
    const started = await TestCluster.start(ensemble().addresses);
    cluster = started;
    for (const name of controllers) await started.addController(name);
    await Promise.all(Array.from({ length: osds }, (_, host) => started.addOsd(`h${host}`)));
    return started;
  }

  const upCount = ({ osds }: OsdMap): number => [...osds.values()].filter(({ up }) => up).length;

  test("boots OSDs, marks one that is killed down and then out, and in again when it comes back", {
    timeout: TEST_MS,
  }, async () => {
    const made = await start({ osds: 4 });
    await made.set("down-out-interval", "2s");
    await made.until((map) => upCount(map) === 4 && [...map.shares.values()].every(isIn));
    const victim = present(made.osds[0], "an OSD");
    await victim.end("SIGKILL");
    const down = await made.until((map) => upCount(map) === 3);
    const [gone] = [...down.osds].find(([, { up }]) => !up) ?? [];
    const osd = present(gone, "the one that is down");
    const out = await made.until((map) => map.shares.get(osd)?.weight === 0);
    expect(out.osds.get(osd)?.weightBeforeOut).toBe(0x10000);
    expect(upCount(out)).toBe(3);
    const causes = (await made.history()).flatMap((record) => record.causes);
    const why = present(
      causes.find(({ what }) => what.startsWith(`mark osd.${osd} down`)),
      "why it is down",
    );
    expect(why.what).toMatch(/session|refuses|silent/);
  });

  test("does every change once, whichever controller is killed while they are asked for", {
    timeout: TEST_MS,
  }, async () => {
    const made = await start({ controllers: ["a", "b"] });
    await made.until(({ epoch }) => epoch >= 1);
    await made.give({ type: "osdNew", uuid: randomUUID(), osd: osdId(0) });
    const answers = new Map<string, ControllerMessage>();
    const half = signal();
    const kill = signal();
    const ask = async (worker: number): Promise<void> => {
      for (let index = worker; index < CHANGES; index += WORKERS) {
        // The second half is asked for while the controller is killed.
        if (index === worker + CHANGES / 2) await kill.given;
        const request = `${randomUUID()} ${index}`;
        answers.set(request, await made.give(changeOf(index), request));
        if (answers.size === CHANGES / 2) half.give();
      }
    };
    const asking = Promise.all(Array.from({ length: WORKERS }, (_, worker) => ask(worker)));
    await half.given;
    const leader = await made.leader();
    kill.give();
    await leader.end("SIGKILL");
    expect(answers.size).toBeLessThan(CHANGES);
    await asking;
    expect(answers.size).toBe(CHANGES);

    const records = await made.history();
    expect(records.map(({ epoch }) => epoch)).toEqual(records.map((_, index) => index + 1));
    const epochOf = new Map<string, number>();
    for (const { epoch, requests: ids } of records) {
      for (const id of ids) {
        expect(epochOf.has(id)).toBe(false);
        epochOf.set(id, epoch);
      }
    }
    for (const [request, answer] of answers) {
      expect(answer.type).toBe("commandDone");
      if (answer.type !== "commandDone") continue;
      const done = epochOf.get(request);
      // A flag that was set already needs no epoch; a pool that is made does.
      if (done !== undefined || isPool(request)) expect(done).toBe(answer.epoch);
    }
    expect(made.map?.poolSettings.size).toBe(CHANGES / 2);
    expect(new Set(records.map(({ controller }) => controller)).size).toBe(2);
  });

  test("goes on publishing while the coordinator's leader is killed", {
    timeout: TEST_MS,
  }, async () => {
    const made = await start({ osds: 3 });
    await made.until((map) => upCount(map) === 3);
    let number = 0;
    let isOver = false;
    const publishing = (async () => {
      while (!isOver) {
        number += 1;
        const answer = await made.give(flagOf(number));
        expect(answer.type).toBe("commandDone");
      }
    })();
    await made.until(({ epoch }) => epoch > 12);
    const leader = await ensemble().leader();
    await leader.kill();
    const { epoch: at } = present(made.map, "a map");
    await made.until(({ epoch }) => epoch > at + 10);
    isOver = true;
    await publishing;
    leader.start();
    await leader.untilServing();
    const records = await made.history();
    expect(records.map(({ epoch }) => epoch)).toEqual(records.map((_, index) => index + 1));
    // Nobody went down for it: OSDs answered each other all the time.
    expect(upCount(present(made.map, "a map"))).toBe(3);
    expect(
      records.flatMap(({ causes }) => causes).filter(({ what }) => / down/.test(what)),
    ).toEqual([]);
  });
});

/** By the number at its end. */
function isPool(request: string): boolean {
  return Number(request.split(" ")[1]) % 2 === 0;
}

function isIn({ weight }: { readonly weight: number }): boolean {
  return weight > 0;
}

/** Every second one makes a pool, which nobody can make twice. */
function changeOf(index: number): Command {
  if (index % 2 === 1) return flagOf(index);
  return {
    type: "poolCreate",
    name: `pool${index}`,
    pgNum: 1,
    size: 1,
    minSize: 1,
    rule: undefined,
    application: "",
    confirm: true,
  };
}

function flagOf(number: number): Command {
  const flags = ["noout"] as const;
  return number % 4 < 2 ? { type: "flagSet", flags } : { type: "flagUnset", flags };
}

function signal(): { readonly given: Promise<void>; give(): void } {
  let give: () => void = () => {};
  const given = new Promise<void>((resolve) => {
    give = resolve;
  });
  return { given, give };
}
