import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { KelpCluster } from "../kelp-cluster.ts";

let cluster: KelpCluster;
beforeEach(async () => {
  // The tree is all that it takes.
  cluster = await KelpCluster.start({ withController: false });
}, 30_000);
afterEach(() => cluster.stop());

describe("kelp config", () => {
  test("sets, shows and takes back what daemons are told", async () => {
    expect(await cluster.out("config", "set", "controller", "downOutInterval", "5m")).toBe(
      "controller: down-out-interval is 5m from now on\n",
    );
    expect(await cluster.out("config", "get", "controller.a", "down-out-interval")).toBe("5m\n");
    expect(await cluster.json("config", "get", "global", "down-out-interval")).toEqual({
      who: "global",
      name: "down-out-interval",
      value: "10m",
      source: "default",
    });
    expect(await cluster.json("config", "show")).toEqual([
      { who: "controller", name: "down-out-interval", text: "5m" },
    ]);
    expect(await cluster.out("config", "show", "controller")).toMatch(
      /down-out-interval +5m +controller\n/,
    );
    expect(await cluster.out("config", "rm", "controller", "down-out-interval")).toBe(
      "controller: down-out-interval is taken back; 10m (default) counts\n",
    );
    expect(await cluster.json("config", "rm", "controller", "down-out-interval")).toMatchObject({
      isRemoved: false,
    });
  });

  test("says who does not hear it", async () => {
    await cluster.out("config", "set", "controller.a", "balancer", "off");
    expect(await cluster.out("config", "set", "global", "balancer", "on")).toBe(
      "global: balancer is on from now on\nbut controller.a is told off, which counts there\n",
    );
  });

  test("explains every setting", async () => {
    expect(await cluster.out("config", "ls")).toContain("controller  balancer  (on)\n    Whether ");
    expect(await cluster.json("config", "ls", "balancer")).toMatchObject([
      { expects: "one of on, off" },
    ]);
    expect(await cluster.out("config", "ls", "balancer")).toContain("takes effect  at once\n");
  });

  test.each([
    [["set", "controller", "balancr", "on"], 1, "did you mean balancer?"],
    [["set", "controller", "balancer", "maybe"], 1, "expected one of on, off"],
    [["set", "osdd", "balancer", "on"], 1, "write global, controller or a daemon"],
    [["get", "controller", "balancr"], 2, "did you mean balancer?"],
    [["get", "controler", "balancer"], 2, "did you mean controller?"],
    [["ls", "balancr"], 2, "did you mean balancer?"],
  ])("%j is refused with what was meant", async (words, exitCode, message) => {
    const outcome = await cluster.run("config", ...words);
    expect(outcome).toMatchObject({ out: "", exitCode });
    expect(outcome.err).toContain(message);
    expect(await cluster.json("config", "show")).toEqual([]);
  });
});
