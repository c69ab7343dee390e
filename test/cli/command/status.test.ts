import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { HEALTH_CODES } from "../../../monitor/controller/health-codes.ts";
import { KelpCluster } from "../kelp-cluster.ts";

/** Generous: it only decides how long a failure takes. */
const WITHIN = { timeout: 20_000, interval: 50 };

let cluster: KelpCluster;
beforeAll(async () => {
  cluster = await KelpCluster.start();
  await cluster.bootOsds(3);
  await cluster.report();
}, 30_000);
afterAll(() => cluster.stop());

describe("kelp status", () => {
  test("shows the cluster on one screen", async () => {
    const out = await cluster.out("status");
    expect(out).toMatch(/^ {2}cluster:\n {4}id: {10}6b1d1a0e-/);
    expect(out).toContain("    osds:        3: 3 up (for ");
    expect(out).toContain("    usage:       3.0 GiB used, 27 GiB of 30 GiB free\n");
    expect(await cluster.json("status")).toMatchObject({ osds: { count: 3, up: 3, in: 3 } });
  });
});

describe("kelp health", () => {
  test("shows what is wrong, mutes it for a while, and counts it again", {
    timeout: 30_000,
  }, async () => {
    await cluster.out("flag", "set", "noout");
    // Looks until the next round has seen it.
    await vi.waitFor(async () => {
      expect(await cluster.out("health")).toContain("OSDMAP_FLAGS: ");
    }, WITHIN);
    expect(await cluster.run("health", "--check")).toMatchObject({ exitCode: 0 });
    expect(process.exitCode).toBe(1);
    process.exitCode = 0;
    expect(await cluster.out("health", "--detail")).toContain("    > kelp flag unset FLAG\n");
    const muted = await cluster.json("health", "mute", "osdmap_flags", "--for", "1h", "--sticky");
    expect(muted.checks).toMatchObject([{ code: "OSDMAP_FLAGS", isMuted: true }]);
    expect(await cluster.out("health", "unmute", "OSDMAP_FLAGS")).toContain("\nOSDMAP_FLAGS: ");
    await cluster.out("flag", "unset", "noout");
  });

  test("refuses to mute what is no check", async () => {
    const { err, exitCode } = await cluster.run("health", "mute", "OSD_DWON");
    expect(exitCode).toBe(2);
    expect(err).toContain('there is no health code "OSD_DWON" (did you mean OSD_DOWN?)');
  });

  test("every check names a command that there is", async () => {
    for (const [code, { command }] of Object.entries(HEALTH_CODES)) {
      const words = command
        .split(" ")
        .slice(1)
        .map((word) => PLACEHOLDERS[word] ?? word);
      const { err } = await cluster.run(...words, "--unheard-of");
      expect({ code, err }).toEqual({
        code,
        err: expect.stringMatching(/^kelp: unknown option '--unheard-of'/),
      });
    }
  });
});

const PLACEHOLDERS: Readonly<Record<string, string>> = { FLAG: "noout", ID: "1", NAME: "s3" };

describe("kelp progress", () => {
  test("says when nothing goes on", async () => {
    expect(await cluster.json("progress")).toEqual(expect.any(Array));
  });
});

describe("kelp log", () => {
  test("prints the last events, and follows those that come", async () => {
    await vi.waitFor(async () => expect(await cluster.json("log")).not.toEqual([]), WITHIN);
    const all = await cluster.json("log", "-n", "1000");
    expect(await cluster.json("log", "-n", "1")).toEqual(all.slice(-1));
    expect(await cluster.out("log")).toMatch(
      /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d {2}(info|warn|error) /,
    );
  });
});

describe("without a controller", () => {
  test("status shows what the tree has, and that nobody answers", async () => {
    const lonely = await KelpCluster.start({ withController: false });
    try {
      const { out, err, exitCode } = await lonely.run("status", "--timeout", "300ms");
      expect(exitCode).toBe(75);
      expect(out).toContain("controller  none answers: what follows is the last map\n");
      expect(err).toContain("no controller");
    } finally {
      await lonely.stop();
    }
  });
});
